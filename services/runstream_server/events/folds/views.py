"""The views of the events log, in the order in which a flush writes them.

A new one is a file beside this with a function of the flush, a table of the
store, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from runstream_server.events.folds.artifacts import fold_artifacts, fold_model_artifacts
from runstream_server.events.folds.columns import Rows
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.inputs import fold_inputs
from runstream_server.events.folds.latest import fold_latest
from runstream_server.events.folds.models import fold_models
from runstream_server.events.folds.params import fold_model_params, fold_params
from runstream_server.events.folds.points import fold_points
from runstream_server.events.folds.producers import fold_producers
from runstream_server.events.folds.rollup import fold_rollup
from runstream_server.events.folds.run_models import fold_run_models
from runstream_server.events.folds.runs import fold_runs
from runstream_server.events.folds.series import fold_series
from runstream_server.events.folds.tags import fold_model_tags, fold_tags
from runstream_server.events.folds.tombstones import fold_tombstones


class View(NamedTuple):
    """A table, and the function that gives its rows for a flush.

    The function is pure; rows of the same batches, folded again in any
    company, change nothing in the table.
    """

    name: str
    fold: Callable[[Flush], Rows]
    kinds: frozenset[str]


VIEWS: tuple[View, ...] = (
    View("points", fold_points, frozenset()),
    View("rollup", fold_rollup, frozenset()),
    View("latest", fold_latest, frozenset()),
    View("series", fold_series, frozenset()),
    View("params", fold_params, frozenset({"params"})),
    View("tags", fold_tags, frozenset({"tags", "run_created", "run_updated"})),
    View("artifacts", fold_artifacts, frozenset({"artifact_logged"})),
    View("inputs", fold_inputs, frozenset({"inputs"})),
    View("run_models", fold_run_models, frozenset({"inputs", "outputs"})),
    View("model_params", fold_model_params, frozenset({"logged_model_params"})),
    View("model_tags", fold_model_tags, frozenset({"logged_model_tags"})),
    View("model_artifacts", fold_model_artifacts, frozenset({"artifact_logged"})),
    View(
        "models",
        fold_models,
        frozenset({"logged_model_created", "logged_model_updated", "logged_model_deleted"}),
    ),
    View("tombstones", fold_tombstones, frozenset({"run_purged"})),
    View(
        "runs",
        fold_runs,
        frozenset({"run_created", "run_updated", "run_deleted", "run_restored", "heartbeat"}),
    ),
    View("producers", fold_producers, frozenset({"producer_started", "producer_end", "void"})),
)

#: Kinds of events that some table shows; the others are kept in the log only.
SHOWN_KINDS = frozenset().union(*(view.kinds for view in VIEWS))
