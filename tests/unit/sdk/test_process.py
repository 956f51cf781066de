"""State of a process: forks, what children inherit."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

import runstream
from runstream import _exports, _process
from runstream._inherited import InheritedRun, export_inherited, inherited_run
from tests.unit.sdk.fakes import FakeAgent, spooled


def in_fork(tmp_path: Path, *calls: str) -> list[str]:
    """Run expressions in a fork; their values as text."""
    answers = tmp_path / "answers"
    child = os.fork()
    if child == 0:
        try:
            found = [str(eval(call, {"runstream": runstream, "os": os})) for call in calls]
            answers.write_text("\n".join(found))
        except BaseException as error:
            answers.write_text(f"raised {error!r}")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return answers.read_text().split("\n")


def test_a_fork_has_no_active_run_and_logs_to_the_inherited_one(
    agent: FakeAgent, tmp_path: Path
) -> None:
    run = runstream.start_run(source="node=1")
    runstream.log_metric("m", 1.0, step=1)
    answers = in_fork(
        tmp_path,
        "runstream.log_metric('m', 2.0, step=2)",
        "runstream.log_metrics({'m': 3.0}, step=3)",
        "runstream.log_param('from', 'child')",
        "runstream.active_run()",
        "runstream.end_run()",
    )
    assert answers[3] == "None"
    runstream.log_metric("m", 4.0, step=4)
    found = spooled()
    assert sorted(point.value for point in found.points) == [1.0, 2.0, 3.0, 4.0]
    assert {point.run_id for point in found.points} == {run.info.run_id}
    assert {definition.source for definition in found.runs} == {"node=1"}
    assert sorted(definition.owned for definition in found.runs) == [False, True]
    assert found.params(run.info.run_id) == {"from": "child"}
    assert found.status(run.info.run_id) == "RUNNING"
    assert runstream.active_run() is run


def test_a_fork_starts_runs_of_its_own(agent: FakeAgent, tmp_path: Path) -> None:
    parent = runstream.start_run()
    (run_id,) = in_fork(tmp_path, "runstream.start_run().info.run_id")
    assert len(run_id) == 32
    assert run_id != parent.info.run_id
    assert "mlflow.parentRunId" not in spooled().tags(run_id)


def test_leaving_the_parents_block_in_a_fork_ends_nothing(
    agent: FakeAgent, tmp_path: Path, fresh: pytest.MonkeyPatch
) -> None:
    run = runstream.start_run()
    fresh.setattr(runstream, "left_here", run, raising=False)
    in_fork(tmp_path, "runstream.left_here.__exit__(None, None, None)")
    assert spooled().status(run.info.run_id) == "RUNNING"


def test_an_inherited_run_travels_as_text(fresh: pytest.MonkeyPatch) -> None:
    for run in (
        InheritedRun("1" * 32, "file:///a b/c", 17, ""),
        InheritedRun("2" * 32, "http://h:1", 0, "rank=1"),
    ):
        export_inherited(run)
        assert inherited_run(os.environ) == run
    export_inherited(None)
    assert inherited_run(os.environ) is None
    assert inherited_run({"RUNSTREAM_INHERITED_RUN": "nonsense"}) is None


def test_a_child_without_a_uri_goes_where_the_inherited_run_is(agent: FakeAgent) -> None:
    run = InheritedRun("1" * 32, "http://there:5000", 17, "")
    export_inherited(run)
    _process.forget()
    assert runstream.get_tracking_uri() == "http://there:5000"
    runstream.log_metric("m", 1.0)
    (definition,) = spooled().runs
    assert (definition.run_id, definition.attempt_start_ms) == (run.run_id, 17)
    assert definition.tracking_uri == "http://there:5000"


def test_exports_reach_children_of_a_fork_server(fresh: pytest.MonkeyPatch) -> None:
    # A child gets its environment from the fork server, its settings from the parent.
    _exports.export("RUNSTREAM_EXPERIMENT_ID", "7")
    _exports.export("RUNSTREAM_EXPERIMENT_NAME", None)
    settings = vars(multiprocessing.Process())["_config"]
    fresh.setenv("RUNSTREAM_EXPERIMENT_ID", "stale")
    fresh.setenv("RUNSTREAM_EXPERIMENT_NAME", "stale")
    _exports.receive()  # not a child: nothing
    assert os.environ["RUNSTREAM_EXPERIMENT_ID"] == "stale"
    _exports.apply(settings)
    assert os.environ["RUNSTREAM_EXPERIMENT_ID"] == "7"
    assert "RUNSTREAM_EXPERIMENT_NAME" not in os.environ


def test_set_tracking_uri_is_for_children_too(fresh: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert runstream.get_tracking_uri() == f"file://{tmp_path}/runstream-data"
    assert not runstream.is_tracking_uri_set()
    runstream.set_tracking_uri("runs")
    assert os.environ["RUNSTREAM_TRACKING_URI"] == f"file://{tmp_path}/runs"
    assert runstream.get_tracking_uri() == f"file://{tmp_path}/runs"
    assert runstream.is_tracking_uri_set()
    runstream.set_tracking_uri("")
    assert "RUNSTREAM_TRACKING_URI" not in os.environ
    fresh.setenv("MLFLOW_TRACKING_URI", "http://h:1/")
    assert runstream.get_tracking_uri() == "http://h:1"


def test_a_relative_folder_is_fixed_at_its_first_use(
    fresh: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = runstream.get_tracking_uri()
    (tmp_path / "elsewhere").mkdir()
    fresh.chdir(tmp_path / "elsewhere")
    assert runstream.get_tracking_uri() == first


def test_importing_makes_no_state() -> None:
    # A child of a fork server imports before it knows its parent.
    code = "import runstream; from runstream import _process; print(_process.mark[0])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "0"
