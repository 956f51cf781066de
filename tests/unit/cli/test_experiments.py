from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.unit.cli.fakes import RUN_A, RUN_B, CommandLine


@pytest.mark.parametrize(
    "line", ["experiments create new", "experiments create -n new", "experiments create new -l s3:"]
)
def test_create_prints_the_id(runstream: CommandLine, line: str) -> None:
    assert runstream(line) == "Created experiment 'new' with id 2\n"
    assert json.loads(runstream("experiments get new --json"))["experiment"]["name"] == "new"


def test_create_as_json(runstream: CommandLine) -> None:
    assert json.loads(runstream("experiments create new --json")) == {"experiment_id": "2"}


def test_a_taken_name_is_a_negative_answer(runstream: CommandLine) -> None:
    assert "already exists" in runstream("experiments create digits", code=1)


def test_list_in_a_pipe_is_tab_separated(runstream: CommandLine) -> None:
    header, *rows = runstream("experiments search").splitlines()
    assert header.split("\t") == ["id", "name", "stage", "created", "artifacts"]
    assert [row.split("\t")[1] for row in rows] == ["Default", "digits"]


def test_list_has_the_field_names_of_rest(runstream: CommandLine) -> None:
    found = json.loads(runstream("experiments list -v all -m 7 --json"))["experiments"]
    assert runstream.client.asked == [{"max_results": 7}]
    assert found[0]["experiment_id"] == "0"


def test_search_passes_filter_and_order(runstream: CommandLine) -> None:
    runstream("experiments search -f \"name = 'x'\" --order-by 'name ASC'")
    assert runstream.client.asked == [
        {"max_results": 1000, "filter_string": "name = 'x'", "order_by": ["name ASC"]}
    ]


@pytest.mark.parametrize("what", ["1", "digits", "-x 1", "--experiment-id 1", "-n digits"])
def test_get_by_id_and_by_name(runstream: CommandLine, what: str) -> None:
    found = json.loads(runstream(f"experiments get {what} --json"))["experiment"]
    assert found["experiment_id"] == "1"
    assert found["tags"] == [{"key": "team", "value": "red"}]
    assert "name\tdigits\n" in runstream(f"experiments get {what}")


def test_an_unknown_experiment_is_a_negative_answer(runstream: CommandLine) -> None:
    assert "There is no experiment" in runstream("experiments get nothing", code=1)


@pytest.mark.parametrize("names", ["1 new", "digits new", "-x 1 new", "-x 1 -n new", "1 -n new"])
def test_rename(runstream: CommandLine, names: str) -> None:
    runstream(f"experiments rename {names}")
    assert runstream.client.experiments["1"].name == "new"


@pytest.mark.parametrize("names", ["", "digits", "a b c", "-x 1", "-x 1 a b"])
def test_rename_takes_two_names(runstream: CommandLine, names: str) -> None:
    runstream(f"experiments rename {names}", code=2)


def test_delete_and_restore(runstream: CommandLine) -> None:
    runstream("experiments delete digits")
    assert runstream("experiments restore -x 1 --json") == "{}\n"
    assert runstream.client.did == [("delete_experiment", "1"), ("restore_experiment", "1")]


def test_an_experiment_is_needed_once(runstream: CommandLine) -> None:
    assert "EXPERIMENT: missing" in runstream("experiments delete", code=2)
    assert "more than once" in runstream("experiments delete 1 -x 1", code=2)


def test_csv_has_all_runs_and_keys(runstream: CommandLine, tmp_path: Path) -> None:
    target = tmp_path / "runs.csv"
    runstream(f"experiments csv digits -o {target}")
    assert target.read_text() == runstream("experiments csv -x 1")
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert [row["run_id"] for row in rows] == [RUN_A.info.run_id, RUN_B.info.run_id]
    assert rows[0]["metrics.loss"] == "0.25"
    assert rows[1]["metrics.acc"] == ""
    assert rows[0]["start_time"] == "2023-11-14 22:13:20+00:00"
    assert rows[0]["tags.team"] == "red"
