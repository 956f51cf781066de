"""Starting, nesting, resuming and ending runs."""

from __future__ import annotations

import logging
import os
import threading

import pytest

import runstream
from runstream import _process
from runstream.exceptions import MlflowException
from runstream.v1 import events_pb2, tracking_pb2
from tests.unit.sdk.fakes import FakeAgent, spooled

pytestmark = pytest.mark.usefixtures("agent")
OTHER = "ab" * 16


def known(run_id: str = OTHER, stage: str = "active", experiment_id: str = "0") -> tracking_pb2.Run:
    return tracking_pb2.Run(
        info=tracking_pb2.RunInfo(
            run_id=run_id, experiment_id=experiment_id, lifecycle_stage=stage, run_name="old",
            status=events_pb2.FINISHED, start_time=5, end_time=9,
            artifact_uri=f"mlflow-artifacts:/{experiment_id}/{run_id}/artifacts",
        )
    )  # fmt: skip


def test_a_run_is_created_with_its_tags_and_ended() -> None:
    with runstream.start_run(
        run_name="first", tags={"team": 7}, description="why", experiment_id=3
    ) as run:
        assert runstream.active_run() is run
    assert runstream.active_run() is None
    found = spooled()
    created, tags, updated = found.of(run.info.run_id)
    assert created.run_created.experiment_id == "3"
    assert created.run_created.run_name == "first"
    assert created.run_created.start_time_ms == run.info.start_time
    assert created.run_created.user_id == run.info.user_id
    assert found.tags(run.info.run_id) == run.data.tags
    assert run.data.tags["team"] == "7"
    assert run.data.tags["mlflow.note.content"] == "why"
    assert run.data.tags["mlflow.runName"] == "first"
    assert tags.tags.set
    assert updated.run_updated.status == events_pb2.FINISHED
    assert updated.run_updated.end_time_ms >= created.run_created.start_time_ms
    assert found.closed == [run.info.run_id]
    assert found.runs[0].owned


def test_info_of_a_new_run() -> None:
    run = runstream.start_run()
    assert run.info.status == "RUNNING"
    assert run.info.experiment_id == "0"
    assert run.info.end_time is None
    assert run.info.artifact_uri == f"mlflow-artifacts:/0/{run.info.run_id}/artifacts"
    assert runstream.get_artifact_uri("a/b.txt") == f"{run.info.artifact_uri}/a/b.txt"
    assert run.info.run_name == run.data.tags["mlflow.runName"]
    assert spooled().runs[0].tracking_uri == f"file://{os.getcwd()}/runstream-data"


def test_starting_twice_is_a_plain_exception() -> None:
    runstream.start_run()
    with pytest.raises(Exception, match="is already active") as error:
        runstream.start_run()
    assert type(error.value) is Exception


def test_nested_runs_have_parents() -> None:
    with runstream.start_run() as parent:
        with runstream.start_run(nested=True) as child:
            assert runstream.active_run() is child
            with runstream.start_run(nested=True, parent_run_id=child.info.run_id) as grandchild:
                pass
        assert runstream.active_run() is parent
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert grandchild.data.tags["mlflow.parentRunId"] == child.info.run_id


def test_a_parent_must_be_the_innermost_run() -> None:
    runstream.start_run()
    with pytest.raises(MlflowException, match="does not match the specified parent_run_id"):
        runstream.start_run(nested=True, parent_run_id=OTHER)


def test_an_unknown_parent_is_looked_up(agent: FakeAgent) -> None:
    agent.refuse("Query/GetRun", "RESOURCE_DOES_NOT_EXIST", "no such run")
    with pytest.raises(MlflowException, match="no such run"):
        runstream.start_run(parent_run_id=OTHER)
    agent.answer("Query/GetRun", known())
    run = runstream.start_run(parent_run_id=OTHER)
    assert run.data.tags["mlflow.parentRunId"] == OTHER


def test_an_exception_fails_the_run() -> None:
    with pytest.raises(ZeroDivisionError), runstream.start_run() as run:
        raise ZeroDivisionError
    assert spooled().status(run.info.run_id) == "FAILED"


@pytest.mark.parametrize(
    ("code", "status"), [(None, "FINISHED"), (0, "FINISHED"), (2, "FAILED"), ("why", "FAILED")]
)
def test_exits_end_the_run_by_their_code(code: object, status: str) -> None:
    with pytest.raises(SystemExit), runstream.start_run() as run:
        raise SystemExit(code)
    assert spooled().status(run.info.run_id) == status


def test_leaving_a_block_ends_runs_left_open_inside() -> None:
    with runstream.start_run() as outer:
        inner = runstream.start_run(nested=True)
    assert runstream.active_run() is None
    assert spooled().status(inner.info.run_id) == "FINISHED"
    assert spooled().status(outer.info.run_id) == "FINISHED"


def test_end_run() -> None:
    runstream.end_run()  # without a run: nothing
    run = runstream.start_run()
    with pytest.raises(MlflowException, match="status"):
        runstream.end_run("DONE")
    runstream.end_run("KILLED")
    assert spooled().status(run.info.run_id) == "KILLED"


def test_logging_starts_a_run() -> None:
    runstream.log_param("a", 1)
    run = runstream.active_run()
    assert run is not None
    assert spooled().params(run.info.run_id) == {"a": "1"}


def test_the_stack_is_per_thread() -> None:
    run = runstream.start_run()
    seen: list[object] = []

    def other() -> None:
        seen.append(runstream.active_run())
        with runstream.start_run() as mine:
            runstream.log_metric("a", 1.0, step=1)
            seen.append(mine.info.run_id)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen[0] is None
    assert runstream.active_run() is run
    assert [point.run_id for point in spooled().points] == [seen[1]]


def test_resuming_is_a_new_attempt(agent: FakeAgent) -> None:
    agent.answer("Query/GetRun", known())
    with runstream.start_run(run_id=OTHER, run_name="new", tags={"again": 1}) as run:
        assert run.info.run_name == "old"
        assert run.info.status == "RUNNING"
        assert run.info.end_time == 9
    found = spooled()
    assert found.runs[0].owned
    assert found.runs[0].attempt_start_ms > 9
    resumed, renamed, _, ended = found.of(OTHER)
    assert resumed.run_updated.status == events_pb2.RUNNING
    assert not resumed.run_updated.HasField("end_time_ms")
    assert renamed.run_updated.run_name == "new"
    assert found.tags(OTHER) == {"again": "1"}
    assert ended.run_updated.status == events_pb2.FINISHED


@pytest.mark.parametrize("name", ["RUNSTREAM_RUN_ID", "MLFLOW_RUN_ID"])
def test_a_launcher_resumes_by_a_variable_once(
    agent: FakeAgent, fresh: pytest.MonkeyPatch, name: str
) -> None:
    agent.answer("Query/GetRun", known())
    fresh.setenv(name, OTHER)
    with runstream.start_run() as run:
        assert run.info.run_id == OTHER
        assert name not in os.environ
    with runstream.start_run() as another:
        assert another.info.run_id != OTHER


def test_a_deleted_run_is_not_resumed(agent: FakeAgent) -> None:
    agent.answer("Query/GetRun", known(stage="deleted"))
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        runstream.start_run(run_id=OTHER)


def test_resuming_goes_on_where_the_server_is_away(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "runstream"), runstream.start_run(run_id=OTHER) as run:
        assert run.info.run_id == OTHER
    assert len(caplog.records) == 1
    assert spooled().status(OTHER) == "FINISHED"


def test_resuming_in_another_experiment_than_the_chosen_one(agent: FakeAgent) -> None:
    agent.answer("Query/GetRun", known(experiment_id="7"))
    agent.answer(
        "Query/GetExperiment", tracking_pb2.Experiment(experiment_id="3", lifecycle_stage="active")
    )
    runstream.set_experiment(experiment_id="3")
    with pytest.raises(MlflowException, match="experiment"):
        runstream.start_run(run_id=OTHER)


def test_a_run_ended_here_can_go_on() -> None:
    with runstream.start_run() as run:
        runstream.log_param("a", 1)
    client = runstream.MlflowClient()
    client.log_metric(run.info.run_id, "late", 1.0)
    with pytest.raises(MlflowException, match="Changing param values"):
        client.log_param(run.info.run_id, "a", 2)
    found = spooled()
    assert [point.key for point in found.points] == ["late"]
    assert [definition.owned for definition in found.runs] == [True, False]


def test_system_metrics_are_refused_clearly() -> None:
    with pytest.raises(MlflowException, match="not implemented") as error:
        runstream.start_run(log_system_metrics=True)
    assert error.value.error_code == "NOT_IMPLEMENTED"
    runstream.start_run(log_system_metrics=False)


def test_bad_tags_start_nothing() -> None:
    with pytest.raises(MlflowException, match="Names may only contain"):
        runstream.start_run(tags={"b*d": 1})
    assert runstream.active_run() is None
    assert spooled().runs == []


def test_a_long_name_is_cut_as_the_tag_is(caplog: pytest.LogCaptureFixture) -> None:
    run = runstream.start_run(run_name="n" * 9000, tags={"mlflow.user": "u" * 300})
    assert run.info.run_name == run.data.tags["mlflow.runName"] == "n" * 8000
    created = spooled().of(run.info.run_id)[0].run_created
    assert (len(created.run_name), len(created.user_id)) == (8000, 256)


def test_a_description_and_its_tag_contradict() -> None:
    with pytest.raises(MlflowException, match="Description is already set"):
        runstream.start_run(tags={"mlflow.note.content": "a"}, description="b")


def test_last_active_run_is_fetched_fresh(agent: FakeAgent) -> None:
    assert runstream.last_active_run() is None
    with runstream.start_run() as run:
        pass
    agent.answer("Query/GetRun", known(run.info.run_id))
    last = runstream.last_active_run()
    assert last is not None
    assert last.info.status == "FINISHED"


def test_children_inherit_the_innermost_run_of_the_main_thread() -> None:
    assert "RUNSTREAM_INHERITED_RUN" not in os.environ
    with runstream.start_run(source="node=1") as outer:
        assert outer.info.run_id in os.environ["RUNSTREAM_INHERITED_RUN"]
        with runstream.start_run(nested=True) as inner:
            assert inner.info.run_id in os.environ["RUNSTREAM_INHERITED_RUN"]
        assert outer.info.run_id in os.environ["RUNSTREAM_INHERITED_RUN"]
    assert "RUNSTREAM_INHERITED_RUN" not in os.environ


def test_a_new_process_logs_to_the_inherited_run_and_never_ends_it(agent: FakeAgent) -> None:
    parent = runstream.start_run(source="node=1")
    _process.forget()  # as a fork: the environment stays, the state goes
    assert runstream.active_run() is None
    runstream.log_metric("a", 1.0, step=1)
    runstream.log_param("b", 2)
    runstream.end_run()
    with runstream.start_run() as own:
        assert "mlflow.parentRunId" not in own.data.tags
    with runstream.start_run(nested=True) as nested:
        assert nested.data.tags["mlflow.parentRunId"] == parent.info.run_id
    found = spooled()
    assert [point.run_id for point in found.points] == [parent.info.run_id]
    assert found.status(parent.info.run_id) == "RUNNING"
    child = found.runs[1] if found.runs[1].run_id == parent.info.run_id else found.runs[0]
    assert child.source == "node=1"
    assert not agent.requests
