"""The ingest service: a batch is refused whole or appended whole."""

from __future__ import annotations

import time

from runstream.v1 import events_pb2 as pb
from runstream.v1 import ingest_pb2 as ingest
from runstream_server.errors import ServiceError
from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.port import EventLog
from runstream_server.events.partition import partition_of
from runstream_server.events.records import stamped
from runstream_server.events.validation import check_batch, parsed
from runstream_server.ingest import placement
from runstream_server.ingest.admission import Admission
from runstream_server.ingest.appender import Clock, append, position
from runstream_server.ingest.experiments import Experiments
from runstream_server.quota import Batch, Limits, Quota
from runstream_server.service import CallContext
from runstream_server.telemetry import (
    APPEND_SECONDS,
    BATCHES_ACCEPTED,
    BATCHES_REFUSED,
    BYTES_ACCEPTED,
    BYTES_IN_FLIGHT,
    Telemetry,
)


class IngestService:
    """`IngestApi` over the two logs. Thread-safe.

    s3_root: the only s3:// prefix that experiments may keep artifacts under.
    """

    def __init__(  # noqa: PLR0913 (what it is wired of)
        self,
        events: EventLog,
        registry: EventLog,
        identity: LogIdentity,
        telemetry: Telemetry,
        *,
        clock: Clock | None = None,
        admission: Admission | None = None,
        quota: Quota | None = None,
        s3_root: str = "",
    ) -> None:
        self._events = events
        self._registry = registry
        self._identity = identity
        self._telemetry = telemetry
        self._clock = clock or Clock()
        self._admission = admission or Admission()
        self._quota = quota or Quota(Limits(), telemetry)
        self._experiments = Experiments(registry, identity, self._clock, s3_root=s3_root)
        telemetry.watch(BYTES_IN_FLIGHT, lambda: {"": self._admission.in_flight_bytes()})

    def append(self, request_bytes: bytes, ctx: CallContext) -> ingest.AppendResponse:
        """One batch, validated whole, durable when this returns."""
        try:
            with self._admission.admit(len(request_bytes)):
                response = self._append(request_bytes, ctx)
        except ServiceError as error:
            self._telemetry.count(BATCHES_REFUSED, label=error.error_code)
            raise
        self._telemetry.count(BATCHES_ACCEPTED)
        self._telemetry.count(BYTES_ACCEPTED, len(request_bytes))
        return response

    def create_experiment(
        self, request: ingest.CreateExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse:
        return self._experiments.create(request, ctx)

    def ensure_experiment(
        self, request: ingest.EnsureExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse:
        return self._experiments.response(self._experiments.ensure(request.name, ctx))

    def rename_experiment(
        self, request: ingest.RenameExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse:
        return self._experiments.rename(request, ctx)

    def delete_experiment(
        self, request: ingest.ExperimentIdRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse:
        return self._experiments.delete(request.experiment_id, ctx)

    def restore_experiment(
        self, request: ingest.ExperimentIdRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse:
        return self._experiments.restore(request.experiment_id, ctx)

    def tag_experiment(
        self, request: ingest.TagExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse:
        return self._experiments.tag(request, ctx)

    def close(self) -> None:
        """Ends the reading of the registry; the logs belong to the caller."""
        self._experiments.close()

    def _append(self, request_bytes: bytes, ctx: CallContext) -> ingest.AppendResponse:
        request = parsed(request_bytes)
        check_batch(request)
        self._quota.take(_use(request, ctx.caller))
        place = placement.placed(request, self._experiments, ctx)
        records = self._records(request_bytes, request, place)
        partition = partition_of(request.stream_id, self._identity.partitions)
        began = time.monotonic()
        next_offset = append(self._events, partition, records)
        self._telemetry.observe(APPEND_SECONDS, time.monotonic() - began)
        offsets = [(self._events, partition, next_offset)]
        if place.experiment_id:
            offsets.append((self._registry, 0, self._experiments.next_offset()))
        return ingest.AppendResponse(
            position=position(self._identity, offsets),
            experiment_id=place.experiment_id,
            warning=place.warning,
        )

    def _records(
        self, request_bytes: bytes, request: pb.AppendRequest, place: placement.Placement
    ) -> list[bytes]:
        at = self._clock.now_ms()
        records = [stamped(request_bytes, at, place.experiment_id)]
        if place.requested:
            records.append(stamped(placement.requested_tag(request, place, at), at))
        return records


def _use(request: pb.AppendRequest, caller: str) -> Batch:
    """What a batch counts for."""
    metrics = [event.metrics for event in request.events if event.HasField("metrics")]
    return Batch(
        request.stream_id,
        caller,
        request.source,
        sum(len(columns.key_index) // 4 for columns in metrics),
        (series.key for columns in metrics for series in columns.series),
    )
