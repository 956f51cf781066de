from __future__ import annotations

import json

from runstream.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Run,
    RunInputs,
    RunOutputs,
)
from tests.unit.cli.fakes import RUN_A, CommandLine

MODEL = LoggedModel(
    experiment_id="1",
    model_id="m-" + "1" * 32,
    name="net",
    artifact_location="mlflow-artifacts:/1/models/m/artifacts",
    creation_timestamp=0,
    last_updated_timestamp=0,
    model_type="tree",
    source_run_id=RUN_A.info.run_id,
    status=LoggedModelStatus.READY,
    tags={"team": "red"},
    params={"lr": "0.1"},
    metrics=[Metric("acc", float("nan"), 1, step=3, dataset_name="iris", run_id="r")],
)


def test_list(runstream: CommandLine) -> None:
    runstream.client.models = [MODEL]
    header, row = (line.split("\t") for line in runstream("models list").splitlines())
    assert header == ["model", "name", "type", "status", "created", "run"]
    assert row[:4] == [MODEL.model_id, "net", "tree", "READY"]
    runstream("models list -x digits -f \"name = 'net'\" -m 5")
    assert runstream.client.asked[-1] == {"ids": ["1"], "filter": "name = 'net'", "max_results": 5}
    (model,) = json.loads(runstream("models list --json"))["models"]
    assert model["info"]["status"] == "LOGGED_MODEL_READY"


def test_show(runstream: CommandLine) -> None:
    runstream.client.models = [MODEL]
    printed = runstream(f"models show {MODEL.model_id}")
    for line in ("status\tREADY\n", "lr\t0.1\n", "acc\tnan\t3\tiris\tr\n", "team\tred\n"):
        assert line in printed
    model = json.loads(runstream(f"models show {MODEL.model_id} --json"))["model"]
    assert model["data"]["metrics"][0]["value"] == "NaN"


def test_a_run_shows_what_it_read_and_wrote(runstream: CommandLine) -> None:
    data = Dataset("iris", "d1", "local", "x.csv")
    inputs = RunInputs(
        [DatasetInput(data, [InputTag("mlflow.data.context", "train")])],
        [LoggedModelInput("m-in")],
    )
    outputs = RunOutputs([LoggedModelOutput("m-out", 4)])
    runstream.client.runs = [Run(RUN_A.info, RUN_A.data, inputs, outputs)]
    printed = runstream(f"runs show {RUN_A.info.run_id}")
    for line in ("iris\td1\ttrain\tx.csv\n", "m-in\tread\t\n", "m-out\twritten\t4\n"):
        assert line in printed
    whole = json.loads(runstream(f"runs describe {RUN_A.info.run_id}"))
    assert whole["inputs"]["dataset_inputs"][0]["dataset"]["name"] == "iris"
    assert whole["outputs"]["model_outputs"] == [{"model_id": "m-out", "step": 4}]
