"""Is it still the server that took our rows, and has it kept them?

A server writes without forcing its files to the disk. When the process ends
and starts again, nothing is lost; when the machine under it does, the last
rows may be. The server says since when it runs, and, where it can be asked,
since when its machine does.
"""

from __future__ import annotations

from typing import NamedTuple

from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError, StoreUnavailableError

# Seconds are rounded on the way, and clocks are set a little.
_SAME_START_SECONDS = 2
_SAME_BOOT_SECONDS = 5

UNKNOWN_BOOT = 0


class Life(NamedTuple):
    """One run of one server; times in seconds since 1970, by its own clock.

    booted: of its machine; UNKNOWN_BOOT where the server does not say.
    """

    host: str
    started: int
    booted: int = UNKNOWN_BOOT

    def is_same(self, other: Life) -> bool:
        return self.host == other.host and abs(self.started - other.started) <= _SAME_START_SECONDS

    def kept_files_of(self, earlier: Life) -> bool:
        """Is what the earlier one had written certainly there?"""
        if self.is_same(earlier):
            return True
        known = UNKNOWN_BOOT not in (self.booted, earlier.booted)
        near = abs(self.booted - earlier.booted) <= _SAME_BOOT_SECONDS
        return self.host == earlier.host and known and near


class Moment(NamedTuple):
    """A life, and the time there."""

    life: Life
    now: int


def read_moment(store: Store) -> Moment:
    """Without the boot: cheap enough for every flush."""
    ((host, started, now),) = store.rows(
        "SELECT hostName(), toInt64(toUnixTimestamp(now()) - uptime()), "
        "toInt64(toUnixTimestamp(now()))"
    )
    return Moment(Life(host, started), now)


def with_boot(store: Store, life: Life) -> Life:
    """Adds since when the machine runs, where the server tells us."""
    try:
        rows = store.rows(
            "SELECT toInt64(toUnixTimestamp(now()) - value) FROM system.asynchronous_metrics "
            "WHERE metric = 'OSUptime'"
        )
    except StoreUnavailableError:
        raise
    except StoreError:  # There is no such table, or it may not be read.
        return life
    return life._replace(booted=rows[0][0]) if rows else life
