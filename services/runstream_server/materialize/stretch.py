"""A stretch of the events log folded into a sink, up to a limit that may move."""

from __future__ import annotations

from collections.abc import Mapping

from runstream_server.eventlog.port import EventLog, LogReader
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.sink import Sink


class Stretch:
    """Used by one thread. done: next offsets, as the sink's tables say."""

    def __init__(
        self, log: EventLog, sink: Sink, policy: FlushPolicy, done: Mapping[int, int]
    ) -> None:
        self.done = dict(done)
        self._log = log
        self._sink = sink
        self._policy = policy
        self._reader: LogReader | None = None

    def fold(self, limit: Mapping[int, int]) -> int:
        """Fold some of what lies below `limit`; returns how many records."""
        if all(self.done.get(partition, 0) >= end for partition, end in limit.items()):
            return 0
        reader = self._reader = self._reader or self._log.open_reader(self.done)
        records = reader.poll(self._policy.poll_bytes, self._policy.wait_seconds)
        below = [one for one in records if one.offset < limit.get(one.partition, 0)]
        if below:
            self._sink.flush(below)
        self.done.update({one.partition: one.offset + 1 for one in below})
        if len(below) < len(records):
            self.close()
        return len(below)

    def close(self) -> None:
        """Ends the reading; a later `fold` begins again. May be called twice."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
