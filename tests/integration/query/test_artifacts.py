"""Artifacts of a run as a tree."""

from __future__ import annotations

import pytest

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.query.service import QueryService
from runstream_server.service import CallContext
from tests.integration.query.tables import Tables, run_id, run_row

RUN = run_id(6)
OLD, NEW = bytes(32), bytes(range(32))


@pytest.fixture
def run(empty: Tables) -> Tables:
    empty.insert("runs", run_row(RUN, created=(1, 2, 5, "ann")))
    paths = ("model/weights.bin", "model/a/b.txt", "notes.txt", "model%x/c", "model2/d")
    empty.insert("artifacts", *((RUN, path, f"old/{path}", 1, OLD, 1) for path in paths))
    empty.insert("artifacts", (RUN, "notes.txt", "new", 7, NEW, 2))
    empty.insert("artifacts", (run_id(7), "other.txt", "x", 7, NEW, 2))
    return empty


def listed(
    service: QueryService, ctx: CallContext, path: str = "", recursive: bool = False
) -> list[str]:
    request = tracking.ListArtifactsRequest(run_id=RUN, path=path, recursive=recursive)
    response = service.list_artifacts(request, ctx)
    assert response.root_uri == f"mlflow-artifacts:/2/{RUN}/artifacts"
    return [file.path + ("/" if file.is_dir else "") for file in response.files]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", ["model/", "model%x/", "model2/", "notes.txt"]),
        ("model", ["model/a/", "model/weights.bin"]),
        ("model/", ["model/a/", "model/weights.bin"]),
        ("model/a", ["model/a/b.txt"]),
        ("model%x", ["model%x/c"]),
        ("notes.txt", []),
        ("nowhere", []),
    ],
)
def test_one_folder(
    run: Tables, service: QueryService, ctx: CallContext, path: str, found: list[str]
) -> None:
    assert listed(service, ctx, path) == found


def test_all_below(run: Tables, service: QueryService, ctx: CallContext) -> None:
    assert listed(service, ctx, "model", recursive=True) == ["model/a/b.txt", "model/weights.bin"]
    assert len(listed(service, ctx, recursive=True)) == 5


def test_the_newest_upload_counts(run: Tables, service: QueryService, ctx: CallContext) -> None:
    request = tracking.ListArtifactsRequest(run_id=RUN)
    files = {file.path: file for file in service.list_artifacts(request, ctx).files}
    assert files["notes.txt"] == tracking.FileInfo(
        path="notes.txt", file_size=7, object_key="new", sha256=NEW
    )


@pytest.mark.parametrize("path", ["..", "a/../b", "/etc", "a//b", ".", "//"])
def test_paths_that_leave_the_run(
    run: Tables, service: QueryService, ctx: CallContext, path: str
) -> None:
    with pytest.raises(ServiceError, match="Invalid path"):
        listed(service, ctx, path)
