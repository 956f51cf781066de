"""Kills spinning writers and compares every cell; run as a small process of its own.

Each victim counts its returned calls in shared memory. While it spins, a reader
follows it; after the kill, all that a call returned for must be there, in order.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import sys
import time
from pathlib import Path

from runstream.spool.folders import PROCESS_PREFIX, ScopeFolders, process_names
from runstream.spool.format import CELL, RUN_BIT
from runstream.spool.reader import SpoolReader
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from runstream.v1 import spool_pb2

NOW_MS = 1_700_000_000_000
_MANY = {f"key {number}": 0.5 for number in range(20)}
_LONGEST_LIFE_SECONDS = 0.004


def spin(folders: ScopeFolders, returned: memoryview, seed: int) -> None:
    """Log for ever. Step n is point n; returned[0] counts the points of calls that returned."""
    spool = ProcessSpool.create(folders)
    definition = spool_pb2.RunDefinition(run_id="a" * 32, tracking_uri="file:///data")
    run = RunSpool(spool, spool.define_run(definition))
    run.log_metric("loss", 0.0, 0, NOW_MS)
    spool.mark_ms = NOW_MS + 1
    count = 1
    while True:
        for step in range(count, count + 100):
            run.log_metric("loss", step * 0.5, step, NOW_MS)
            returned[0] = step + 1
        count += 100
        if seed % 2:
            run.log_metrics(_MANY, count, NOW_MS)
            count += len(_MANY)
            returned[0] = count
            spool.append_event(run.run_index, count.to_bytes(8, "little"))
            returned[1] += 1


class Follower:
    """Reads a spool from the start, and checks each cell once."""

    def __init__(self, reader: SpoolReader) -> None:
        self.reader = reader
        self.cells = 0
        self.points = 0
        self._rest = 0

    def follow(self) -> None:
        """Check what is new."""
        valid = self.reader.valid_cells()
        assert valid >= self.cells, (valid, self.cells)
        for piece in self.reader.cells(self.cells, valid):
            for word, index, step, value, timestamp in CELL.iter_unpack(piece):
                self._check(word, index, step, value, timestamp)
        self.cells = valid

    def _check(self, word: int, index: int, step: int, value: float, timestamp: int) -> None:
        assert word == RUN_BIT, hex(word)
        assert timestamp == NOW_MS, timestamp
        if index == 0:
            assert not self._rest, "a torn group has something after it"
            assert (step, value) == (self.points, self.points * 0.5)
            self.points += 1
            return
        # A group of keys is logged by one call: all have the step of its first.
        self._rest = self._rest or len(_MANY)
        assert (index, value) == (len(_MANY) - self._rest + 1, 0.5)
        assert step == self.points - (len(_MANY) - self._rest)
        self._rest -= 1
        self.points += 1


def kill_one(folders: ScopeFolders, shared: memoryview, seed: int) -> int:
    """One victim; returns how many points it left."""
    shared[0] = shared[1] = 0
    pid = os.fork()
    if not pid:
        try:
            spin(folders, shared, seed)
        finally:
            os._exit(1)
    while not (names := process_names(folders)):
        pass
    follower = Follower(SpoolReader(folders, names[0]))
    end = time.perf_counter() + random.Random(seed).random() * _LONGEST_LIFE_SECONDS
    while time.perf_counter() < end:
        follower.follow()
    assert follower.reader.writer_alive()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    returned, events = shared[0], shared[1]
    assert follower.reader.adopt()
    follower.follow()
    assert follower.points >= returned, (follower.points, returned)
    check_frames(follower, events)
    follower.reader.remove()
    return follower.points


def check_frames(follower: Follower, events: int) -> None:
    """All frames that were returned for are there, and agree with the points before them."""
    frames = [frame.frame for frame in follower.reader.frames(0)]
    found = [frame for frame in frames if frame.WhichOneof("kind") == "event"]
    assert len(found) >= events, (len(found), events)
    before = [frame.cells_before for frame in frames]
    assert before == sorted(before)
    assert max(before, default=0) <= follower.cells
    assert not follower.reader.damage, follower.reader.damage


def main(folder: str, kills: int, seed: int) -> None:
    """Kill that many."""
    folders = ScopeFolders(Path(folder), Path(folder))
    shared = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
    points = sum(kill_one(folders, shared, seed + number) for number in range(kills))
    assert not [name for name in os.listdir(folder) if name.startswith(PROCESS_PREFIX)]
    print(f"{kills} kills, {points} points")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
