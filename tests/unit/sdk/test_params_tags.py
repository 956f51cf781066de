"""Params and tags: text, conflicts, all or nothing."""

from __future__ import annotations

import pytest

import runstream
from runstream import _limits as limits
from runstream.exceptions import MlflowException
from runstream.v1 import spool_pb2
from tests.unit.sdk.fakes import FakeAgent, spooled

pytestmark = pytest.mark.usefixtures("agent")


def test_log_param_returns_the_value() -> None:
    run = runstream.start_run()
    value = [1, 2]
    assert runstream.log_param("layers", value) is value
    assert spooled().params(run.info.run_id) == {"layers": "[1, 2]"}


def test_params_are_written_once() -> None:
    run = runstream.start_run()
    runstream.log_params({"a": 1, "b": None})
    runstream.log_param("a", "1")
    with pytest.raises(MlflowException, match="Changing param values is not allowed") as error:
        runstream.log_params({"c": 3, "a": 2})
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    assert spooled().params(run.info.run_id) == {"a": "1", "b": "None"}


def test_one_bad_param_refuses_all() -> None:
    run = runstream.start_run()
    with pytest.raises(MlflowException, match="Names may only contain"):
        runstream.log_params({"good": 1, "b*d": 2})
    assert spooled().params(run.info.run_id) == {}


def test_many_params_are_cut_into_events() -> None:
    run = runstream.start_run()
    runstream.log_params({f"p{number}": "v" * 5000 for number in range(200)})
    found = spooled()
    sizes = [e.ByteSize() for e in found.of(run.info.run_id) if e.params.params]
    assert len(found.params(run.info.run_id)) == 200
    assert len(sizes) > 1
    assert max(sizes) < 2 * limits.EVENT_BYTES


def test_long_values_may_be_refused(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("MLFLOW_TRUNCATE_LONG_VALUES", "false")
    with pytest.raises(MlflowException, match="exceeds the maximum length of 6000 characters"):
        runstream.log_param("a", "v" * 6001)


def test_tags() -> None:
    run = runstream.start_run()
    runstream.set_tag("a", 1)
    runstream.set_tags({"a": 2, "b": 3})
    runstream.delete_tag("b")
    runstream.delete_tag("never-set")
    tags = spooled().tags(run.info.run_id)
    assert tags["a"] == "2"
    assert "b" not in tags
    with pytest.raises(MlflowException, match="key"):
        runstream.set_tag("", 1)


def test_waiting_for_params_and_tags(agent: FakeAgent) -> None:
    agent.answer("flush", spool_pb2.AgentResponse())
    assert runstream.log_param("a", 5, synchronous=True) == 5
    assert runstream.set_tag("a", 5, synchronous=True) is None
    assert len(agent.asked("flush")) == 2
    waiting = runstream.log_params({"b": 1}, synchronous=False)
    assert waiting is not None
    waiting.wait()
    assert len(agent.asked("flush")) == 3
