"""What a run read and wrote: datasets and models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runstream import _inputs
from runstream._fluent._current import writer_for
from runstream._stack import refresh
from runstream.entities import LoggedModelInput, LoggedModelOutput
from runstream.exceptions import MlflowException


def log_input(
    dataset: Any = None,
    context: str | None = None,
    tags: Mapping[str, str] | None = None,
    model: LoggedModelInput | None = None,
) -> None:
    """Log a dataset, or a model, that the active run reads.

    dataset: of `runstream.data`, or one of MLflow's.
    context: what it is for, for example "training"; the input's tag `mlflow.data.context`.
    tags: more tags of the input.

    A dataset is known by name and digest: logged again it changes nothing.
    Starts a run when none is active.
    """
    item = _inputs.tagged_dataset(dataset, context, tags)
    models = [] if model is None else [model]
    _inputs.log_inputs(writer_for(), [] if item is None else [item], models)


def log_inputs(
    datasets: Sequence[Any] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[Mapping[str, str] | None] | None = None,
    models: Sequence[LoggedModelInput | None] | None = None,
) -> None:
    """Log many datasets and models that the active run reads.

    datasets, contexts, tags_list: of one length; None stands where one has
    nothing. The rest is as in `log_input`.
    """
    datasets, contexts, tags_list = datasets or [], contexts or [], tags_list or []
    if not len(datasets) == len(contexts) == len(tags_list):
        raise MlflowException.invalid_parameter_value(
            "`log_inputs` requires `datasets`, `contexts` and `tags_list` to have the same length."
        )
    given = zip(datasets, contexts, tags_list, strict=True)
    items = [_inputs.tagged_dataset(*one) for one in given]
    found = [item for item in items if item is not None]
    _inputs.log_inputs(writer_for(), found, [model for model in models or () if model is not None])


def log_outputs(models: Sequence[LoggedModelOutput] | None = None) -> None:
    """Log models that the active run wrote.

    A metric that is logged later at the step of a model belongs to that model.
    Starts a run when none is active.
    """
    _inputs.log_outputs(writer_for(), models or ())
    refresh()
