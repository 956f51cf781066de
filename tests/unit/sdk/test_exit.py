"""The end of a process."""

from __future__ import annotations

import sys

import pytest

import runstream
from runstream import _exit
from runstream._process import this_process
from runstream.v1 import spool_pb2
from tests.unit.sdk.fakes import FakeAgent, spooled


@pytest.fixture(autouse=True)
def _no_wait(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("RUNSTREAM_EXIT_WAIT", "never")


def test_open_runs_are_ended_innermost_first(agent: FakeAgent) -> None:
    outer = runstream.start_run()
    inner = runstream.start_run(nested=True)
    client_run = runstream.MlflowClient().create_run("0")
    _exit.end_process(this_process())
    found = spooled()
    assert found.status(outer.info.run_id) == "FINISHED"
    assert found.status(inner.info.run_id) == "FINISHED"
    assert found.status(client_run.info.run_id) == "RUNNING"
    assert found.closed == [inner.info.run_id, outer.info.run_id, client_run.info.run_id]
    assert found.ended_processes == 1
    assert not agent.requests


def test_an_unhandled_exception_fails_them(
    agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runstream.start_run()
    monkeypatch.setattr(sys, "last_value", ZeroDivisionError(), raising=False)
    _exit.end_process(this_process())
    assert spooled().status(run.info.run_id) == "FAILED"


def test_a_traceback_in_a_console_fails_nothing(
    agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runstream.start_run()
    monkeypatch.setattr(sys, "last_value", ZeroDivisionError(), raising=False)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    _exit.end_process(this_process())
    assert spooled().status(run.info.run_id) == "FINISHED"


def test_it_happens_once(agent: FakeAgent) -> None:
    run = runstream.start_run()
    _exit.end_process(this_process(), "KILLED")
    _exit.end_process(this_process(), "FINISHED")
    found = spooled()
    assert found.status(run.info.run_id) == "KILLED"
    assert found.closed == [run.info.run_id]


def test_what_is_logged_later_goes_to_the_run_still(agent: FakeAgent) -> None:
    run = runstream.start_run()
    _exit.end_process(this_process())
    runstream.log_metric("late", 1.0, step=1)
    runstream.log_param("late", 1)
    found = spooled()
    assert [(p.run_id, p.key) for p in found.points] == [(run.info.run_id, "late")]
    assert found.params(run.info.run_id) == {"late": "1"}
    assert len(found.runs) == 1


def test_a_process_that_logged_nothing_makes_no_spool(agent: FakeAgent) -> None:
    _exit.end_process(this_process())
    assert not this_process().has_spool()


def test_waiting_for_the_whole_scope(agent: FakeAgent, fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("RUNSTREAM_EXIT_WAIT", "always")
    agent.answer("flush", spool_pb2.AgentResponse())
    runstream.log_param("a", 1)
    _exit.end_process(this_process())
    (content,) = agent.asked("flush")
    assert spool_pb2.AgentFlush.FromString(content).producer_id == b""


def test_giving_up_on_a_server_that_is_away_says_what_stays(
    agent: FakeAgent, fresh: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh.setenv("RUNSTREAM_EXIT_WAIT", "always")
    fresh.setenv("RUNSTREAM_EXIT_TIMEOUT", "0")
    runstream.log_metric("a", 1.0, step=1)
    runstream.log_metric("a", 1.0, step=2)
    _exit.end_process(this_process())
    (line,) = capsys.readouterr().err.splitlines()
    assert "2 points" in line
    assert "runstream agent drain" in line


@pytest.mark.parametrize("environ", [{"SLURM_STEP_ID": "0"}, {"PBS_JOBID": "1"}])
def test_an_agent_does_not_outlive_a_job_step(environ: dict[str, str]) -> None:
    assert not _exit.agent_outlives(environ)
