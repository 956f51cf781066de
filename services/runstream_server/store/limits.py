"""What the engine may take. Its own defaults are made for a machine of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass

# A flush of a million rows and a merge beside it stay below 1 GB; a query that
# needs more than this fails with a clear error instead of meeting the OOM killer.
_MEMORY_BYTES_MAX = 4_000_000_000


def _memory_bytes() -> int:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(machine // 2, _MEMORY_BYTES_MAX)


@dataclass(frozen=True)
class EngineLimits:
    """Caps of the engine in this process."""

    # Of all queries, inserts and merges together, the resident base included.
    memory_bytes: int = _memory_bytes()
    # Marks say where in a file a granule starts; 32 MB cover hundreds of
    # millions of points.
    mark_cache_bytes: int = 32 * 1024 * 1024
    # Threads that merge parts; each runs up to two merges.
    background_threads: int = 2
    # Threads of one query or insert.
    query_threads: int = 2

    def engine_options(self) -> dict[str, str]:
        """The part of the connect string after the path; the same for every handle."""
        return {
            "max_server_memory_usage": str(self.memory_bytes),
            "mark_cache_size": str(self.mark_cache_bytes),
            "index_mark_cache_size": str(1024 * 1024),
            "primary_index_cache_size": str(self.mark_cache_bytes),
            "query_condition_cache_size": str(8 * 1024 * 1024),
            "background_pool_size": str(self.background_threads),
        }

    def session_settings(self) -> dict[str, str]:
        """Set on every handle.

        An insert has to be written when it returns, and has to be written
        although an equal block was inserted before: the tables themselves make
        repeated rows harmless. It need not merge its own rows: a flush has
        done that, and where it did not, reads and merges do (half the time of
        an insert of points).
        """
        return {
            "async_insert": "0",
            "deduplicate_insert": "disable",
            "optimize_on_insert": "0",
            "max_threads": str(self.query_threads),
            "max_insert_threads": "1",
        }
