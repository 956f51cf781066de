"""Where the next file goes."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from runstream.spool import room as room_module
from runstream.spool.errors import SpoolFull, SpoolLost
from runstream.spool.folders import ScopeFolders
from runstream.spool.limits import TMPFS_PROCESS_BYTES, SpoolPolicy
from runstream.spool.room import Room, check_first_share

FREE = 2**30
MEGABYTE = 2**20


@pytest.fixture
def folders(tmp_path: Path) -> ScopeFolders:
    (tmp_path / "active").mkdir()
    return ScopeFolders(tmp_path / "active", tmp_path / "disk")


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What is free on tmpfs."""
    state = {"bytes": FREE}
    monkeypatch.setattr(room_module, "free_bytes", lambda _: state["bytes"])
    return state


def place(
    folders: ScopeFolders, size: int = 4 * MEGABYTE, max_bytes: int = 2**40
) -> tuple[str, int]:
    room = Room(folders, SpoolPolicy("raise", max_bytes))
    return room.make(size, lambda folder, given: (folder.name, given))


@pytest.mark.usefixtures("free")
def test_tmpfs_comes_first(folders: ScopeFolders) -> None:
    assert place(folders) == ("active", 4 * MEGABYTE)


def test_tmpfs_gives_a_share_of_what_is_free(folders: ScopeFolders, free: dict[str, int]) -> None:
    free["bytes"] = 31 * MEGABYTE
    assert place(folders) == ("active", MEGABYTE)
    free["bytes"] = MEGABYTE
    assert place(folders) == ("active", 64 * 1024)
    free["bytes"] = MEGABYTE // 4
    assert place(folders) == ("disk", 4 * MEGABYTE)


@pytest.mark.usefixtures("free")
def test_a_process_has_a_bound_on_tmpfs(folders: ScopeFolders) -> None:
    (folders.active / "points.000000").write_bytes(bytes(TMPFS_PROCESS_BYTES - 4 * MEGABYTE))
    assert place(folders) == ("active", 4 * MEGABYTE)
    (folders.active / "events.000000").write_bytes(bytes(3 * MEGABYTE + 1))
    assert place(folders) == ("active", 256 * 1024)
    (folders.active / "more").write_bytes(bytes(MEGABYTE))
    assert place(folders) == ("disk", 4 * MEGABYTE)


@pytest.mark.usefixtures("free")
def test_a_full_place_is_passed_over(folders: ScopeFolders) -> None:
    tried: list[tuple[str, int]] = []

    def create(folder: Path, size: int) -> str:
        tried.append((folder.name, size))
        if len(tried) < 3:
            raise OSError(errno.ENOSPC, "full")
        return "made"

    assert Room(folders, SpoolPolicy()).make(MEGABYTE, create) == "made"
    assert tried == [("active", MEGABYTE), ("disk", MEGABYTE), ("disk", 64 * 1024)]


@pytest.mark.usefixtures("free")
def test_no_room_anywhere_is_a_full_spool(folders: ScopeFolders) -> None:
    def create(folder: Path, size: int) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SpoolFull, match="No space left"):
        Room(folders, SpoolPolicy()).make(MEGABYTE, create)


@pytest.mark.usefixtures("free")
def test_other_errors_come_through(folders: ScopeFolders) -> None:
    def create(folder: Path, size: int) -> str:
        raise PermissionError(errno.EACCES, "forbidden")

    with pytest.raises(PermissionError):
        Room(folders, SpoolPolicy()).make(MEGABYTE, create)


@pytest.mark.usefixtures("free")
def test_the_limit_counts_both_folders(folders: ScopeFolders) -> None:
    folders.disk.mkdir()
    for folder in set(folders):
        (folder / "points.000000").write_bytes(bytes(MEGABYTE))
    with pytest.raises(SpoolFull, match="RUNSTREAM_SPOOL_MAX_BYTES"):
        place(folders, max_bytes=2 * MEGABYTE)
    assert place(folders, max_bytes=3 * MEGABYTE)[0] == "active"


@pytest.mark.usefixtures("free")
def test_vanished_folders_are_a_lost_spool(folders: ScopeFolders) -> None:
    def create(folder: Path, size: int) -> bytes:
        return (folder / "gone" / "file").read_bytes()

    with pytest.raises(SpoolLost):
        Room(folders, SpoolPolicy()).make(MEGABYTE, create)


def test_a_crowded_tmpfs_takes_no_new_process(folders: ScopeFolders, free: dict[str, int]) -> None:
    check_first_share(folders)
    free["bytes"] = 300 * 1024
    with pytest.raises(SpoolFull):
        check_first_share(folders)
    check_first_share(ScopeFolders(folders.disk, folders.disk))
