"""Waiting for what was logged."""

from __future__ import annotations

import pytest

import runstream
from runstream.entities import Position
from runstream.exceptions import MlflowException
from runstream.v1 import spool_pb2, tracking_pb2
from tests.unit.sdk.fakes import FakeAgent


def arrived(**more: object) -> spool_pb2.AgentResponse:
    offsets = [tracking_pb2.PartitionOffset(log="events", partition=2, next_offset=7)]
    position = tracking_pb2.Position(log_id="log", offsets=offsets)
    return spool_pb2.AgentResponse(position=position, **more)  # type: ignore[arg-type]


def test_it_returns_the_position(agent: FakeAgent) -> None:
    assert runstream.flush() == Position()  # nothing was logged
    run = runstream.start_run()
    agent.answer("flush", arrived())
    assert runstream.flush("materialized", timeout=5) == Position("log", {("events", 2): 7})
    request = spool_pb2.AgentFlush.FromString(agent.asked("flush")[0])
    assert request.level == "materialized"
    assert 0 < request.timeout_ms <= 5000
    assert len(request.producer_id) == 16
    assert run.info.run_id
    runstream.flush_async_logging()


def test_time_is_up(agent: FakeAgent) -> None:
    runstream.start_run()
    agent.refuse("flush", "DEADLINE_EXCEEDED", "3 points are not accepted")
    with pytest.raises(MlflowException, match="3 points") as error:
        runstream.flush(timeout=0)
    assert error.value.error_code == "DEADLINE_EXCEEDED"


def test_without_an_agent_it_is_the_same_error(agent: FakeAgent) -> None:
    runstream.start_run()
    with pytest.raises(MlflowException, match="in the spool") as error:
        runstream.flush(timeout=0)
    assert error.value.error_code == "DEADLINE_EXCEEDED"


def test_refusals_are_raised(agent: FakeAgent) -> None:
    runstream.start_run()
    agent.answer("flush", arrived(refusals=["param a: no", "tag b: no"]))
    with pytest.raises(MlflowException, match=r"2 refused for good.*param a: no tag b: no"):
        runstream.flush()


def test_levels(agent: FakeAgent) -> None:
    with pytest.raises(MlflowException, match="accepted, materialized"):
        runstream.flush("spooled")


def test_offline_waits_for_nothing(agent: FakeAgent, fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("RUNSTREAM_MODE", "offline")
    runstream.log_metric("a", 1.0, synchronous=True)
    assert not agent.requests
