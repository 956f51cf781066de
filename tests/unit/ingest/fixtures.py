"""An ingest service over logs in memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from runstream.v1 import events_pb2 as pb
from runstream.v1 import ingest_pb2 as ingest
from runstream_server.eventlog.genesis import establish
from runstream_server.eventlog.memory import MemoryLogs
from runstream_server.eventlog.port import EventLog, Record
from runstream_server.ingest.appender import Clock
from runstream_server.ingest.service import IngestService
from runstream_server.service import CallContext
from runstream_server.telemetry import Telemetry

RUN = "0123456789abcdef" * 2
NOW_MS = 1_700_000_000_000


def ctx() -> CallContext:
    """A caller with all the time in the world."""
    return CallContext(None, time.monotonic() + 60.0)


def append_bytes(*events: pb.Event, stream_id: str = RUN, seq: int = 1) -> bytes:
    return pb.AppendRequest(
        stream_id=stream_id, producer_id=b"p" * 16, seq=seq, attempt_start_ms=5, events=events
    ).SerializeToString()


def tag_event(key: str, value: str) -> pb.Event:
    return pb.Event(time_ms=1, tags=pb.Tags(set=[pb.KeyValue(key=key, value=value)]))


class Deployment:
    """The service, its logs, and what is in them."""

    def __init__(self, logs: MemoryLogs | None = None, s3_root: str = "") -> None:
        self.logs = logs or MemoryLogs(4)
        self.identity = establish(self.logs.events, self.logs.registry)
        self.telemetry = Telemetry()
        self.ingest = IngestService(
            self.logs.events,
            self.logs.registry,
            self.identity,
            self.telemetry,
            clock=Clock(lambda: NOW_MS),
            s3_root=s3_root,
        )

    def append(self, *events: pb.Event, **header: Any) -> ingest.AppendResponse:
        return self.ingest.append(append_bytes(*events, **header), ctx())

    def create(self, name: str, claim: bytes = b"c" * 16) -> ingest.ExperimentResponse:
        request = ingest.CreateExperimentRequest(claim_id=claim, name=name)
        return self.ingest.create_experiment(request, ctx())

    def records(self) -> list[pb.AppendRequest]:
        """What the events log holds."""
        return [pb.AppendRequest.FromString(record.value) for record in read(self.logs.events)]


def read(log: EventLog) -> Sequence[Record]:
    """Everything in a log."""
    reader = log.open_reader({})
    records = reader.poll(1 << 30, 0.0)
    reader.close()
    return records
