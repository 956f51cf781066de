"""A disk that is really full: a small tmpfs, or a visible skip."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runstream.spool.errors import SpoolFull
from runstream.spool.folders import ScopeFolders
from runstream.spool.full import WhenFull
from runstream.spool.limits import SpoolPolicy
from runstream.spool.reader import SpoolReader
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from tests.unit.spool.helpers import NOW_MS, cells_of, kinds_of, one_run, steps_of

KINDS = ["mapped", "appended"]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[ScopeFolders]:
    """A scope on a disk of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount a tmpfs here: {done.stderr.strip()}")
    yield ScopeFolders(folder, folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether cells are mapped or appended."""
    if request.param == "appended":
        monkeypatch.setattr("runstream.spool.room.is_mappable", lambda _: False)
    return str(request.param)


def fill(folder: Path, leave: int = 0) -> Path:
    """Take all the room there is but `leave` bytes."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        file.truncate(file.tell() - leave)
    return filler


def log_until_full(run: RunSpool, returned: list[int]) -> None:
    """Calls of one point and of three, till one raises."""
    step = 0
    while True:
        if step % 5:
            run.log_metric("loss", 0.5, step, NOW_MS)
            returned.append(step)
        else:
            run.log_metrics({"loss": 0.5, "a": 1.0, "b": 2.0}, step, NOW_MS)
            returned += [step] * 3
        step += 1


@pytest.mark.usefixtures("kind")
def test_raise_says_so_and_loses_nothing(small: ScopeFolders) -> None:
    spool = ProcessSpool.create(small, policy=SpoolPolicy("raise"))
    run = one_run(spool)
    returned: list[int] = []
    with pytest.raises(SpoolFull, match="No space left"):
        log_until_full(run, returned)
    assert len(returned) > 20_000
    reader = SpoolReader(small, spool.folders.active.name)
    found = steps_of(reader)
    assert found[: len(returned)] == returned
    # At most parts of the call that raised are there beyond that.
    assert set(found[len(returned) :]) <= {returned[-1] + 1}
    assert reader.damage == []


@pytest.mark.usefixtures("kind")
def test_logging_goes_on_when_there_is_room_again(small: ScopeFolders) -> None:
    spool = ProcessSpool.create(small, policy=SpoolPolicy("raise"))
    run = one_run(spool)
    filler = fill(small.disk)
    returned: list[int] = []
    with pytest.raises(SpoolFull):
        log_until_full(run, returned)
    filler.unlink()
    first = len(cells_of(SpoolReader(small, spool.folders.active.name)))
    for step in range(1000):
        run.log_metric("loss", 0.5, step, NOW_MS)
    reader = SpoolReader(small, spool.folders.active.name)
    assert steps_of(reader)[:first][: len(returned)] == returned
    assert steps_of(reader)[first:] == list(range(1000))


def test_events_on_a_full_disk_are_whole_or_not_there(small: ScopeFolders) -> None:
    spool = ProcessSpool.create(small, policy=SpoolPolicy("raise"))
    run = one_run(spool)
    filler = fill(small.disk, leave=8192)
    written = 0

    def append() -> None:
        nonlocal written
        while True:
            spool.append_event(run.run_index, b"%d " % written * 100)
            written += 1

    with pytest.raises(SpoolFull, match="No space left"):
        append()
    with pytest.raises(SpoolFull):
        spool.append_event(run.run_index, bytes(5000))
    spool.close()  # never waits, never raises
    assert written > 5
    filler.unlink()
    spool.append_event(run.run_index, b"again")
    reader = SpoolReader(small, spool.folders.active.name)
    events = [frame.frame.event.event for frame in reader.frames(0) if frame.frame.event.event]
    assert events == [*(b"%d " % number * 100 for number in range(written)), b"again"]
    assert reader.damage == []


@pytest.mark.usefixtures("kind")
def test_block_waits_with_a_warning(small: ScopeFolders, caplog: pytest.LogCaptureFixture) -> None:
    pauses = 0

    def pause(_: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses % 3 == 0:
            filler.unlink(missing_ok=True)

    spool = ProcessSpool.create(small, policy=SpoolPolicy("block"), pause=pause)
    run = one_run(spool)
    filler = fill(small.disk)
    for step in range(5000):
        run.log_metric("loss", 0.5, step, NOW_MS)
    filler = fill(small.disk)
    for number in range(200):
        spool.append_event(run.run_index, b"%d " % number * 500)
    reader = SpoolReader(small, spool.folders.active.name)
    assert steps_of(reader) == list(range(5000))
    assert kinds_of(reader).count("event") == 200
    assert pauses >= 3
    assert "No space left" in caplog.text
    assert "nothing is lost" in caplog.text


def test_a_full_disk_takes_no_new_spool(small: ScopeFolders) -> None:
    filler = fill(small.disk)
    with pytest.raises(Exception, match="cannot make a spool"):
        ProcessSpool.create(small)
    assert [path.name for path in small.disk.iterdir()] == ["filler"]
    filler.unlink()
    ProcessSpool.create(small)


def test_the_warning_comes_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    pauses: list[float] = []
    when_full = WhenFull(SpoolPolicy("block"), pauses.append)
    waited = 0
    for _ in range(130):
        waited = when_full.wait(SpoolFull("no room"), waited)
    assert len(caplog.records) == 3
    assert pauses[:4] == [0.05, 0.1, 0.2, 0.4]
    assert max(pauses) == 1.0
    with pytest.raises(SpoolFull):
        WhenFull(SpoolPolicy("raise"), pauses.append).wait(SpoolFull("no room"), 0)
