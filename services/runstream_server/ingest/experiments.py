"""Writing to the registry of experiments.

A name is claimed: the claim is appended, and once this process has read past
it, the log says who won. MLflow's errors and messages.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from runstream.error_codes import (
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
)
from runstream.v1 import events_pb2 as pb
from runstream.v1 import ingest_pb2 as ingest
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.port import EventLog
from runstream_server.events import ids, limits, rules
from runstream_server.events.records import single_request, stamped
from runstream_server.events.registry import Experiment
from runstream_server.ingest.appender import Clock, append, position
from runstream_server.ingest.registry_view import RegistryView
from runstream_server.service import CallContext

_LOCATION_SCHEMES = ("file", "mlflow-artifacts", "s3")


class Experiments:
    """The registry's calls, for the service and for resolving names. Thread-safe."""

    def __init__(
        self, registry: EventLog, identity: LogIdentity, clock: Clock, *, s3_root: str = ""
    ) -> None:
        self._registry = registry
        self._identity = identity
        self._clock = clock
        self._s3_root = s3_root
        self._view = RegistryView(registry)

    def create(
        self, request: ingest.CreateExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse:
        """A new experiment; the same claim again gives the same one."""
        _checked(lambda: self._check_new(request))
        earlier = self._view.verdict(request.claim_id, ctx.deadline)
        if earlier is None:
            self._refuse_taken(request.name, ctx)
            self._append(
                pb.Event(
                    experiment_created=pb.ExperimentCreated(
                        claim_id=request.claim_id,
                        name=request.name,
                        artifact_location=request.artifact_location,
                        tags=request.tags,
                    )
                )
            )
        return self._claimed(request.claim_id, request.name, ctx)

    def ensure(self, name: str, ctx: CallContext) -> Experiment:
        """The experiment of that name, deleted or not; created when there is none."""
        _checked(lambda: rules.experiment_name("name", name))
        found = self._view.by_name(name, ctx.deadline)
        if found is not None:
            return found
        claim = pb.ExperimentCreated(claim_id=os.urandom(16), name=name)
        self._append(pb.Event(experiment_created=claim))
        verdict = self._view.verdict(claim.claim_id, ctx.deadline)
        if verdict is None:
            raise AssertionError("a claim was appended and read past, and has no verdict")
        return self._existing(str(verdict.experiment_id), ctx)

    def rename(
        self, request: ingest.RenameExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse:
        """Another name, if nobody has it; also a deleted experiment keeps its own."""
        _checked(lambda: self._check_rename(request))
        if self._view.verdict(request.claim_id, ctx.deadline) is not None:
            return self._claimed(request.claim_id, request.new_name, ctx)
        before = self._existing(request.experiment_id, ctx)
        if before.deleted:
            raise ServiceError(INVALID_STATE, "Cannot rename a non-active experiment.")
        if before.name == request.new_name:
            return self.response(before)
        self._refuse_taken(request.new_name, ctx)
        self._append(
            pb.Event(
                experiment_renamed=pb.ExperimentRenamed(
                    claim_id=request.claim_id,
                    experiment_id=str(before.experiment_id),
                    new_name=request.new_name,
                )
            )
        )
        return self._claimed(request.claim_id, request.new_name, ctx)

    def delete(self, experiment_id: str, ctx: CallContext) -> ingest.ExperimentResponse:
        """Deletes an active one."""
        before = self._existing(experiment_id, ctx)
        if before.deleted:
            raise _no_experiment(experiment_id)
        event = pb.ExperimentDeleted(experiment_id=str(before.experiment_id))
        return self._changed(before, pb.Event(experiment_deleted=event), ctx)

    def restore(self, experiment_id: str, ctx: CallContext) -> ingest.ExperimentResponse:
        """Restores a deleted one."""
        before = self._existing(experiment_id, ctx)
        if not before.deleted:
            raise _no_experiment(experiment_id)
        event = pb.ExperimentRestored(experiment_id=str(before.experiment_id))
        return self._changed(before, pb.Event(experiment_restored=event), ctx)

    def tag(
        self, request: ingest.TagExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse:
        """Sets and deletes tags of an active one; a deleted tag has to be there."""
        _checked(lambda: _check_tags(request.set, "set"))
        before = self._existing(request.experiment_id, ctx)
        if before.deleted:
            raise ServiceError(
                INVALID_PARAMETER_VALUE,
                f"The experiment {before.experiment_id} must be in the 'active' state. "
                "Current state is deleted.",
            )
        there = {*before.tags, *(tag.key for tag in request.set)}
        for key in request.delete:
            if key not in there:
                raise ServiceError(
                    RESOURCE_DOES_NOT_EXIST,
                    f"No tag with name: {key} in experiment with id {before.experiment_id}",
                )
        event = pb.ExperimentTags(
            experiment_id=str(before.experiment_id), set=request.set, delete=request.delete
        )
        return self._changed(before, pb.Event(experiment_tags=event), ctx)

    def found(self, experiment_id: str, ctx: CallContext) -> Experiment | None:
        """By id or provisional id; None: unknown."""
        return self._view.by_id(int(experiment_id), ctx.deadline)

    def response(self, experiment: Experiment) -> ingest.ExperimentResponse:
        """The answer that shows an experiment, with the registry's position."""
        return ingest.ExperimentResponse(
            experiment=_message(experiment),
            position=position(self._identity, [(self._registry, 0, self.next_offset())]),
        )

    def next_offset(self) -> int:
        """A read of the registry from here includes every answer given so far."""
        return self._view.next_offset()

    def close(self) -> None:
        """Ends the reading of the registry."""
        self._view.close()

    def _append(self, event: pb.Event) -> None:
        at = self._clock.now_ms()
        event.time_ms = at
        request = single_request(ids.REGISTRY_STREAM, [event], attempt_start_ms=at)
        append(self._registry, 0, [stamped(request, at)])

    def _changed(
        self, before: Experiment, event: pb.Event, ctx: CallContext
    ) -> ingest.ExperimentResponse:
        self._append(event)
        return self.response(self._existing(str(before.experiment_id), ctx))

    def _claimed(self, claim_id: bytes, name: str, ctx: CallContext) -> ingest.ExperimentResponse:
        verdict = self._view.verdict(claim_id, ctx.deadline)
        if verdict is None or not verdict.won:
            raise self._taken(name, ctx)
        return self.response(self._existing(str(verdict.experiment_id), ctx))

    def _existing(self, experiment_id: str, ctx: CallContext) -> Experiment:
        _checked(lambda: rules.experiment_id("experiment_id", experiment_id))
        experiment = self.found(experiment_id, ctx)
        if experiment is None:
            raise _no_experiment(experiment_id)
        return experiment

    def _refuse_taken(self, name: str, ctx: CallContext) -> None:
        if self._view.by_name(name, ctx.deadline) is not None:
            raise self._taken(name, ctx)

    def _taken(self, name: str, ctx: CallContext) -> ServiceError:
        holder = self._view.by_name(name, ctx.deadline)
        if holder is not None and holder.deleted:
            hint = (
                f" in deleted state. You can restore it (its id is {holder.experiment_id}), "
                "or choose another name."
            )
        else:
            hint = "."
        return ServiceError(
            RESOURCE_ALREADY_EXISTS,
            f"Experiment '{name}' already exists{hint}",
            ErrorPlace(field="name"),
        )

    def _check_new(self, request: ingest.CreateExperimentRequest) -> None:
        rules.exact_bytes("claim_id", request.claim_id, limits.PRODUCER_ID_BYTES)
        rules.experiment_name("name", request.name)
        _check_tags(request.tags, "tags")
        self._check_location(request.artifact_location)

    def _check_location(self, location: str) -> None:
        rules.at_most("artifact_location", location, limits.ARTIFACT_LOCATION_CHARACTERS)
        parts = urlsplit(location)
        if not location or (not parts.scheme and location.startswith("/")):
            return
        ours = self._s3_root and _is_below(location, self._s3_root)
        if parts.fragment or parts.scheme not in _LOCATION_SCHEMES:
            raise rules.invalid(
                "artifact_location",
                location,
                "it must be empty, an absolute path, file: or mlflow-artifacts:.",
            )
        if parts.scheme == "s3" and not ours:
            raise rules.invalid(
                "artifact_location", location, "this server keeps artifacts in no such bucket."
            )

    @staticmethod
    def _check_rename(request: ingest.RenameExperimentRequest) -> None:
        rules.exact_bytes("claim_id", request.claim_id, limits.PRODUCER_ID_BYTES)
        rules.experiment_name("new_name", request.new_name)


def _check_tags(tags: Iterable[pb.KeyValue], field: str) -> None:
    for index, tag in enumerate(tags):
        rules.key(f"{field}[{index}].key", tag.key)
        rules.at_most(f"{field}[{index}].value", tag.value, limits.EXPERIMENT_TAG_VALUE_CHARACTERS)


def _is_below(location: str, root: str) -> bool:
    """Whether an s3:// location is the root or a plain folder below it."""
    below = f"{location.rstrip('/')}/".startswith(f"{root.rstrip('/')}/")
    return below and not {"", ".", ".."} & set(location.rstrip("/").split("/")[3:])


def _checked(check: Callable[[], None]) -> None:
    try:
        check()
    except rules.RuleError as fault:
        raise ServiceError(
            INVALID_PARAMETER_VALUE, fault.message, ErrorPlace(fault.field, fault.limit)
        ) from fault


def _no_experiment(experiment_id: str) -> ServiceError:
    return ServiceError(
        RESOURCE_DOES_NOT_EXIST,
        f"No Experiment with id={experiment_id} exists",
        ErrorPlace(field="experiment_id"),
    )


def _message(experiment: Experiment) -> tracking.Experiment:
    return tracking.Experiment(
        experiment_id=str(experiment.experiment_id),
        name=experiment.name,
        artifact_location=experiment.artifact_location,
        lifecycle_stage="deleted" if experiment.deleted else "active",
        creation_time=experiment.created_ms,
        last_update_time=experiment.updated_ms,
        tags=[pb.KeyValue(key=key, value=experiment.tags[key]) for key in sorted(experiment.tags)],
    )
