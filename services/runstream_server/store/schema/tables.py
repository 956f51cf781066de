"""The tables of one generation, in the order in which a flush writes them.

A reader that sees a row of one table sees everything the same batch wrote to
the tables before it: who sees a run FINISHED does not miss its last point.
"""

from __future__ import annotations

from runstream_server.store.schema.applied import APPLIED
from runstream_server.store.schema.artifacts import ARTIFACTS
from runstream_server.store.schema.experiments import EXPERIMENTS
from runstream_server.store.schema.inputs import INPUTS
from runstream_server.store.schema.latest import LATEST
from runstream_server.store.schema.ledger import LEDGER
from runstream_server.store.schema.models import MODEL_ARTIFACTS, MODEL_PARAMS, MODEL_TAGS, MODELS
from runstream_server.store.schema.params import PARAMS
from runstream_server.store.schema.points import POINTS
from runstream_server.store.schema.producers import PRODUCERS
from runstream_server.store.schema.rollup import ROLLUP
from runstream_server.store.schema.run_models import RUN_MODELS
from runstream_server.store.schema.runs import RUNS
from runstream_server.store.schema.series import SERIES
from runstream_server.store.schema.set_aside import SET_ASIDE
from runstream_server.store.schema.table import Table
from runstream_server.store.schema.tags import TAGS
from runstream_server.store.schema.tombstones import TOMBSTONES

TABLES: tuple[Table, ...] = (
    POINTS,
    ROLLUP,
    LATEST,
    SERIES,
    PARAMS,
    TAGS,
    ARTIFACTS,
    INPUTS,
    RUN_MODELS,
    MODEL_PARAMS,
    MODEL_TAGS,
    MODEL_ARTIFACTS,
    MODELS,
    TOMBSTONES,
    EXPERIMENTS,
    RUNS,
    PRODUCERS,
    SET_ASIDE,
    LEDGER,
    APPLIED,
)

TABLE_BY_NAME = {table.name: table for table in TABLES}
