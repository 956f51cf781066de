"""A disk that fills under a running trainer: a real, small tmpfs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import FLAT_OUT, Counter, World, assert_flat_out_points, history, new_world

STEPS = 600_000  # 19 MB of cells: more than the disk holds


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as new:
        yield new


@pytest.fixture
def small_disk(world: World) -> Iterator[Path]:
    """A tmpfs of 8 MB, mounted for this test."""
    folder = world.folder / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount a tmpfs here: {done.stderr.strip()}")
    world.env["RUNSTREAM_SPOOL_DIR"] = str(folder)
    world.spool = folder
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_blocked_trainer_goes_on_when_there_is_room(world: World, small_disk: Path) -> None:
    server = world.server(start=False)
    counter_file, id_file = world.folder / "counter", world.folder / "run"
    counter = Counter(counter_file)
    args = (str(id_file), str(counter_file), str(STEPS))
    trainer = world.popen(FLAT_OUT, *args, uri=server.uri, RUNSTREAM_SPOOL_FULL="block")
    stuck, since = -1, time.monotonic()
    while stuck <= 0 or time.monotonic() - since < 3.0:
        assert trainer.poll() is None, "ended by the full disk"
        if counter.value() != stuck:
            stuck, since = counter.value(), time.monotonic()
        time.sleep(0.1)
    assert 50_000 < stuck < STEPS
    server.start()
    assert trainer.wait(timeout=120) == 0
    assert_flat_out_points(history(world, server.uri, id_file.read_text()), STEPS)
    assert "full" in (world.folder / "trainers.log").read_text().lower()
    counter.close()


def test_a_trainer_told_to_raise_gets_an_error_and_loses_nothing(
    world: World, small_disk: Path
) -> None:
    server = world.server(start=False)
    counter_file, id_file = world.folder / "counter", world.folder / "run"
    counter = Counter(counter_file)
    args = (str(id_file), str(counter_file), str(STEPS))
    trainer = world.popen(FLAT_OUT, *args, uri=server.uri, RUNSTREAM_SPOOL_FULL="raise")
    assert trainer.wait(timeout=60) != 0
    returned = counter.value()
    assert 50_000 < returned < STEPS
    server.start()
    assert_flat_out_points(history(world, server.uri, id_file.read_text()), returned)
    assert "RESOURCE_EXHAUSTED" in (world.folder / "trainers.log").read_text()
    counter.close()
