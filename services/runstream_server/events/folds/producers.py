"""Producers of a stream: what they say at their start and at their end."""

from __future__ import annotations

from dataclasses import dataclass

from runstream_server.events.folds.columns import Rows
from runstream_server.events.folds.flush import Flush

_UINT64_MAX = 2**64 - 1


@dataclass
class _Producer:
    started: tuple[int, str, str, int, int] = (_UINT64_MAX, "", "", 0, 0)
    ended: tuple[int, int, int, int] = (0, 0, 0, 0)


def fold_producers(flush: Flush) -> Rows:
    """Also of purged runs and of logged models: who wrote is always known."""
    found: dict[tuple[str, bytes], _Producer] = {}
    for batch in flush.whole:
        for number, kind, message in batch.items:
            if kind not in _KINDS:
                continue
            producer = found.setdefault((batch.stream_id, batch.producer_id), _Producer())
            if kind == "producer_started":
                place = (batch.pos(number), batch.source, message.host)
                said = (*place, message.pid, message.world_size)
                producer.started = min(producer.started, said)
            else:
                totals = (message.last_seq, message.points, message.events)
                producer.ended = max(producer.ended, (*totals, int(message.died)))
    producers = list(found.values())
    return Rows(
        "producers",
        len(found),
        {
            "stream_id": [stream_id for stream_id, _ in found],
            "producer_id": [producer_id for _, producer_id in found],
            "started": tuple(zip(*(one.started for one in producers), strict=True)),
            "ended": tuple(zip(*(one.ended for one in producers), strict=True)),
        },
    )


_KINDS = frozenset({"producer_started", "producer_end"})
