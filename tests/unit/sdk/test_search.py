"""Finding runs: pages, tables, what is asked."""

from __future__ import annotations

import math
import sys

import pandas as pd
import pytest

import runstream
from runstream.exceptions import MlflowException
from runstream.v1 import tracking_pb2
from tests.unit.sdk.fakes import FakeAgent


def run(number: int, **params: str) -> tracking_pb2.Run:
    message = tracking_pb2.Run(
        info=tracking_pb2.RunInfo(run_id=f"{number:032x}", experiment_id="1", start_time=1000)
    )
    for key, value in params.items():
        message.data.params.add(key=key, value=value)
    return message


def pages(*runs: tracking_pb2.Run) -> tracking_pb2.SearchRunsResponse:
    return tracking_pb2.SearchRunsResponse(runs=runs)


def asked(agent: FakeAgent) -> tracking_pb2.SearchRunsRequest:
    return tracking_pb2.SearchRunsRequest.FromString(agent.asked("Query/SearchRuns")[-1])


def test_a_table(agent: FakeAgent) -> None:
    first, second = run(1, lr="0.1"), run(2)
    first.data.metrics.add(key="loss", value=0.5, step=3)
    first.info.end_time = 2000
    second.data.tags.add(key="team", value="a")
    agent.answer("Query/SearchRuns", pages(first, second))
    table = runstream.search_runs(["1"])
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == [
        "run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time",
        "metrics.loss", "params.lr", "tags.team",
    ]  # fmt: skip
    assert table["metrics.loss"][0] == 0.5
    assert math.isnan(table["metrics.loss"][1])
    assert table["params.lr"].tolist() == ["0.1", None]
    assert table["tags.team"].tolist() == [None, "a"]
    assert table["start_time"][0] == pd.Timestamp(1, unit="s", tz="UTC")
    assert table["end_time"][0] == pd.Timestamp(2, unit="s", tz="UTC")
    assert pd.isna(table["end_time"][1])


def test_an_empty_table_has_its_columns(agent: FakeAgent) -> None:
    agent.answer("Query/SearchRuns", pages())
    table = runstream.search_runs()
    assert isinstance(table, pd.DataFrame)
    assert table.empty
    assert list(table.columns)[:2] == ["run_id", "experiment_id"]


def test_where_it_looks(agent: FakeAgent) -> None:
    agent.answer("Query/SearchRuns", pages())
    agent.answer("Query/GetExperimentByName", tracking_pb2.Experiment(experiment_id="9"))
    runstream.search_runs(output_format="list")
    assert list(asked(agent).experiment_ids) == ["0"]
    runstream.search_runs([3, "4"], output_format="list")  # type: ignore[list-item]
    assert list(asked(agent).experiment_ids) == ["3", "4"]
    runstream.search_runs(experiment_names=["x"], output_format="list")
    assert list(asked(agent).experiment_ids) == ["9"]
    runstream.search_runs(search_all_experiments=True, output_format="list")
    assert asked(agent).all_experiments
    with pytest.raises(MlflowException, match="but not both"):
        runstream.search_runs(["1"], experiment_names=["x"])


def test_unknown_names_are_skipped_with_a_warning(
    agent: FakeAgent, caplog: pytest.LogCaptureFixture
) -> None:
    agent.refuse("Query/GetExperimentByName", "RESOURCE_DOES_NOT_EXIST", "none")
    assert runstream.search_runs(experiment_names=["x"], output_format="list") == []
    assert "'x'" in caplog.text
    assert not agent.asked("Query/SearchRuns")


def test_pages_are_followed_up_to_max_results(agent: FakeAgent) -> None:
    def page(content: bytes) -> tracking_pb2.SearchRunsResponse:
        request = tracking_pb2.SearchRunsRequest.FromString(content)
        start = int(request.page_token or 0)
        runs = [run(start + i) for i in range(min(request.max_results, 2))]
        return tracking_pb2.SearchRunsResponse(runs=runs, next_page_token=str(start + len(runs)))

    agent.answer("Query/SearchRuns", page)
    found = runstream.search_runs(
        filter_string="metrics.a > 1", order_by=["metrics.a"], max_results=5, output_format="list"
    )
    assert len(found) == 5
    assert asked(agent).filter == "metrics.a > 1"
    assert list(asked(agent).order_by) == ["metrics.a"]


def test_formats(agent: FakeAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="Unsupported output format"):
        runstream.search_runs(output_format="csv")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match='output_format="list"'):
        runstream.search_runs()
    assert not agent.requests


def test_the_client_pages(agent: FakeAgent) -> None:
    agent.answer(
        "Query/SearchRuns",
        tracking_pb2.SearchRunsResponse(runs=[run(1)], next_page_token="more"),
    )
    client = runstream.MlflowClient()
    page = client.search_runs(["1"], run_view_type=3, max_results=1, page_token="t")
    assert page.token == "more"
    assert page[0].info.run_id == f"{1:032x}"
    assert asked(agent).view_type == tracking_pb2.ALL
    for limit in (0, 50_001):
        with pytest.raises(MlflowException, match="from 1 to 50000"):
            client.search_runs(["1"], max_results=limit)
    with pytest.raises(MlflowException, match="ViewType"):
        client.search_runs(["1"], run_view_type=7)
