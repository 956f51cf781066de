"""A backup taken while a server is under load, served on its own: all of it is there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import (
    FLAT_OUT,
    Counter,
    World,
    assert_flat_out_points,
    eventually,
    history,
    new_world,
)

DONE = """
import os, pathlib, sys
import runstream
with runstream.start_run() as run:
    runstream.log_param("lr", 0.1)
    runstream.set_tag("kind", "done")
    for i in range(1000):
        runstream.log_metric("loss", i * 0.5 - 7.0, step=i)
    data = os.urandom(3_000_001)
    pathlib.Path(sys.argv[1]).write_bytes(data)
    runstream.log_artifact(sys.argv[1], artifact_path="models")
runstream.flush(level="accepted")
print(run.info.run_id)
"""

READ = """
import json, pathlib, sys
import runstream
client = runstream.MlflowClient()
run = client.get_run(sys.argv[1])
local = client.download_artifacts(run.info.run_id, "models", dst_path=sys.argv[2])
files = {p.name: str(p) for p in pathlib.Path(local).iterdir()}
print(json.dumps([run.info.status, run.data.params, run.data.tags["kind"], files]))
"""


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as new:
        yield new


def runstream(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("runstream")), *arguments],
        env=world.env,
        capture_output=True,
        text=True,
        check=False,
    )


def back_up_under_load(world: World, uri: str, folder: Path, target: Path) -> tuple[int, str]:
    """How many calls had returned and were accepted before; and their run."""
    counter = Counter(world.folder / "counter")
    run_file = world.folder / "run"
    trainer = world.popen(FLAT_OUT, str(run_file), str(world.folder / "counter"), "200000", uri=uri)
    try:
        eventually(lambda: counter.value() > 1000)
        before = eventually(lambda: len(history(world, uri, run_file.read_text())))
        done = runstream(world, "backup", str(folder), str(target))
        assert done.returncode == 0, done.stderr
    finally:
        trainer.kill()
        trainer.wait()
        counter.close()
    return before, run_file.read_text()


def test_a_backup_of_a_live_folder_can_be_served(world: World) -> None:
    original = world.server("data")
    model = world.folder / "model.bin"
    run_id = world.run(DONE, str(model), uri=original.uri).strip()
    target = world.folder / "backup"
    before, open_run = back_up_under_load(world, original.uri, original.folder, target)
    original.kill()

    restored = world.server("backup")

    points = history(world, restored.uri, run_id)
    assert_flat_out_points(points, 1000)
    answer = world.run(READ, run_id, str(world.folder), uri=restored.uri)
    status, params, kind, files = json.loads(answer)
    assert (status, params, kind) == ("FINISHED", {"lr": "0.1"}, "done")
    assert Path(files["model.bin"]).read_bytes() == model.read_bytes()
    # The other run was in the middle: what was visible before the backup, and then
    # a stretch without a hole.
    open_points = history(world, restored.uri, open_run)
    assert len(open_points) >= before
    assert_flat_out_points(open_points, len(open_points))
    verified = subprocess.run(
        [str(Path(sys.executable).with_name("runstream")), "runs", "verify", run_id],
        env=world.environment(restored.uri),
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "complete" in verified.stdout
    assert restored.close() == 0
