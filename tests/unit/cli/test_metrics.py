from __future__ import annotations

import io
import json
import math

import pytest
from rich.console import Console

from runstream.cli.root import run
from runstream.entities import Metric
from tests.unit.cli.fakes import RUN_A, STARTED_MS, CommandLine

A = RUN_A.info.run_id


@pytest.fixture(autouse=True)
def _points(runstream: CommandLine) -> None:
    runstream.client.points = [
        Metric("loss", 1 / 3, STARTED_MS, 0, source="rank=0"),
        Metric("loss", math.inf, STARTED_MS + 1, 1, source="rank=1"),
    ]


def test_history_in_a_pipe_is_every_point_with_all_digits(runstream: CommandLine) -> None:
    header, first, second = runstream(f"metrics history {A} loss").splitlines()
    assert header.split("\t") == ["step", "value", "time", "source"]
    assert first.split("\t")[:2] == ["0", "0.3333333333333333"]
    assert second.split("\t")[1] == "inf"


def test_history_of_one_source_as_json(runstream: CommandLine) -> None:
    points = json.loads(runstream(f"metrics history {A} loss -s rank=1 --json"))["metrics"]
    assert points == [
        {"key": "loss", "value": "Infinity", "timestamp": STARTED_MS + 1, "step": 1,
         "source": "rank=1"}
    ]  # fmt: skip


def test_no_points_is_a_negative_answer(runstream: CommandLine) -> None:
    assert "no points of 'acc'" in runstream(f"metrics history {A} acc", code=1)


def test_history_on_a_terminal_is_a_plot(runstream: CommandLine) -> None:
    session = runstream.session()
    stream = io.StringIO()
    session.output.console = Console(file=stream, force_terminal=True, width=70, soft_wrap=True)
    assert run(["metrics", "history", A, "loss"], session) == 0
    assert "┤" in stream.getvalue()
    assert "loss: 2 points · min 0.333333 at step 0" in stream.getvalue()
    assert "1 not finite" in stream.getvalue()
