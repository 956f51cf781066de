"""Scripts that `import mlflow`, as they are; and real loggers where they are installed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import runstream
from tests.e2e.harness import World

SCRIPT = """
import json, multiprocessing, subprocess, sys
import mlflow

def work(number):
    import mlflow
    with mlflow.start_run(run_name=f"spawned {number}"):
        mlflow.log_metric("number", number)
    return mlflow.__version__

if __name__ == "__main__":
    mlflow.set_experiment("as mlflow")
    with mlflow.start_run(run_name="parent"):
        mlflow.log_param("argument", sys.argv[1])
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            versions = pool.map(work, [1])
        child = "import mlflow, importlib.metadata as m; mlflow.start_run(run_name='child');"
        child += "print(m.version('mlflow'))"
        versions.append(subprocess.check_output([sys.executable, "-c", child], text=True).strip())
    print(json.dumps({"versions": versions, "argv": sys.argv, "path": sys.path[1]}))
"""


def run_script(world: World, code: str, *arguments: str, module: bool = False) -> dict[str, Any]:
    (world.folder / "script.py").write_text(code)
    named = ["-m", "script"] if module else ["script.py"]
    done = subprocess.run(
        [sys.executable, "-m", "runstream.as_mlflow", *named, *arguments],
        env=world.environment(runstream.get_tracking_uri(), PYTHONWARNINGS="default"),
        cwd=world.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize("module", [False, True])
def test_a_script_and_its_processes(world: World, module: bool) -> None:
    said = run_script(world, SCRIPT, "--x", module=module)
    assert said["versions"] == ["3.17.2", "3.17.2"]
    assert [Path(said["argv"][0]).name, *said["argv"][1:]] == ["script.py", "--x"]
    assert Path(said["path"]) == world.folder
    found = runstream.search_runs(experiment_names=["as mlflow"], output_format="list")
    assert isinstance(found, list)
    names = {run.info.run_name: run for run in found}
    assert {"parent", "spawned 1", "child"} <= set(names)
    assert names["parent"].data.params == {"argument": "--x"}
    assert names["spawned 1"].data.metrics == {"number": 1.0}


def test_without_a_script() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "runstream.as_mlflow"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: python -m runstream.as_mlflow script.py" in done.stderr


LIGHTNING = """
import json, os
from lightning.pytorch.loggers import MLFlowLogger
logger = MLFlowLogger("lightning", run_name="r", tracking_uri=os.environ["RUNSTREAM_TRACKING_URI"])
logger.log_hyperparams({"lr": 0.1})
logger.log_metrics({"loss": 0.5}, 3)
logger.finalize()
print(json.dumps({"run_id": logger.run_id}))
"""

TRANSFORMERS = """
import json
from types import SimpleNamespace
import mlflow
from transformers.integrations import MLflowCallback
args = SimpleNamespace(run_name="r", to_dict=lambda: {"lr": 0.1})
state = SimpleNamespace(is_world_process_zero=True, global_step=3)
callback = MLflowCallback()
callback.setup(args, state, None)
run_id = mlflow.active_run().info.run_id
callback.on_log(args, state, None, {"loss": 0.5})
callback.on_train_end(args, state, None)
print(json.dumps({"run_id": run_id}))
"""


@pytest.mark.parametrize(
    ("libraries", "code"),
    [(("lightning",), LIGHTNING), (("transformers", "torch"), TRANSFORMERS)],
)
def test_loggers_of_other_libraries(world: World, libraries: tuple[str, ...], code: str) -> None:
    """What they import is tested without them, in tests/unit/sdk/test_compat.py."""
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    run = runstream.get_run(run_script(world, code)["run_id"])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "r")
    assert (run.data.params["lr"], run.data.metrics) == ("0.1", {"loss": 0.5})
