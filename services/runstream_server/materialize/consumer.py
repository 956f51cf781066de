"""One log read from where the tables are, for as long as it goes well.

`poll` is one step. Any error ends the reading: the reader is closed, the sink
forgets, and the next `poll` begins again at the applied offsets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runstream_server.eventlog.port import EventLog, LogReader
from runstream_server.materialize.applied import check_within, read_applied
from runstream_server.materialize.fair_lock import FairLock
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.sink import Sink
from runstream_server.store.engine import Store

#: Told the next offsets of a log, by partition, after they were applied.
OnApplied = Callable[[str, dict[int, int]], None]


@dataclass(frozen=True)
class Step:
    """What one poll did."""

    records: int = 0
    read_bytes: int = 0


class Consumer:
    """Used by one thread. It holds `turn` while it changes the tables."""

    def __init__(
        self,
        log: EventLog,
        store: Store,
        generation: int,
        sink: Sink,
        *,
        policy: FlushPolicy,
        turn: FairLock,
        on_applied: OnApplied | None = None,
    ) -> None:
        self._log = log
        self._store = store
        self._generation = generation
        self._sink = sink
        self._policy = policy
        self._turn = turn
        self._on_applied = on_applied
        self._reader: LogReader | None = None
        self._applied: dict[int, int] = {}

    def poll(self, timeout_seconds: float) -> Step:
        """Fold what there is; waits at most that long for the first record.

        Raises StoreError and LogUnavailableError, after which it may be called
        again, and LogMismatchError, after which it will raise it again.
        """
        try:
            reader = self._reader or self._open()
            records = reader.poll(self._policy.poll_bytes, timeout_seconds)
            if not records:
                return Step()
            with self._turn:
                self._sink.flush(records)
            if self._on_applied is not None:
                self._on_applied(self._log.log, self._held(reader.offsets()))
            return Step(len(records), sum(len(record.value) for record in records))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop reading; idempotent. A later poll begins again."""
        self._sink.forget()
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _open(self) -> LogReader:
        applied = read_applied(self._store, self._generation, self._sink.name)
        self._applied = applied
        check_within(self._log.log, applied, self._log.end_offsets())
        self._reader = self._log.open_reader(self._sink.start(applied))
        return self._reader

    def _held(self, read: Mapping[int, int]) -> dict[int, int]:
        """The next offsets, where a sink may have begun before the applied ones."""
        return {
            partition: max(offset, self._applied.get(partition, 0))
            for partition, offset in read.items()
        }
