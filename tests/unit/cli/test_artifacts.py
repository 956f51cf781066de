from __future__ import annotations

import json
from pathlib import Path

import pytest

from runstream.entities import FileInfo
from tests.unit.cli.fakes import RUN_A, CommandLine

A = RUN_A.info.run_id


@pytest.fixture(autouse=True)
def _files(runstream: CommandLine) -> None:
    runstream.client.files = [FileInfo("model", True), FileInfo("model/w.bin", False, 2_500_000)]


@pytest.mark.parametrize("what", [A, f"-r {A}", f"--run-id {A} --artifact-path model"])
def test_list(runstream: CommandLine, what: str) -> None:
    assert runstream(f"artifacts list {what}").splitlines()[1:] == [
        "model/\t", "model/w.bin\t2.5 MB"
    ]  # fmt: skip


def test_list_as_json(runstream: CommandLine) -> None:
    listed = json.loads(runstream(f"artifacts list {A} --json"))
    assert listed == {
        "root_uri": RUN_A.info.artifact_uri,
        "files": [
            {"path": "model", "is_dir": True},
            {"path": "model/w.bin", "is_dir": False, "file_size": 2_500_000},
        ],
    }


@pytest.mark.parametrize("what", [f"{A} -a model", f"-r {A} -a model", f"-u runs:/{A}/model"])
def test_download_makes_the_folder_and_prints_the_place(
    runstream: CommandLine, tmp_path: Path, what: str
) -> None:
    target = tmp_path / "new"
    assert runstream(f"artifacts download {what} -d {target}") == f"{target}/model\n"
    assert target.is_dir()
    assert runstream.client.did == [("download", A, "model")]


@pytest.mark.parametrize("what", ["", f"{A} -u runs:/{A}", "-u s3://b/k", "-u runs:/"])
def test_download_needs_one_run(runstream: CommandLine, what: str) -> None:
    runstream(f"artifacts download {what}", code=2)


def test_logging_waits_until_it_is_accepted(runstream: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    runstream(f"artifacts log-artifact -l {tmp_path / 'f'} -r {A} -a sub")
    runstream(f"artifacts log-artifacts --local-dir {tmp_path} --run-id {A}")
    assert runstream.client.did == [("log_artifact", A, "sub"), ("log_artifacts", A, None)]
    assert runstream.calls.flushes == 2


def test_a_missing_file_is_wrong_usage(runstream: CommandLine) -> None:
    runstream(f"artifacts log-artifact -l /no/such/file -r {A}", code=2)
