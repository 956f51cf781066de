"""Tables: what is written, and what has to be read first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runstream
from runstream._tables import lists_table, read_table
from runstream.exceptions import MlflowException
from runstream.v1 import spool_pb2, tracking_pb2
from tests.unit.sdk.fakes import FakeAgent, spooled

RUN = "0123456789abcdef0123456789abcdef"
TAG = "mlflow.loggedArtifacts"


def stored() -> dict[str, Path]:
    return {a.path: blob for _, a, blob in spooled().artifacts}


def content(path: str) -> Any:
    return json.loads(stored()[path].read_text())


def test_a_table_grows_without_a_server(agent: FakeAgent) -> None:
    with runstream.start_run() as run:
        runstream.log_table({"a": [1, 2], "b": ["x", "y"]}, "t.json")
        runstream.log_table({"a": 3, "c": "y"}, "t.json")
        runstream.log_table(pd.DataFrame({"z": [1.5]}), "u/t.parquet")
    runstream.MlflowClient().log_table(run.info.run_id, {"a": [9]}, "t.json")
    assert content("t.json") == {
        "columns": ["a", "b", "c"],
        "data": [[1, "x", None], [2, "y", None], [3, None, "y"], [9, None, None]],
    }
    names = [{"path": path, "type": "table"} for path in ("t.json", "u/t.parquet")]
    assert json.loads(spooled().tags(run.info.run_id)[TAG]) == names
    assert agent.asked("Query/GetRun") == []


def test_what_was_written_can_be_read(agent: FakeAgent, tmp_path: Path) -> None:
    table = pd.DataFrame({"n": [1.5, None], "t": ["1", "2020-01-01"], "d": [{"a": 1}, None]})
    runstream.start_run()
    for name in ("t.json", "t.parquet"):
        runstream.log_table(table, name)
        (tmp_path / name).write_bytes(stored()[name].read_bytes())
        pd.testing.assert_frame_equal(
            read_table(tmp_path / name).astype(object), table.astype(object)
        )


def test_images_become_files_of_their_own(agent: FakeAgent) -> None:
    image = runstream.Image(np.zeros((2, 2), np.uint8))
    runstream.log_table({"im": [image, None], "n": [1, 2]}, "u/t.json")
    ((described, _), (nothing, _)) = content("u/t.json")["data"]
    assert nothing is None
    assert described["type"] == "image"
    assert sorted(stored()) == sorted(
        ["u/t.json", described["filepath"], described["compressed_filepath"]]
    )
    assert described["filepath"].startswith("table_images/u/t/")


def test_a_table_of_another_run_is_read_first(agent: FakeAgent) -> None:
    tags = [
        tracking_pb2.Run().data.tags.add(key=TAG, value='[{"path": "o.json", "type": "table"}]')
    ]
    run = tracking_pb2.Run(info=tracking_pb2.RunInfo(run_id=RUN, lifecycle_stage="active"))
    run.data.tags.extend(tags)
    agent.answer("Query/GetRun", run)
    agent.answer("Query/ListArtifacts", tracking_pb2.ListArtifactsResponse())

    def download(request: bytes) -> spool_pb2.AgentResponse:
        asked = spool_pb2.AgentDownload.FromString(request)
        Path(asked.destination, asked.path).write_text('{"columns": ["a"], "data": [[1]]}')
        return spool_pb2.AgentResponse()

    agent.answer("download", download)
    runstream.log_table({"a": [2]}, "t.json", run_id=RUN)
    assert content("t.json") == {"columns": ["a"], "data": [[1], [2]]}
    listed = json.loads(spooled().tags(RUN)[TAG])
    assert [entry["path"] for entry in listed] == ["o.json", "t.json"]


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [({"a": [1]}, "t.csv", ValueError), ([1], "t.json", MlflowException),
     ({"a": [1]}, "/t.json", MlflowException), ({"a": [object()]}, "t.parquet", MlflowException)],
)  # fmt: skip
def test_refused_tables(agent: FakeAgent, data: Any, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        runstream.log_table(data, name)
    assert stored() == {}


def test_the_tag_names_tables_exactly() -> None:
    tag = '[{"path": "a_b.json", "type": "table"}]'
    assert lists_table(tag, "a_b.json")
    assert not lists_table(tag, "axb.json")
    assert not lists_table("[{", "a_b.json")
    assert not lists_table("3", "a_b.json")


def test_load_table_needs_a_run_that_has_it(agent: FakeAgent) -> None:
    agent.answer("Query/SearchRuns", tracking_pb2.SearchRunsResponse())
    with pytest.raises(MlflowException) as caught:
        runstream.load_table("t.json", run_ids=[RUN])
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    asked = tracking_pb2.SearchRunsRequest.FromString(agent.asked("Query/SearchRuns")[0])
    assert asked.filter == f"tags.`{TAG}` IS NOT NULL AND attributes.run_id IN ('{RUN}')"
