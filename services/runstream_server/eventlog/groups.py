"""Appends that wait for a commit, taken in groups: one commit serves all that wait."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import NamedTuple

from runstream_server.eventlog.port import LogUnavailableError, NewRecord


class Append(NamedTuple):
    """Records of one call, and where their offsets go."""

    log: str
    records: Sequence[NewRecord]
    done: Future[list[int]]

    def size_bytes(self) -> int:
        return sum(len(record.value) for record in self.records)


class Groups:
    """Filled from any thread, emptied by one."""

    def __init__(self, max_bytes: int) -> None:
        """max_bytes: a group ends with the append that reaches it."""
        self._max_bytes = max_bytes
        self._waiting: queue.SimpleQueue[Append | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False

    def put(self, log: str, records: Sequence[NewRecord]) -> Future[list[int]]:
        """Queues an append. Raises LogUnavailableError after `close`."""
        append = Append(log, records, Future())
        with self._gate:
            if self._closed:
                raise LogUnavailableError("the log is closed")
            self._waiting.put(append)
        return append.done

    def close(self) -> None:
        """Takes nothing more; what waits is still given out. Idempotent."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)

    def take(self) -> list[Append] | None:
        """What waits, at least one append; blocks for it. None: closed and empty."""
        first = self._waiting.get()
        if first is None:
            return None
        group, size = [first], first.size_bytes()
        while size < self._max_bytes:
            try:
                append = self._waiting.get_nowait()
            except queue.Empty:
                break
            if append is None:
                # This group first, then the end.
                self._waiting.put(None)
                break
            group.append(append)
            size += append.size_bytes()
        return group
