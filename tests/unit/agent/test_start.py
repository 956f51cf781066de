"""Where no agent is started. Real ones: `tests/integration/agent`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runstream.agent import start
from runstream.agent.client import AgentClient, AgentUnavailable
from runstream.spool.folders import ScopeFolders
from runstream.v1 import spool_pb2

STATUS = spool_pb2.AgentRequest(status=spool_pb2.AgentStatusRequest())


def test_an_agent_starts_no_agent(folders: ScopeFolders) -> None:
    assert start.ensure_agent(folders, {"RUNSTREAM_AGENT": "1"})
    assert not start.agent_lives(folders)


def test_no_interpreter_no_agent_one_warning(
    folders: ScopeFolders, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_warned", False)
    nowhere = {"RUNSTREAM_AGENT_PYTHON": "/nowhere/python"}
    assert not start.ensure_agent(folders, nowhere)
    assert not start.ensure_agent(folders, nowhere)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    monkeypatch.setenv("RUNSTREAM_AGENT_PYTHON", "/nowhere/python")
    with pytest.raises(AgentUnavailable, match="no agent can be started"):
        AgentClient(folders).call(STATUS, 5)
    assert not start.agent_lives(folders)


def test_the_trainers_part_imports_little() -> None:
    code = (
        "import sys, runstream.agent.start, runstream.agent.client\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('grpc', 'google')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
