"""Garbage never ends a reader: it reads what is left, and names what is not."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runstream.spool import segments
from runstream.spool.folders import ScopeFolders
from runstream.spool.format import CELL
from runstream.spool.reader import SpoolReader
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from runstream.v1 import spool_pb2
from tests.unit.spool.helpers import NOW_MS, cells_of, written_in_child

# The first segment holds so many; what damage does to it does not depend on its length.
SEGMENT_CELLS, POINTS = 254, 400
FILES = ("meta", "events.000000", "events.000001", "points.000000", "points.000001")


@dataclass(frozen=True)
class Damage:
    """Done to one file."""

    file: str
    # Where, as a part of the file's size.
    at: float
    content: bytes
    how: str

    def apply(self, folder: Path) -> None:
        path = folder / self.file
        if not path.exists():
            return
        data = path.read_bytes()
        at = int(self.at * len(data))
        if self.how == "overwrite":
            path.write_bytes(data[:at] + self.content + data[at + len(self.content) :])
        elif self.how == "insert":
            path.write_bytes(data[:at] + self.content + data[at:])
        elif self.how == "cut":
            path.write_bytes(data[:at])
        elif self.how == "replace":
            path.write_bytes(self.content)
        else:
            path.unlink()


def damages_to(*files: str) -> st.SearchStrategy[Damage]:
    return st.builds(
        Damage,
        file=st.sampled_from(files),
        # Often near the start, where headers and lengths are.
        at=st.one_of(st.floats(0, 1), st.floats(0, 0.01)),
        content=st.one_of(
            st.binary(min_size=1, max_size=40),
            st.integers(1, 200).map(bytes),
            st.just(b"\xff" * 8),
        ),
        how=st.sampled_from(["overwrite", "overwrite", "insert", "cut", "replace", "delete"]),
    )


damages = damages_to(*FILES)


@contextlib.contextmanager
def folder_in_memory() -> Iterator[Path]:
    """One for each example: on tmpfs where there is one, for a busy disk makes it slow."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def original() -> Iterator[tuple[ScopeFolders, str]]:
    """The spool of a dead process: two segments, two events files."""
    with folder_in_memory() as root, pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "segment_bytes", lambda _: 64 + 32 * SEGMENT_CELLS)
        folders = ScopeFolders(root, root)
        yield folders, written_in_child(folders, write)


def write(run: RunSpool, spool: ProcessSpool) -> None:
    spool._frames._files.current._size_bytes = 600
    for step in range(POINTS):
        run.log_metric("loss", 0.5, step, NOW_MS)
    for number in range(20):
        spool.append_event(run.run_index, b"event %d" % number * 3)


def read_all(reader: SpoolReader) -> tuple[list[int], list[bytes]]:
    """As an agent does, in small steps."""
    events: list[bytes] = []
    position = 0
    while frames := reader.frames(position, 200):
        assert frames[0].start >= position
        events += [frame.frame.event.event for frame in frames if frame.frame.event.event]
        position = frames[-1].end
    valid = reader.valid_cells()
    steps: list[int] = []
    for start in range(0, min(valid, 10_000), 150):
        for piece in reader.cells(start, min(start + 150, valid)):
            steps += [cell[2] for cell in CELL.iter_unpack(piece)]
    return steps, events


def use(folders: ScopeFolders, name: str) -> None:
    """Everything an agent does with a dead process."""
    reader = SpoolReader(folders, name)
    try:
        reader.writer_alive()
        read_all(reader)
        assert reader.adopt()
        read_all(reader)
        reader.last_written_ms()
        reader.append_frames([spool_pb2.SpoolFrame(run_closed=spool_pb2.RunClosed(died=True))])
        assert reader.frames(0, 2**30)[-1].frame.run_closed.died
        reader.accept(reader.valid_cells(), 100)
        reader.release(300, 300)
        cells_of(reader)
        reader.remove()
    finally:
        reader.close()


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(damages, min_size=1, max_size=4))
def test_any_damage_is_survived(original: tuple[ScopeFolders, str], found: list[Damage]) -> None:
    folders, name = original
    with folder_in_memory() as root:
        copy = ScopeFolders(root, root)
        shutil.copytree(folders.active / name, root / name)
        for damage in found:
            damage.apply(root / name)
        try:
            use(copy, name)
        except (ValueError, FileNotFoundError):
            # Only for the meta file: without it nobody knows whose points these are.
            assert any(damage.file == "meta" for damage in found)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(damages, min_size=1, max_size=4), st.lists(damages, max_size=4))
def test_any_damage_to_a_copy_on_disk_is_survived(
    original: tuple[ScopeFolders, str], found: list[Damage], later: list[Damage]
) -> None:
    folders, name = original
    with folder_in_memory() as root:
        two = ScopeFolders(root / "active", root / "disk")
        for folder in two:
            folder.mkdir()
        shutil.copytree(folders.active / name, two.active / name)
        for damage in found:
            damage.apply(two.active / name)
        try:
            reader = SpoolReader(two, name)
            reader.spill(sync=False)
            for damage in later:
                damage.apply(two.disk / name)
            reader.spill(sync=False)
            reader.close()
            shutil.rmtree(two.active)
            two.active.mkdir()
            use(two, name)
        except (ValueError, FileNotFoundError):
            assert any(damage.file == "meta" for damage in [*found, *later])


def test_without_damage_everything_is_there(original: tuple[ScopeFolders, str]) -> None:
    reader = SpoolReader(*original)
    steps, events = read_all(reader)
    assert steps == list(range(POINTS))
    assert events == [b"event %d" % number * 3 for number in range(20)]
    assert sorted(path.name for path in reader.folders.active.iterdir())[:3] == [
        "events.000000",
        "events.000001",
        "meta",
    ]
    assert reader.damage == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(damages_to("points.000000"), min_size=1, max_size=4))
def test_damage_to_one_segment_leaves_the_other_whole(
    original: tuple[ScopeFolders, str], found: list[Damage]
) -> None:
    folders, name = original
    with folder_in_memory() as root:
        copy = ScopeFolders(root, root)
        shutil.copytree(folders.active / name, root / name)
        for damage in found:
            damage.apply(root / name)
        reader = SpoolReader(copy, name)
        steps, events = read_all(reader)
        assert steps[-(POINTS - SEGMENT_CELLS) :] == list(range(SEGMENT_CELLS, POINTS))
        assert len(events) == 20
