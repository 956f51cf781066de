"""What processes use, as the kernel counts it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Processor time of all its threads so far, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # utime and stime: fields 14 and 15, where the third comes after the name.
    return (int(fields[11]) + int(fields[12])) * _TICK_SECONDS


def resident_bytes(pid: int, kind: str = "VmRSS") -> int:
    """Memory that it has now. kind: VmRSS; RssAnon: without the files that it maps."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == kind:
            return int(value.split()[0]) * 1024
    raise RuntimeError(f"no {kind} of process {pid}")


class Meter:
    """Processor time of named groups of processes, from one reading to the next."""

    def __init__(self, pids: Mapping[str, Sequence[int]]) -> None:
        self._pids = dict(pids)
        self._before = self._now()

    def used_seconds(self) -> dict[str, float]:
        """By name, since the last call."""
        now, before = self._now(), self._before
        self._before = now
        return {name: now[name] - before[name] for name in self._pids}

    def _now(self) -> dict[str, float]:
        return {name: sum(map(cpu_seconds, pids)) for name, pids in self._pids.items()}
