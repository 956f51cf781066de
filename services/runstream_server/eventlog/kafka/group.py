"""Reading the partitions that fall to one member of a consumer group.

Partitions come and go on the library's I/O thread, whenever it likes. There,
nothing is done but to note it, and to hold a new partition (paused, at a place
that is never read). The rest happens in `poll`, on the reader's own thread:
the member says where a partition begins, and it is read from there. No
offset is ever committed to the group.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from kafka import ConsumerRebalanceListener, TopicPartition
from kafka.errors import NoOffsetForPartitionError

from runstream_server.eventlog.kafka.membership import Membership
from runstream_server.eventlog.kafka.reader import KafkaReader
from runstream_server.eventlog.port import HELD, GroupReader, Member

_STEP_MS = 50


class Change(NamedTuple):
    """Partitions that went, and those that came after that."""

    gone: frozenset[int]
    come: frozenset[int]


class Changes(ConsumerRebalanceListener):  # type: ignore[misc]
    """Notes what comes and goes until `take`."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._lock = threading.Lock()
        self._gone: set[int] = set()
        self._come: set[int] = set()
        self.count = 0

    def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
        for at in assigned:
            # Without a place it would look for a committed one and fail.
            self._consumer.seek(at, 0)
            self._consumer.pause(at)
        with self._lock:
            self._come |= {at.partition for at in assigned}
            self.count += bool(assigned)

    def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
        with self._lock:
            partitions = {at.partition for at in revoked}
            self._gone |= partitions
            self._come -= partitions
            self.count += bool(revoked)

    def on_partitions_lost(self, lost: Collection[Any]) -> None:
        self.on_partitions_revoked(lost)

    def again(self, partitions: Collection[int]) -> None:
        """These are to begin again."""
        with self._lock:
            self._come |= set(partitions)

    def take(self) -> Change | None:
        """What changed since the last time; None: nothing."""
        with self._lock:
            if not self._gone and not self._come:
                return None
            change = Change(frozenset(self._gone), frozenset(self._come))
            self._gone.clear()
            self._come.clear()
            return change


class KafkaGroupReader(KafkaReader, GroupReader):
    """One member of a group."""

    def __init__(
        self, consumer: Any, topic: str, member: Member, ends: Callable[[], dict[int, int]]
    ) -> None:
        """consumer: of its own, with the group's id."""
        super().__init__(consumer, topic, ends)
        self._member = member
        self._waiting: set[int] = set()
        self._changes = Changes(consumer)
        self._membership = Membership(consumer)
        consumer.subscribe([topic], listener=self._changes)

    @property
    def rebalances(self) -> int:
        return self._changes.count

    def rewind(self) -> None:
        held = self._fetched.next_offsets()
        self._fetched.end(held)
        self._changes.again(held.keys() | self._waiting)

    def _prepare(self) -> None:
        if not self._is_settled():
            # Nothing is read now, and the join must not wait for the member.
            return
        change = self._changes.take()
        if change is None:
            return
        self._fetched.end(change.gone | change.come)
        self._waiting -= change.gone | change.come
        if change.gone:
            self._member.end(change.gone)
        if not change.come:
            return
        try:
            begin = self._member.begin(change.come)
        except BaseException:
            self._changes.again(change.come)
            raise
        for partition in sorted(change.come):
            offset = begin.get(partition, 0)
            if offset == HELD:
                self._hold(partition)
            else:
                self._begin(partition, offset)

    def _hold(self, partition: int) -> None:
        with contextlib.suppress(AssertionError, KeyError, ValueError):  # As in `_begin`.
            self._consumer.pause(TopicPartition(self._topic, partition))
        self._waiting.add(partition)

    def _begin(self, partition: int, offset: int) -> None:
        at = TopicPartition(self._topic, partition)
        try:
            self._consumer.seek(at, offset)
            self._consumer.resume(at)
        except (AssertionError, KeyError, ValueError):
            # It went again meanwhile, which the next poll is told of.
            return
        self._fetched.begin({partition: offset})

    def _is_settled(self) -> bool:
        return not self._membership.is_joining()

    def _fetch(self, max_bytes: int, wait_ms: float) -> None:
        self._membership.hold()
        rest_ms = min(wait_ms, self._membership.rest_ms())
        try:
            # A partition that comes meanwhile is waited for no longer than this.
            super()._fetch(max_bytes, 0 if rest_ms else min(wait_ms, _STEP_MS))
        except NoOffsetForPartitionError:
            # A partition came and the listener had no time to hold it yet.
            return
        if rest_ms and self._is_settled() and not self._fetched:
            time.sleep(rest_ms / 1000)
