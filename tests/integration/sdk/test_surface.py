"""The whole surface once, through an agent and a server."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pandas as pd
import pytest

import runstream
from runstream.entities import RunInfo, ViewType
from runstream.exceptions import MlflowException
from tests.e2e.harness import World

pytestmark = pytest.mark.usefixtures("world")
RED = np.full((3, 4, 3), (255, 0, 0), np.uint8)


def test_images_streams_and_their_loading() -> None:
    with runstream.start_run() as run:
        runstream.log_image(RED, "red.png")
        runstream.log_image(RED, key="epochs", step=1)
        runstream.log_stream(io.BytesIO(b"\xff\x00"), "s.bin")
        runstream.log_text("täxt", "t.txt")
        runstream.log_dict({"a": [1, None]}, "d.json")
    of = f"runs:/{run.info.run_id}"
    artifacts = runstream.artifacts
    assert (np.array(artifacts.load_image(f"{of}/red.png")) == RED).all()
    assert artifacts.load_text(f"{of}/t.txt") == "täxt"
    assert artifacts.load_dict(f"{of}/d.json") == {"a": [1, None]}
    assert len(artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="images")) == 2
    for name, load in (
        ("s.bin", artifacts.load_text), ("t.txt", artifacts.load_dict),
        ("t.txt", artifacts.load_image),
    ):  # fmt: skip
        with pytest.raises(MlflowException) as caught:
            load(f"{of}/{name}")
        assert caught.value.error_code == "BAD_REQUEST"


def test_tables_of_many_runs() -> None:
    experiment = runstream.set_experiment("tables")
    ids = []
    for number in range(2):
        with runstream.start_run() as run:
            runstream.log_metric("m", number)
            runstream.log_table({"n": [number], "t": ["1"]}, "t_t.json")
            runstream.log_table({"n": [number + 10]}, "t_t.json")
        ids.append(run.info.run_id)
    table = runstream.load_table("t_t.json", extra_columns=["run_id", "metrics.m"])
    expected = {(ids[n], n + k, float(n)) for n in range(2) for k in (0, 10)}
    assert set(zip(table["run_id"], table["n"], table["metrics.m"], strict=True)) == expected
    client = runstream.MlflowClient()
    one = client.load_table(experiment.experiment_id, "t_t.json", run_ids=[ids[1]])
    assert list(one["n"]) == [1, 11]
    with pytest.raises(KeyError):
        runstream.load_table("t_t.json", extra_columns=["nope"])
    with pytest.raises(MlflowException, match="No runs found"):
        runstream.load_table("other.json")


def test_a_table_of_a_run_that_another_process_made(world: World) -> None:
    made = "import runstream\nwith runstream.start_run() as r:\n" \
           "    runstream.log_table({'a': [1]}, 'x.parquet')\nprint(r.info.run_id)"  # fmt: skip
    uri = runstream.get_tracking_uri()
    run_id = world.run(made, uri=uri).strip()
    runstream.log_table(pd.DataFrame({"a": [2]}), "x.parquet", run_id=run_id)
    table = runstream.MlflowClient().load_table("0", "x.parquet", run_ids=[run_id])
    assert list(table["a"]) == [1, 2]


def test_a_history_as_columns() -> None:
    count = 200_000
    values = np.sin(np.arange(count))
    with runstream.start_run() as run:
        runstream.log_metrics({"a": values, "b": -values}, step=np.arange(count), timestamp=5)
    history = runstream.MlflowClient().get_metric_history(run.info.run_id, "b")
    history.sort(key=lambda point: point.step)
    assert [point.step for point in history] == list(range(count))
    assert [point.value for point in history] == list(-values + 0.0)
    assert runstream.get_run(run.info.run_id).data.metrics["a"] == values[-1]


def test_former_names() -> None:
    with runstream.start_run() as run:
        pass
    client = runstream.MlflowClient()
    found = runstream.list_experiments(view_type=ViewType.ALL)
    assert {e.experiment_id for e in found} == {e.experiment_id for e in client.list_experiments()}
    where = run.info.experiment_id
    infos = runstream.list_run_infos(where)
    assert all(isinstance(info, RunInfo) for info in infos)
    assert [i.run_id for i in infos] == [i.run_id for i in client.list_run_infos(where)]
    assert run.info.run_id in {info.run_id for info in infos}


def test_what_reads_return_can_be_pickled() -> None:
    with runstream.start_run(tags={"t": "x"}) as run:
        runstream.log_metric("m", 1.0)
        runstream.log_param("p", 2)
    read = runstream.get_run(run.info.run_id)
    assert pickle.loads(pickle.dumps(read)) == read
    assert dict(read.info)["run_id"] == read.info.run_id
    assert read.to_dictionary()["data"]["params"] == {"p": "2"}
    found = runstream.MlflowClient().search_runs(["0"], max_results=1)
    assert pickle.loads(pickle.dumps(found)).token == found.token
