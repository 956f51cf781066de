from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from runstream.cli.root import run
from tests.unit.cli.fakes import RUN_A, RUN_B, CommandLine, new_run

A, B = RUN_A.info.run_id, RUN_B.info.run_id


def test_list_shows_metrics_and_the_params_that_differ(runstream: CommandLine) -> None:
    header, first, second = (line.split("\t") for line in runstream("runs list").splitlines())
    assert header == ["run", "name", "status", "started", "took", "acc", "loss", "lr"]
    assert first[0] == A
    assert first[4:] == ["2.5 s", "0.5", "0.25", "0.1"]
    assert second[5:] == ["", "nan", "0.2"]


def test_list_looks_in_all_experiments(runstream: CommandLine) -> None:
    runstream("runs list")
    assert runstream.client.asked[-1]["ids"] == ["0", "1"]


@pytest.mark.parametrize("option", ["-x digits", "--experiment-id 1", "--experiment digits"])
def test_list_in_one_experiment(runstream: CommandLine, option: str) -> None:
    runstream(f"runs list {option} -v deleted_only -m 5")
    assert runstream.client.asked[-1] == {
        "ids": ["1"], "filter": "", "run_view_type": 2, "max_results": 5
    }  # fmt: skip


@pytest.mark.parametrize("filter_", ['"metrics.loss < 1"', '-f "metrics.loss < 1"'])
def test_search(runstream: CommandLine, filter_: str) -> None:
    runstream(f"runs search {filter_} -o 'metrics.loss ASC' -o 'run_id' -x 1")
    assert runstream.client.asked[-1]["filter"] == "metrics.loss < 1"
    assert runstream.client.asked[-1]["order_by"] == ["metrics.loss ASC", "run_id"]


def test_columns_can_be_chosen(runstream: CommandLine) -> None:
    printed = runstream("runs list -c params.seed,tags.team,user_id").splitlines()
    assert printed[0].split("\t")[5:] == ["seed", "tags.team", "user_id"]
    assert printed[1].split("\t")[5:] == ["7", "red", "ada"]


def test_search_as_json_writes_what_json_cannot_as_strings(runstream: CommandLine) -> None:
    runs = json.loads(runstream("runs search --json"))["runs"]
    assert runs[1]["data"]["metrics"][0]["value"] == "NaN"
    assert runs[0]["info"]["run_uuid"] == A
    assert "lost_since" not in runs[0]["info"]


@pytest.mark.parametrize("what", [A, f"-r {A}", f"--run-id {A}", A.upper(), "0001"])
def test_show(runstream: CommandLine, what: str) -> None:
    printed = runstream(f"runs show {what}")
    assert f"run\t{A}\n" in printed
    assert "lr\t0.1\n" in printed
    assert "loss\t0.25\t3\n" in printed


def test_an_ambiguous_run_is_a_negative_answer(runstream: CommandLine) -> None:
    assert "More than one run" in runstream("runs show aa00", code=1)


def test_an_unknown_run_is_a_negative_answer(runstream: CommandLine) -> None:
    assert "no run whose id" in runstream("runs show bbbb", code=1)
    assert "not found" in runstream(f"runs show {'b' * 32}", code=1)


def test_describe_is_json_as_in_mlflow(runstream: CommandLine) -> None:
    described = json.loads(runstream(f"runs describe --run-id {B}"))
    assert described["data"]["metrics"] == {"loss": "NaN"}
    assert described["data"]["params"] == {"lr": "0.2", "seed": "7"}
    in_rest = json.loads(runstream(f"runs describe --run-id {B} --json"))
    assert in_rest == json.loads(runstream(f"runs show {B} --json"))


def test_delete_and_restore(runstream: CommandLine) -> None:
    runstream(f"runs delete {A}")
    runstream(f"runs restore --run-id {A}")
    assert runstream.client.did == [("delete_run", A), ("restore_run", A)]


def test_a_terminal_shows_as_much_of_the_ids_as_tells_them_apart(runstream: CommandLine) -> None:
    session = runstream.session()
    stream = io.StringIO()
    session.output.console = Console(file=stream, force_terminal=True, width=100)
    runstream.client.runs = [new_run("ab" * 16, {}), new_run("cb" + "ab" * 15, {})]
    assert run(["runs", "list"], session) == 0
    assert A not in stream.getvalue()
    assert "ab" * 16 in stream.getvalue()
    runstream.client.runs = [RUN_A, RUN_B]
    assert run(["runs", "list"], session) == 0
    assert A[-8:] in stream.getvalue()
    assert A not in stream.getvalue()
