"""Everything on a laptop: a folder as tracking URI, no server to install."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.harness import Server, World, eventually, is_alive, new_world

TRAIN = """
import runstream as mlflow
mlflow.set_experiment("digits")
with mlflow.start_run(run_name="first") as run:
    mlflow.log_param("lr", 0.1)
    mlflow.set_tag("stage", "test")
    for step in range(100):
        mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
    mlflow.log_text("hello", "note.txt")
print(run.info.run_id)
"""

READ = """
import json, sys
import runstream as mlflow
run = mlflow.get_run(sys.argv[1])
found = mlflow.search_runs(
    experiment_names=["digits"],
    filter_string="metrics.loss < 0.5 and params.lr = '0.1'",
    output_format="list",
)
print(json.dumps({
    "status": run.info.status,
    "params": run.data.params,
    "metrics": run.data.metrics,
    "stage": run.data.tags["stage"],
    "experiment": mlflow.get_experiment(run.info.experiment_id).name,
    "found": [r.info.run_id for r in found],
    "points": len(mlflow.MlflowClient().get_metric_history(sys.argv[1], "loss")),
}))
"""


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as new:
        yield new


def _expected(run_id: str) -> dict[str, object]:
    return {
        "status": "FINISHED",
        "params": {"lr": "0.1"},
        "metrics": {"loss": 0.01},
        "stage": "test",
        "experiment": "digits",
        "found": [run_id],
        "points": 100,
    }


@pytest.mark.parametrize("uri", ["", "here", "file:here", "sqlite:///x.db"])
def test_nothing_to_install(world: World, uri: str) -> None:
    run_id = world.run(TRAIN, uri=uri).strip()
    assert json.loads(world.run(READ, run_id, uri=uri)) == _expected(run_id)
    folder = {"": "runstream-data", "sqlite:///x.db": "x.db.runstream"}.get(uri, "here")
    assert (world.folder / folder / "log.sqlite").exists()


def test_a_server_takes_a_folder_over_from_the_agent(world: World) -> None:
    run_id = world.run(TRAIN, uri=str(world.folder / "data")).strip()
    server = world.server("data")
    assert json.loads(world.run(READ, run_id, uri=server.uri)) == _expected(run_id)
    second = world.run(TRAIN, uri=str(world.folder / "data")).strip()
    assert second != run_id
    assert json.loads(world.run(READ, second, uri=server.uri))["points"] == 100


def test_two_servers_on_one_folder_are_refused(world: World) -> None:
    server = world.server()
    other = Server(server.folder, world.env)
    command = [sys.executable, "-m", "runstream_server", "server", str(server.folder)]
    command += ["--port", str(other.port), "--grpc-port", str(other.grpc_port)]
    done = subprocess.run(
        command, env=world.env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert str(server.folder) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_a_newer_version_is_refused(world: World) -> None:
    server = world.server()
    assert server.close() == 0
    (server.folder / "FORMAT").write_text("999\n")
    command = [sys.executable, "-m", "runstream_server", "server", str(server.folder)]
    done = subprocess.run(
        command, env=world.env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "999" in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_drains_and_ends_well(world: World) -> None:
    server = world.server()
    run_id = world.run(TRAIN, uri=server.uri).strip()
    world.run("import runstream; runstream.flush(level='accepted', timeout=30)", uri=server.uri)
    assert server.close() == 0
    server.start()
    assert json.loads(world.run(READ, run_id, uri=server.uri)) == _expected(run_id)


def test_a_killed_embedded_server_is_started_again(world: World) -> None:
    uri = str(world.folder / "data")
    run_id = world.run(TRAIN, uri=uri).strip()
    info = world.folder / "data" / "server.json"
    pid = int(json.loads(eventually(lambda: info.exists() and info.read_text()))["pid"])
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not is_alive(pid))
    assert json.loads(world.run(READ, run_id, uri=uri)) == _expected(run_id)


def test_an_mlflow_store_is_never_written(world: World) -> None:
    store = world.folder / "mlruns"
    (store / "0").mkdir(parents=True)
    (store / "0" / "meta.yaml").write_text("artifact_location: x\nname: Default\n")
    before = sorted(path.name for path in store.rglob("*"))
    run_id = world.run(TRAIN, uri="mlruns").strip()
    assert json.loads(world.run(READ, run_id, uri="mlruns")) == _expected(run_id)
    after = {path.name for path in store.iterdir()} - {".runstream"}
    assert after == {"0"}
    assert sorted(path.name for path in (store / "0").rglob("*")) == ["meta.yaml"]
    assert "meta.yaml" in before


@pytest.mark.parametrize("uri", ["postgresql://h/db", "databricks", "uc:x", "mysql://h/db"])
def test_foreign_stores_are_refused_with_advice(world: World, uri: str) -> None:
    code = """
import sys
import runstream
from runstream.exceptions import MlflowException
try:
    runstream.set_tracking_uri(sys.argv[1])
except MlflowException as error:
    print(error.error_code, "|", error.message)
"""
    answer = world.run(code, uri).strip()
    assert answer.startswith("INVALID_PARAMETER_VALUE")
    assert "runstream server" in answer or "http" in answer
