"""The command line under test."""

from __future__ import annotations

import pytest

from tests.unit.cli.fakes import CommandLine


@pytest.fixture
def runstream(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capsys)
