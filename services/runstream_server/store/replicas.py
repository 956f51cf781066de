"""Which replica is used: the first that answers, in an order that all processes share.

What was written to a replica is there at once, and later on the others. So all
processes use the same one, and whoever changes first waits until the new one
has everything that was acknowledged (by two of them).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from runstream_server.store.errors import StoreUnavailableError

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_log = logging.getLogger(__name__)


class Replicas:
    """Used by all threads of a process.

    first_again_seconds: how often, having changed, the first is tried again.
    """

    def __init__(
        self,
        count: int,
        first_again_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._first_again_seconds = first_again_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._current = 0
        self._lost = False
        self._look_at = 0.0

    def wanted(self) -> int:
        """The replica that the next statement has to use; -1: it has to be found."""
        if self._lost and self._count > 1:
            return -1
        if self._current != 0 and self._clock() >= self._look_at:
            return -1
        return self._current

    def lost(self) -> None:
        """The replica in use did not answer."""
        self._lost = True

    def connected(
        self, connect: Callable[[int], Client], sync: Callable[[Client], None]
    ) -> tuple[Client, int]:
        """A client of the first replica that answers and has everything, and its number.

        Raises StoreUnavailableError when none does.
        """
        with self._lock:
            for replica in range(self._count):
                try:
                    client = connect(replica)
                    if replica != self._current:
                        sync(client)
                except StoreUnavailableError:
                    if replica == self._count - 1:
                        raise
                    continue
                if replica != self._current:
                    _log.warning("replica %d of ClickHouse is used now", replica + 1)
                self._current = replica
                self._lost = False
                self._look_at = self._clock() + self._first_again_seconds
                return client, replica
        raise AssertionError("there is at least one replica")
