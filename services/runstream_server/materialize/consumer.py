"""One log read from where the tables are, for as long as it goes well.

`poll` is one step. After an error of the store the sink forgets, and what
is read begins again at the applied offsets; any other error ends the reading,
and the next `poll` begins anew. In a group the partitions are shared with
other processes: each begins, whenever it comes, at its applied offset.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from runstream_server.eventlog.port import EventLog, GroupReader, Member, SoleReader
from runstream_server.materialize.applied import check_within, read_applied
from runstream_server.materialize.fair_lock import FairLock
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.replay import Replay
from runstream_server.materialize.sink import Sink
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError

#: Told the next offsets of a log, by partition, after they were applied.
OnApplied = Callable[[str, dict[int, int]], None]


@dataclass(frozen=True)
class Step:
    """What one poll did."""

    records: int = 0
    read_bytes: int = 0


class Source(NamedTuple):
    """A log, and the group whose members share its partitions; empty: it is read whole."""

    log: EventLog
    group: str = ""

    def open_reader(self, member: Member) -> GroupReader:
        if self.group:
            return self.log.open_group_reader(self.group, member)
        return SoleReader(self.log, member)


class Consumer(Member):
    """Used by one thread. It holds `turn` while it changes the tables."""

    def __init__(
        self,
        source: Source,
        store: Store,
        generation: int,
        sink: Sink,
        *,
        policy: FlushPolicy,
        turn: FairLock,
        on_applied: OnApplied | None = None,
    ) -> None:
        self._source = source
        self._log = source.log
        self._store = store
        self._generation = generation
        self._sink = sink
        self._policy = policy
        self._turn = turn
        self._on_applied = on_applied
        self._reader: GroupReader | None = None
        self._rebalances_before = 0
        self._applied: dict[int, int] = {}
        self._replay = Replay(store, generation, sink.name)
        self._look_at = 0.0

    def poll(self, timeout_seconds: float) -> Step:
        """Fold what there is; waits at most that long for the first record.

        Raises StoreError and LogUnavailableError, after which it may be called
        again, and LogMismatchError, after which it will raise it again.
        """
        try:
            reader = self._reader or self._open()
            records = reader.poll(self._policy.poll_bytes, timeout_seconds)
            if not records:
                self._look(time.monotonic())
                return Step()
            with self._turn:
                self._replay.check()
                self._sink.flush(records)
                self._replay.note(reader.offsets())
            if self._on_applied is not None:
                self._on_applied(self._log.log, self._held(reader.offsets()))
            return Step(len(records), sum(len(record.value) for record in records))
        except StoreError:
            # A member that left its group would make all others wait for it.
            self._sink.forget()
            self._replay.forget()
            if self._reader is not None:
                self._reader.rewind()
            raise
        except BaseException:
            self.close()
            raise

    def begin(self, partitions: Collection[int]) -> dict[int, int]:
        """See Member: at the applied offsets."""
        self._sink.forget(partitions)
        applied = read_applied(self._store, self._generation, self._sink.name)
        check_within(self._log.log, applied, self._log.end_offsets())
        mine = {one: offset for one, offset in applied.items() if one in partitions}
        self._applied.update(mine)
        return self._sink.start(self._replay.start(mine))

    def end(self, partitions: Collection[int]) -> None:
        """See Member."""
        self._sink.forget(partitions)

    def offsets(self) -> dict[int, int]:
        """Of the partitions that fall to this one: the next offset to fold."""
        reader = self._reader
        return {} if reader is None else self._held(reader.offsets())

    def rebalances(self) -> int:
        """How often partitions came or went."""
        reader = self._reader
        return self._rebalances_before + (0 if reader is None else reader.rebalances)

    def close(self) -> None:
        """Stop reading; idempotent. A later poll begins again."""
        self._sink.forget()
        self._replay.forget()
        reader, self._reader = self._reader, None
        if reader is not None:
            self._rebalances_before += reader.rebalances
            reader.close()

    def _open(self) -> GroupReader:
        self._reader = self._source.open_reader(self)
        return self._reader

    def _look(self, now: float) -> None:
        """While nothing comes in: has the server lost what it had?"""
        if now >= self._look_at:
            self._look_at = now + self._policy.look_seconds
            self._replay.check()

    def _held(self, read: Mapping[int, int]) -> dict[int, int]:
        """The next offsets, where a sink may have begun before the applied ones."""
        return {
            partition: max(offset, self._applied.get(partition, 0))
            for partition, offset in read.items()
        }
