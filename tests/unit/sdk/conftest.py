"""The SDK in a fresh process state, with a spool of its own and a fake agent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runstream import _experiment_choice, _notices, _process, _stack, _tracking_uri
from runstream._config import config
from tests.unit.sdk.fakes import FakeAgent

_EXPORTED = ("RUNSTREAM_EXPERIMENT", "RUNSTREAM_TRACKING", "RUNSTREAM_INHERITED")


def forget_everything() -> None:
    """Be as a process that has just imported the SDK."""
    for name in list(os.environ):
        if name.startswith(_EXPORTED):
            del os.environ[name]
    config.cache_clear()
    _experiment_choice.forget()
    _tracking_uri.forget()
    _notices.forget()
    _process.forget()
    _stack.forget()


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A fresh state; variables set through it count. No real agent starts."""
    monkeypatch.setenv("RUNSTREAM_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("RUNSTREAM_AGENT", "1")
    monkeypatch.chdir(tmp_path)
    forget_everything()
    yield monkeypatch
    forget_everything()


@pytest.fixture
def agent(fresh: pytest.MonkeyPatch) -> FakeAgent:
    """Who answers the calls of the SDK in this test."""
    fake = FakeAgent()
    _process.this_process().use_agent(fake)
    return fake
