"""Stand-ins for a server: a log in memory that knows each batch once."""

from __future__ import annotations

import random
import zlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from runstream.agent.outcome import Accepted, Failed, Outcome, Refused
from runstream.agent.workshop import OnOutcome
from runstream.v1 import events_pb2, tracking_pb2

Identity = tuple[str, bytes, int]


@dataclass
class MemoryLog:
    """Accepts batches, counts each identity once, and checks what a server would."""

    batches: dict[Identity, events_pb2.AppendRequest] = field(default_factory=dict)
    checksums: dict[Identity, int] = field(default_factory=dict)
    copies: int = 0
    # Raises Refusal for what it does not want.
    judge: Callable[[events_pb2.AppendRequest], Refused | None] = lambda request: None

    def append(self, payload: bytes) -> Outcome:
        request = events_pb2.AppendRequest.FromString(payload)
        refused = self.judge(request)
        if refused is not None:
            return refused
        identity = (request.stream_id, request.producer_id, request.seq)
        checksum = zlib.crc32(payload)
        if identity in self.batches:
            assert self.checksums[identity] == checksum, "one number, two contents"
            self.copies += 1
        else:
            before = (request.stream_id, request.producer_id, request.seq - 1)
            assert request.seq == 1 or before in self.batches, "a hole in the numbers"
        self.batches.setdefault(identity, request)
        self.checksums[identity] = checksum
        offset = tracking_pb2.PartitionOffset(log="events", next_offset=len(self.batches))
        return Accepted(tracking_pb2.Position(log_id="log", offsets=[offset]), "0")

    def events(self, run_id: str) -> list[events_pb2.Event]:
        """Of one run, in log order."""
        return [
            event
            for (stream, _, _), request in self.batches.items()
            if stream == run_id
            for event in request.events
        ]

    def said(self, run_id: str) -> list[object]:
        """What the process logged: (key, step, value) and tag values, in log order."""
        order: list[object] = []
        for event in self.events(run_id):
            if event.WhichOneof("kind") == "tags":
                order.append(event.tags.set[0].value)
            elif event.WhichOneof("kind") == "metrics":
                order += points(event.metrics)
        return order

    def check_ends(self) -> None:
        """Every producer has closed, with the totals of all its batches."""
        for stream, producer in {identity[:2] for identity in self.batches}:
            own = [
                request
                for (run, who, _), request in self.batches.items()
                if (run, who) == (stream, producer)
            ]
            end = own[-1].events[-1].producer_end
            assert end.last_seq == own[-1].seq == len(own)
            kinds = [
                (event.WhichOneof("kind"), event) for request in own for event in request.events
            ]
            found = sum(len(e.metrics.key_index) // 4 for kind, e in kinds if kind == "metrics")
            apart = ("metrics", "producer_started", "producer_end", "void")
            assert end.points == found
            assert end.events == sum(1 for kind, _ in kinds if kind not in apart)
            assert kinds[0][0] in ("producer_started", "void")


def points(metrics: events_pb2.Metrics) -> list[object]:
    rows = zip(
        array("I", metrics.key_index), array("q", metrics.step), array("d", metrics.value),
        strict=True,
    )  # fmt: skip
    return [(metrics.series[key].key, step, value) for key, step, value in rows]


@dataclass
class FakeRoute:
    """A way to a MemoryLog on which answers are late, lost, or failures."""

    log: MemoryLog
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    failures: float = 0.0
    is_ready: bool = True
    held: int = 0
    in_air: list[tuple[bytes, OnOutcome]] = field(default_factory=list)

    def ready(self, now: float) -> bool:
        return self.is_ready

    def room(self) -> bool:
        return True

    def hold(self, size_bytes: int) -> None:
        self.held += size_bytes
        assert self.held >= 0

    def append(self, payload: bytes, on_outcome: OnOutcome) -> None:
        self.in_air.append((payload, on_outcome))

    def deliver(self, now: float) -> bool:
        """Have the server take what is in the air; whether anything was."""
        sent, self.in_air = self.in_air, []
        self.chance.shuffle(sent)
        for payload, on_outcome in sent:
            dice = self.chance.random()
            if dice < self.failures / 2:  # never came there
                on_outcome(Failed(14, "lost on the way"), now)
                continue
            outcome = self.log.append(payload)
            if dice < self.failures:
                outcome = Failed(14, "the answer was lost")
            on_outcome(outcome, now)
        return bool(sent)
