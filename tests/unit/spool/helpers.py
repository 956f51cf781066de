"""Spools of other processes for tests: made by a fork, which may die as one likes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from runstream.spool.folders import ScopeFolders, process_names
from runstream.spool.format import CELL
from runstream.spool.reader import SpoolReader
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from runstream.v1 import spool_pb2

RUN_ID = "a" * 32
NOW_MS = 1_700_000_000_000

Cell = tuple[int, int, int, float, int]


def run_definition(run_id: str = RUN_ID) -> spool_pb2.RunDefinition:
    """A run without an index."""
    return spool_pb2.RunDefinition(run_id=run_id, tracking_uri="file:///data", owned=True)


def one_run(spool: ProcessSpool) -> RunSpool:
    """A run of `spool`."""
    return RunSpool(spool, spool.define_run(run_definition()))


def in_child(work: Callable[[], object]) -> int:
    """Fork; the child does `work` and ends at once. Returns its exit status."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(status)


def written_in_child(
    folders: ScopeFolders, work: Callable[[RunSpool, ProcessSpool], object]
) -> str:
    """The name of the spool of a process that did `work` and is dead."""
    before = set(process_names(folders))

    def write() -> None:
        spool = ProcessSpool.create(folders)
        work(one_run(spool), spool)

    assert in_child(write) == 0
    (name,) = set(process_names(folders)) - before
    return name


def cells_of(reader: SpoolReader, start: int = 0) -> list[Cell]:
    """All points that can be read."""
    pieces = reader.cells(start, reader.valid_cells())
    return [cell for piece in pieces for cell in CELL.iter_unpack(piece)]


def steps_of(reader: SpoolReader) -> list[int]:
    """The steps of all points."""
    return [cell[2] for cell in cells_of(reader)]


def kinds_of(reader: SpoolReader) -> list[str]:
    """What the frames are."""
    return [str(frame.frame.WhichOneof("kind")) for frame in reader.frames(0, 2**30)]


def numbers(count: int, first: int = 0) -> list[int]:
    """Steps that were logged."""
    return list(range(first, first + count))


def dead(folders: ScopeFolders, points: int = 5, events: int = 2) -> SpoolReader:
    """The spool of a dead process: points, and an event ."""

    def work(run: RunSpool, spool: ProcessSpool) -> None:
        for step in range(points):
            run.log_metric("loss", 0.5, step, NOW_MS)
        for number in range(events):
            spool.append_event(run.run_index, b"event %d" % number)

    return SpoolReader(folders, written_in_child(folders, work))


def damage(path: Path, at: int, content: bytes) -> None:
    """Overwrite a part of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def killed() -> spool_pb2.SpoolFrame:
    """What an agent says for a process that died."""
    return spool_pb2.SpoolFrame(run_closed=spool_pb2.RunClosed(run_index=0, died=True))
