"""Which experiment a run, or a model, is created in.

Data is never refused for its folder: what names an experiment that is deleted
or unknown goes to the default one, with a tag and a warning.
"""

from __future__ import annotations

from typing import NamedTuple

from runstream.v1 import events_pb2 as pb
from runstream_server.events import ids, rules
from runstream_server.events.records import single_request
from runstream_server.events.validation import refusal
from runstream_server.ingest.experiments import Experiments
from runstream_server.service import CallContext

REQUESTED_TAG = "runstream.requested_experiment"


class Placement(NamedTuple):
    """experiment_id: empty when nothing is created. requested: what it asked
    for, when it did not get it."""

    experiment_id: str = ""
    requested: str = ""
    warning: str = ""


class _Wish(NamedTuple):
    event_index: int
    experiment_id: str
    name: str


def placed(request: pb.AppendRequest, experiments: Experiments, ctx: CallContext) -> Placement:
    """Resolves what the batch creates; a name that is new becomes an experiment."""
    wish = _wish(request)
    if wish is None:
        return Placement()
    if wish.name:
        experiment = experiments.ensure(wish.name, ctx)
    else:
        found = experiments.found(wish.experiment_id, ctx)
        if found is None:
            return _elsewhere(wish.experiment_id, f"No Experiment with id={wish.experiment_id}")
        experiment = found
    if experiment.deleted and experiment.experiment_id != ids.DEFAULT_EXPERIMENT_ID:
        return _elsewhere(
            wish.name or wish.experiment_id, f"The experiment '{experiment.name}' is deleted"
        )
    return Placement(str(experiment.experiment_id))


def requested_tag(request: pb.AppendRequest, placement: Placement, at_ms: int) -> bytes:
    """A batch of its own that tells the run, or the model, what it asked for."""
    tag = pb.KeyValue(key=REQUESTED_TAG, value=placement.requested)
    event = pb.Event(time_ms=at_ms)
    if ids.is_model_stream(request.stream_id):
        tags = pb.LoggedModelTags(model_id=request.stream_id, set=[tag])
        event.logged_model_tags.CopyFrom(tags)
    else:
        event.tags.CopyFrom(pb.Tags(set=[tag]))
    return single_request(request.stream_id, [event], attempt_start_ms=request.attempt_start_ms)


def _wish(request: pb.AppendRequest) -> _Wish | None:
    wish: _Wish | None = None
    for index, event in enumerate(request.events):
        if event.HasField("run_created"):
            created: pb.RunCreated | pb.LoggedModelCreated = event.run_created
        elif event.HasField("logged_model_created"):
            created = event.logged_model_created
        else:
            continue
        this = _Wish(index, created.experiment_id, created.experiment_name)
        if wish is not None and wish[1:] != this[1:]:
            raise refusal([(index, _two_experiments(this))])
        wish = wish or this
    return wish


def _two_experiments(wish: _Wish) -> rules.RuleError:
    return rules.invalid(
        f"events[{wish.event_index}]",
        wish.name or wish.experiment_id,
        "what one batch creates belongs to one experiment.",
    )


def _elsewhere(requested: str, why: str) -> Placement:
    default = str(ids.DEFAULT_EXPERIMENT_ID)
    warning = (
        f"{why}: it was put into experiment {default} ({ids.DEFAULT_EXPERIMENT_NAME}) "
        f"and has the tag {REQUESTED_TAG}."
    )
    return Placement(default, requested, warning)
