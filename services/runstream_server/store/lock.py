"""One process at a time, on a server that has no locks.

The lock is a table, `migration_lock_N`, because CREATE TABLE either makes a
table or says that there is one: of several processes that try the same number,
one wins (on a cluster: the first in the queue of definitions). The greatest
number counts, and no number is used twice: who lets go writes so into the
table and leaves it. A holder writes a sign of life now and then; after a lease
without one the next number may be taken. All times are the server's.

Who created number N after others had passed it (it was deleted as an old one
meanwhile) finds a greater one when it looks again, and takes its own back. So
two hold it only when one was stopped for longer than the lease and goes on in
the middle of a statement; every statement stands being run twice.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError, StoreUnavailableError

_log = logging.getLogger(__name__)

_PREFIX = "migration_lock_"
_TABLE_EXISTS = 57


@dataclass(frozen=True)
class LockPolicy:
    """Times of the lock."""

    # Without a sign of life for so long, the holder counts as dead.
    lease_seconds: float = 60.0
    # How often a waiting process looks.
    look_seconds: float = 0.25
    # How long it waits in all: a migration may take that long.
    wait_seconds: float = 3600.0


@dataclass(frozen=True)
class _Newest:
    number: int
    released: bool
    silent_seconds: float


class MigrationLock:
    """Held from `acquire` to `release`."""

    def __init__(self, store: Store, policy: LockPolicy) -> None:
        self._store = store
        self._policy = policy
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._number = 0
        self._stop = threading.Event()
        self._beats = threading.Thread(target=self._beat, name="migration-lock", daemon=True)

    def acquire(self) -> None:
        """Waits for whoever has it. Raises StoreUnavailableError when that takes too long."""
        deadline = time.monotonic() + self._policy.wait_seconds
        told = False
        while not self._try():
            if time.monotonic() > deadline:
                raise StoreUnavailableError(
                    f"{self._store.place}: another process has been changing the tables for "
                    f"{self._policy.wait_seconds:.0f} s"
                )
            if not told:
                _log.info("another process is bringing the tables up to date")
                told = True
            time.sleep(self._policy.look_seconds)
        self._beats.start()

    def check(self) -> None:
        """Raises StoreError when another process has taken it meanwhile."""
        newest = self._newest()
        if newest is None or newest.number != self._number:
            raise StoreError(
                f"{self._store.place}: another process took over the change of the tables, "
                "because this one stood still; it leaves off"
            )

    def release(self) -> None:
        self._stop.set()
        self._beats.join()
        self._write(released=1)

    def _try(self) -> bool:
        newest = self._newest()
        if newest is not None and not self._is_free(newest):
            return False
        number = newest.number + 1 if newest is not None else 1
        if not self._create(number):
            return False
        self._number = number
        self._write(released=0)
        newest = self._newest()
        if newest is None or newest.number != number:
            self._drop(number)
            return False
        for older in self._numbers():
            if older < number:
                self._drop(older)
        return True

    def _is_free(self, newest: _Newest) -> bool:
        return newest.released or newest.silent_seconds > self._policy.lease_seconds

    def _create(self, number: int) -> bool:
        cluster = self._store.cluster
        try:
            self._store.command(
                f"CREATE TABLE {_PREFIX}{number}{cluster.on()} "
                "(owner String, at DateTime64(3) DEFAULT now64(3), released UInt8) "
                f"ENGINE = {cluster.engine('MergeTree')} ORDER BY at",
                repeat=False,
            )
        except StoreUnavailableError:
            # If it was made, nobody holds it: it is free after the lease.
            return False
        except StoreError as error:
            if error.code == _TABLE_EXISTS or f"Code: {_TABLE_EXISTS}." in str(error):
                return False
            raise
        return True

    def _drop(self, number: int) -> None:
        on = self._store.cluster.on()
        self._store.command(f"DROP TABLE IF EXISTS {_PREFIX}{number}{on} SYNC")

    def _write(self, *, released: int) -> None:
        self._store.command(
            f"INSERT INTO {_PREFIX}{self._number} (owner, released) "
            f"VALUES ('{self._owner}', {released})"
        )

    def _beat(self) -> None:
        while not self._stop.wait(self._policy.lease_seconds / 4):
            # Without one the lease ends; `check` notices.
            with contextlib.suppress(StoreError):
                self._write(released=0)

    def _numbers(self) -> list[int]:
        rows = self._store.rows(
            "SELECT name FROM system.tables WHERE database = currentDatabase() "
            f"AND startsWith(name, '{_PREFIX}')"
        )
        return sorted(int(name.removeprefix(_PREFIX)) for (name,) in rows)

    def _newest(self) -> _Newest | None:
        numbers = self._numbers()
        if not numbers:
            return None
        name = f"{_PREFIX}{numbers[-1]}"
        try:
            ((released, silent_ms),) = self._store.rows(
                "SELECT max(released), dateDiff('millisecond', greatest(max(at), "
                "(SELECT max(toDateTime64(metadata_modification_time, 3)) FROM system.tables "
                f"WHERE database = currentDatabase() AND name = '{name}')), now64(3)) FROM {name}"
            )
        except StoreError as error:
            if error.code == _UNKNOWN_TABLE:  # Dropped between the two: there is a newer one.
                return self._newest()
            raise
        return _Newest(numbers[-1], bool(released), silent_ms / 1000)


_UNKNOWN_TABLE = 60


class _Alone:
    """Nobody else can have the store."""

    def check(self) -> None:
        """Always well."""


@contextlib.contextmanager
def migration_lock(
    store: Store, policy: LockPolicy | None = None
) -> Iterator[MigrationLock | _Alone]:
    """Hold the lock of the store, where other processes may have it open."""
    if not store.is_shared:
        yield _Alone()
        return
    lock = MigrationLock(store, policy or LockPolicy())
    lock.acquire()
    try:
        yield lock
    finally:
        lock.release()
