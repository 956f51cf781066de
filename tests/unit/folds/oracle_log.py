"""A log for the oracle, and which of its records count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from runstream.v1 import events_pb2 as pb

Row = tuple[Any, ...]

INT64_MIN, INT64_MAX, UINT64_MAX = -(2**63), 2**63 - 1, 2**64 - 1
MIDDLE = 2**63


@dataclass(frozen=True)
class Logged:
    """A record of the log."""

    offset: int
    request: pb.AppendRequest

    @property
    def run(self) -> str:
        return self.request.stream_id

    def pos(self, index: int) -> int:
        return self.offset * 2**20 + index


@dataclass
class Account:
    """Which records count, and what the ledger says."""

    whole: list[Logged] = field(default_factory=list)
    points_only: list[Logged] = field(default_factory=list)
    conflicts: dict[Row, tuple[int, int]] = field(default_factory=dict)


def events(one: Logged) -> Iterator[tuple[int, str, Any]]:
    for index, event in enumerate(one.request.events):
        kind = event.WhichOneof("kind")
        if kind:
            yield index, kind, getattr(event, kind)


def judged(records: Iterable[Logged]) -> Account:
    account, first = Account(), {}
    for one in records:
        request = one.request
        identity = (request.stream_id, request.producer_id.hex(), request.seq)
        if identity not in first:
            first[identity] = request.content_crc32
            account.whole.append(one)
        elif first[identity] != request.content_crc32:
            account.points_only.append(one)
            account.conflicts[identity] = (one.offset, request.content_crc32)
    return account
