"""Artifacts from the call to the download, through spool, ticket and folder."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.harness import World, eventually, new_world
from tests.servers.cluster import Engines

LOG = """
import json, os, pathlib, sys
import runstream
base = pathlib.Path(sys.argv[1])
(base / "tree/deep/er").mkdir(parents=True)
big = os.urandom(5_000_001)
(base / "model.bin").write_bytes(big)
(base / "tree/a.txt").write_text("a")
(base / "tree/deep/er/ü 日本.txt").write_text("b")
(base / "tree/empty").write_bytes(b"")
with runstream.start_run() as run:
    runstream.log_artifact(str(base / "model.bin"))
    runstream.log_artifact(base / "model.bin", artifact_path="models/v1")
    runstream.log_artifacts(str(base / "tree"), artifact_path="tree")
    runstream.log_text("first", "notes/note.txt")
    runstream.log_text("second", "notes/note.txt")
    runstream.log_dict({"a": [1, 2]}, "conf/a.json")
    # The bytes are those of the moment of the call.
    (base / "model.bin").write_bytes(b"changed after the call")
(base / "expected.bin").write_bytes(big)
print(run.info.run_id)
"""

READ = """
import json, pathlib, sys
import runstream
from runstream.tracking import MlflowClient
client, run_id, out = MlflowClient(), sys.argv[1], sys.argv[2]
def walk(path=None):
    for item in client.list_artifacts(run_id, path):
        if item.is_dir:
            yield from walk(item.path)
        else:
            yield item.path, item.file_size
listed = dict(walk())
local = client.download_artifacts(run_id, "", dst_path=out)
print(json.dumps({"listed": listed, "local": local}))
"""


@pytest.fixture
def world(size: Engines | None) -> Iterator[World]:
    with new_world(engines=size) as new:
        yield new


def _check(world: World, uri: str, run_id: str) -> None:
    out = world.folder / "out"
    out.mkdir()
    answer = json.loads(world.run(READ, run_id, str(out), uri=uri))
    expected = {
        "model.bin": (world.folder / "expected.bin").read_bytes(),
        "models/v1/model.bin": (world.folder / "expected.bin").read_bytes(),
        "tree/a.txt": b"a",
        "tree/deep/er/ü 日本.txt": b"b",
        "tree/empty": b"",
        "notes/note.txt": b"second",
    }
    listed = answer["listed"]
    assert set(listed) == {*expected, "conf/a.json"}
    for path, content in expected.items():
        assert listed[path] == len(content), path
        assert (out / path).read_bytes() == content, path
    assert json.loads((out / "conf/a.json").read_text()) == {"a": [1, 2]}


def test_artifacts_come_back_as_they_were_at_the_call(world: World) -> None:
    server = world.server()
    run_id = world.run(LOG, str(world.folder), uri=server.uri).strip()
    _check(world, server.uri, run_id)
    if world.engines is not None:
        return  # no plain files there
    plain = server.folder / "artifacts" / "0" / run_id / "artifacts" / "notes" / "note.txt"
    assert plain.read_text() == "second"


def test_artifacts_logged_while_the_server_is_away_arrive_later(world: World) -> None:
    server = world.server(start=False)
    run_id = world.run(LOG, str(world.folder), uri=server.uri).strip()
    server.start()
    _check(world, server.uri, run_id)


def test_artifacts_survive_kills_of_agent_and_server(world: World) -> None:
    server = world.server()
    run_id = world.run(LOG, str(world.folder), uri=server.uri).strip()
    for _ in range(3):
        for pid in world.agents():
            os.kill(pid, signal.SIGKILL)
        server.kill()
        server.start()
    _check(world, server.uri, run_id)


BAD_PATHS = """
import runstream
from runstream.exceptions import MlflowException
refused = []
with runstream.start_run():
    for path in ("../up.txt", "/abs.txt", "a/../../b.txt", "a//b.txt", "./a.txt", ""):
        try:
            runstream.log_text("x", path)
        except MlflowException as error:
            refused.append((path, error.error_code))
print(len(refused), {code for _, code in refused})
"""


def test_paths_that_leave_the_run_are_refused(world: World) -> None:
    server = world.server()
    answer = world.run(BAD_PATHS, uri=server.uri)
    assert answer.strip() == "6 {'INVALID_PARAMETER_VALUE'}"
    assert not (server.folder / "artifacts" / "up.txt").exists()


def test_a_large_file_travels_in_constant_memory(world: World) -> None:
    server = world.server()
    size_bytes = 256 << 20
    code = """
import runstream, sys
path = sys.argv[1]
with open(path, "wb") as file:
    for k in range(256):
        file.write(bytes([k]) * (1 << 20))
with runstream.start_run() as run:
    runstream.log_artifact(path)
runstream.flush(level="accepted", timeout=120)
local = runstream.MlflowClient().download_artifacts(run.info.run_id, "big.bin", sys.argv[2])
import hashlib
def digest(p):
    h = hashlib.sha256()
    with open(p, "rb") as f:
        while block := f.read(1 << 20):
            h.update(block)
    return h.hexdigest()
assert digest(path) == digest(local)
print(run.info.run_id)
"""
    out = world.folder / "out"
    out.mkdir()
    world.run(code, str(world.folder / "big.bin"), str(out), uri=server.uri, timeout=180)
    assert (out / "big.bin").stat().st_size == size_bytes
    if server.process is not None:
        peak = _peak_mb(server.process.pid)
        assert peak < 700, f"{peak} MB"
    eventually(world.agents)
    assert max(_peak_mb(pid) for pid in world.agents()) < 300


def _peak_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    raise AssertionError(f"no VmHWM of {pid}")
