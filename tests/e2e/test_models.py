"""Inputs, outputs and logged models, from one process to another, on both sizes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.harness import World, new_world
from tests.servers.cluster import Engines

TRAIN = """
import json, pathlib
import runstream as mlflow
from runstream.entities import LoggedModelInput, LoggedModelOutput
mlflow.set_experiment("digits")
import numpy as np
array = np.arange(6.0).reshape(2, 3)
data = mlflow.data.from_numpy(array, source="https://host/x.npy", name="train")
pathlib.Path("w.bin").write_bytes(b"weights")
with mlflow.start_run() as run:
    mlflow.log_input(data, context="training", model=LoggedModelInput("m-" + "0" * 32))
    mlflow.log_metric("loss", 0.5, step=1, dataset=data)
    model = mlflow.initialize_logged_model("net", params={"lr": 0.1}, tags={"team": "red"})
    mlflow.MlflowClient().log_model_artifact(model.model_id, "w.bin")
    mlflow.log_outputs([LoggedModelOutput(model.model_id, step=2)])
    mlflow.log_metric("acc", 0.7, step=2, dataset=data)
    mlflow.log_metric("acc", 0.9, step=3)
    mlflow.finalize_logged_model(model.model_id, "READY")
other = mlflow.create_external_model("other")
print(json.dumps([run.info.run_id, model.model_id, other.model_id]))
"""

READ = """
import json, pathlib, sys
import runstream as mlflow
run_id, model_id, other_id = sys.argv[1:]
client = mlflow.MlflowClient()
mlflow.set_experiment("digits")
mlflow.set_logged_model_tags(model_id, {"seen": "yes"})
run, model = mlflow.get_run(run_id), mlflow.get_logged_model(model_id)
(data,) = run.inputs.dataset_inputs
acc = [(p.step, p.model_id, p.dataset_name) for p in client.get_metric_history(run_id, "acc")]
loss = run.data._metric_objs[-1]
def runs(text):
    return [r.info.run_id for r in mlflow.search_runs(filter_string=text, output_format="list")]
def models(text, **how):
    return [m.model_id for m in mlflow.search_logged_models(
        filter_string=text, output_format="list", **how)]
fetched = mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{model_id}/w.bin")
client.delete_logged_model(other_id)
print(json.dumps({
    "dataset": [data.dataset.name, data.dataset.source_type, data.dataset.profile is not None],
    "context": {tag.key: tag.value for tag in data.tags},
    "inputs": [m.model_id for m in run.inputs.model_inputs],
    "outputs": [[m.model_id, m.step] for m in run.outputs.model_outputs],
    "names": [loss.key, loss.dataset_name, loss.model_id],
    "acc": acc,
    "model": [model.name, str(model.status), model.params, model.tags["team"], model.tags["seen"],
              model.source_run_id, model.experiment_id == run.info.experiment_id],
    "metrics": [[m.key, m.value, m.dataset_name, m.run_id] for m in model.metrics],
    "by_dataset": [runs("datasets.name = 'train' AND datasets.context = 'training'"),
                   runs("datasets.name = 'test'")],
    "by_metric": [models("metrics.acc > 0.5", datasets=[{"dataset_name": "train"}]),
                  models("metrics.acc > 0.8")],
    "all": models(""),
    "summaries": [[s.name, s.context] for s in client._search_datasets([run.info.experiment_id])],
    "files": [f.path for f in client.list_logged_model_artifacts(model_id)],
    "bytes": pathlib.Path(fetched).read_text(),
    "location": model.artifact_location,
}))
"""


@pytest.fixture
def world(size: Engines | None) -> Iterator[World]:
    with new_world(engines=size) as new:
        yield new


def test_what_one_process_logs_another_one_reads(world: World) -> None:
    server = world.server()
    ids = json.loads(world.run(TRAIN, uri=server.uri))
    run_id, model_id = ids[:2]
    found = json.loads(world.run(READ, *ids, uri=server.uri))
    location = found.pop("location")
    assert location.endswith(f"/models/{model_id}/artifacts")
    assert found == {
        "dataset": ["train", "http", True],
        "context": {"mlflow.data.context": "training"},
        "inputs": ["m-" + "0" * 32],
        "outputs": [[model_id, 2]],
        "names": ["loss", "train", None],
        "acc": [[2, model_id, "train"], [3, None, None]],
        "model": ["net", "READY", {"lr": "0.1"}, "red", "yes", run_id, True],
        "metrics": [["acc", 0.7, "train", run_id]],
        "by_dataset": [[run_id], []],
        "by_metric": [[model_id], []],
        "all": [model_id],
        "summaries": [["train", "training"]],
        "files": ["w.bin"],
        "bytes": "weights",
    }
    if world.engines is None:
        named = next((world.folder / "data" / "artifacts").glob(f"*/models/{model_id}"))
        assert (named / "artifacts" / "w.bin").read_text() == "weights"
