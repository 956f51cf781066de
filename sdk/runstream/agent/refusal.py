"""What a final refusal does to the batches of a cut. Pure.

The refused batch becomes a Void under its own number; what was not refused
follows under the next. Later batches of the stream move up by one, and closing
totals are made again. A refused Void means that the stream takes nothing at
all: the caller shuts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from runstream.agent.batch import RunContent
from runstream.agent.definitions import Book, Stream
from runstream.agent.sends import Send, StreamState, advance, items, with_end
from runstream.v1 import events_pb2


class Plan(NamedTuple):
    """What the batches of a cut were planned from."""

    contents: Mapping[int, RunContent]
    streams: Mapping[Stream, StreamState]
    book: Book


def refused_originals(send: Send, content: RunContent, event_indexes: Iterable[int]) -> list[int]:
    """Which events were refused, as indexes into head + content + tail.

    event_indexes: into the batch as it was sent; none means all of them. The
    closing totals are not part of a refusal of everything: they go out alone.
    """
    dropped = set(send.dropped)
    count = len(items(send, content))
    sent = [index for index in range(count) if index not in dropped]
    named = {sent[index] for index in event_indexes if index < len(sent)}
    if named:
        return sorted(named)
    if send.ends and len(sent) > 1:
        sent.remove(count - 1)
    return sent


def revise(
    sends: Sequence[Send],
    position: int,
    refused: Sequence[int],
    plan: Plan,
    reason: str,
) -> list[Send]:
    """The batches of the cut after `sends[position]` was refused for `reason`."""
    send = sends[position]
    contents, streams, book = plan
    stream = book.runs[send.run_index].stream
    void = Send(send.run_index, send.seq, void=reason)
    revised = [*sends[:position], void]
    rest = _rest(send, refused, contents.get(send.run_index) or RunContent(send.run_index))
    todo = [rest] if rest else []
    for later in [*todo, *sends[position + 1 :]]:
        if book.runs[later.run_index].stream != stream:
            revised.append(later)
            continue
        before = replace(streams.get(stream, StreamState()))
        for earlier in revised:
            if book.runs[earlier.run_index].stream == stream:
                advance(before, earlier)
        revised.append(_renumber(later, before))
    return revised


def _rest(send: Send, refused: Sequence[int], content: RunContent) -> Send | None:
    everything = items(send, content)
    dropped = sorted({*send.dropped, *refused})
    kept = [index for index in range(len(everything)) if index not in set(dropped)]
    if not kept:
        return None
    first, last = len(send.head), len(everything) - (1 if send.ends else 0)
    counted = [index for index in kept if first <= index < last]
    return replace(
        send,
        dropped=tuple(dropped),
        ends=send.ends and kept[-1] == len(everything) - 1,
        points=sum(everything[index].points for index in counted),
        events=sum(1 for index in counted if not everything[index].points),
    )


def _renumber(send: Send, before: StreamState) -> Send:
    moved = replace(send, seq=before.seq + 1, crc32=0)
    if not moved.ends:
        return moved
    old = events_pb2.Event.FromString(moved.tail[-1])
    return with_end(moved, before, old.producer_end.died, old.time_ms)
