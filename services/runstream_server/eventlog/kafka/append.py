"""Appending: one producer for all, every record's answer waited for.

The library's producer keeps whatever it is given, without a bound; so bytes
are counted here until their answer comes. After any error its idempotence can
no longer be relied on: another producer sends the same records again, and
readers drop what came twice.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from kafka.errors import KafkaError

from runstream_server.eventlog.kafka import limits
from runstream_server.eventlog.kafka.errors import HOPELESS, reason
from runstream_server.eventlog.port import LogFullError, LogUnavailableError, NewRecord

_log = logging.getLogger(__name__)


class Room:
    """Counts bytes on their way. Thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._lock = threading.Lock()

    def take(self, size_bytes: int) -> None:
        """Raises LogFullError; an empty room takes any size."""
        with self._lock:
            if self._bytes and self._bytes + size_bytes > self._max_bytes:
                raise LogFullError(f"{self._bytes} bytes are on their way to Kafka already")
            self._bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        with self._lock:
            self._bytes -= size_bytes

    def taken_bytes(self) -> int:
        with self._lock:
            return self._bytes


class Appender:
    """Thread-safe."""

    def __init__(
        self,
        make: Callable[[], Any],
        room: Room,
        append_seconds: float = limits.APPEND_SECONDS,
        again: bool = True,
    ) -> None:
        """make: a new producer; may block and raise KafkaError.

        again: a batch whose answer did not come is given to a new producer.
        """
        self._again = again
        self._make = make
        self._room = room
        self._append_seconds = append_seconds
        # Held while producers change; `_failures` tells who waited for it
        # that somebody else has just tried in vain.
        self._changing = threading.Lock()
        self._producer: Any = None
        self._retiring: list[threading.Thread] = []
        self._failures = 0
        self._last_failure = ""
        # Held while the records of one call are handed over: they stay side by side.
        self._handing = threading.Lock()
        self._closed = threading.Event()

    def append(self, topic: str, records: Sequence[NewRecord]) -> list[int]:
        """Returns the offsets. Raises LogUnavailableError, and LogFullError before anything
        was sent."""
        deadline = time.monotonic() + self._append_seconds
        while True:
            producer = self._current()
            try:
                return self._attempt(producer, topic, records, deadline)
            except KafkaError as error:
                self._retire(producer)
                why = reason(error)
                late = time.monotonic() > deadline
                if late or not self._again or isinstance(error, HOPELESS):
                    raise LogUnavailableError(f"appending to {topic}: {why}") from error
                _log.warning("appending to %s again with a new producer: %s", topic, why)
            self._closed.wait(limits.PAUSE_SECONDS)

    def close(self) -> None:
        """Waiting appends are finished first. Idempotent."""
        self._closed.set()
        with self._changing:
            producer, self._producer = self._producer, None
        if producer is not None:
            _close(producer)
        for retiring in self._retiring:
            retiring.join()

    def _attempt(
        self, producer: Any, topic: str, records: Sequence[NewRecord], deadline: float
    ) -> list[int]:
        with self._handing:
            futures = self._hand_over(producer, topic, records)
        return [
            int(future.get(timeout=max(deadline - time.monotonic(), 0.001)).offset)
            for future in futures
        ]

    def _hand_over(self, producer: Any, topic: str, records: Sequence[NewRecord]) -> list[Any]:
        sizes = [len(record.value) for record in records]
        self._room.take(sum(sizes))
        futures: list[Any] = []
        try:
            for size, record in zip(sizes, records, strict=True):
                future = producer.send(topic, value=record.value, partition=record.partition)
                future.add_both(self._answered, size)
                futures.append(future)
        except BaseException:
            self._room.give_back(sum(sizes[len(futures) :]))
            raise
        return futures

    def _answered(self, size: int, _answer: object) -> None:
        self._room.give_back(size)

    def _current(self) -> Any:
        failures = self._failures
        with self._changing:
            if self._closed.is_set():
                raise LogUnavailableError("the log is closed")
            if self._producer is None:
                if self._failures != failures:
                    raise LogUnavailableError(self._last_failure)
                self._producer = self._made()
            return self._producer

    def _made(self) -> Any:
        try:
            return self._make()
        except (KafkaError, OSError) as error:
            self._failures += 1
            self._last_failure = f"connecting to Kafka: {reason(error)}"
            raise LogUnavailableError(self._last_failure) from error

    def _retire(self, producer: Any) -> None:
        """No append begins with it any more; what others gave it is still answered."""
        with self._changing:
            if self._producer is not producer:
                return
            self._producer = None
            self._retiring = [one for one in self._retiring if one.is_alive()]
            retiring = threading.Thread(
                target=_close, args=(producer,), name="kafka-retire", daemon=True
            )
            self._retiring.append(retiring)
            retiring.start()
            if not self._again:
                # Whoever asks next where the log ends is told of all that it wrote.
                retiring.join()


def _close(producer: Any) -> None:
    try:
        producer.close(timeout=2 * limits.DELIVERY_MS / 1000)
    except KafkaError as error:
        # Each record's own answer says whether it was written.
        _log.warning("a producer ended with unanswered records: %s", reason(error))
