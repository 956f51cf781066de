"""How much may be on its way to the log at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from runstream_server.ingest.appender import full

# 16 full records: several commits deep, and a bound for the memory that a
# stalled disk can cost.
IN_FLIGHT_MAX_BYTES = 64 * 1024 * 1024


class Admission:
    """Lets batches in while there is room; refuses, never waits."""

    def __init__(self, max_bytes: int = IN_FLIGHT_MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._bytes = 0

    @contextmanager
    def admit(self, size_bytes: int) -> Iterator[None]:
        """Counts the bytes while the block runs.

        Raises ServiceError RESOURCE_EXHAUSTED; the caller still owns its batch
        and comes again. An idle server takes any size.
        """
        with self._lock:
            if self._bytes and self._bytes + size_bytes > self._max_bytes:
                raise full(
                    f"{self._bytes} bytes are on their way to the log",
                    f"{self._max_bytes} bytes in flight",
                )
            self._bytes += size_bytes
        try:
            yield
        finally:
            with self._lock:
                self._bytes -= size_bytes

    def in_flight_bytes(self) -> int:
        """What is on its way now."""
        with self._lock:
            return self._bytes
