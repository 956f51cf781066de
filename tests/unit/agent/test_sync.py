from __future__ import annotations

import os
from pathlib import Path

import pytest

from runstream.agent import sync
from tests.unit.agent.helpers import eventually


def test_all_but_the_meta_file_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("meta", "points.000000", "events.000000", "journal"):
        (tmp_path / name).touch()
    synced: list[str] = []

    def note(fd: int) -> None:
        synced.append(os.path.basename(os.readlink(f"/proc/self/fd/{fd}")))

    monkeypatch.setattr(sync, "_sync", note)
    syncer = sync.Syncer()
    syncer.sync(tmp_path)
    syncer.sync(tmp_path)
    eventually(lambda: len(synced) >= 3)
    syncer.close()
    assert sorted(set(synced)) == ["events.000000", "journal", "points.000000"]


def test_a_folder_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    sync.sync_files(tmp_path / "gone")
