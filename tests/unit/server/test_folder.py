"""The folder: its format, its file system, its announcement."""

from __future__ import annotations

from pathlib import Path

import pytest

from runstream_server.folder import FORMAT, MIGRATIONS, DataFolder, FolderError, filesystem_type

MOUNTINFO = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /dev/shm rw,nosuid - tmpfs tmpfs rw
31 22 0:50 / /home/with\040space rw - nfs4 server:/export rw
32 31 8:1 / /home/with\040space/local rw - xfs /dev/sda1 rw
33 22 0:51 / /mnt rw - nfs server:/a rw
34 33 8:2 / /mnt rw - ext4 /dev/sdb1 rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data", "ext4"),
        ("/dev/shm/x", "tmpfs"),
        ("/dev/shmx", "ext4"),
        ("/home/with space/x", "nfs4"),
        ("/home/with space/local/x", "xfs"),
        ("/mnt/x", "ext4"),
    ],
)
def test_the_type_of_the_innermost_mount(path: str, kind: str) -> None:
    assert filesystem_type(MOUNTINFO, path) == kind


def test_what_cannot_be_read_has_no_type() -> None:
    assert filesystem_type("garbage\n1 2 - x\n", "/data") == ""


def test_a_new_folder_gets_the_format(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "a" / "b")
    folder.bring_up_to_date(MIGRATIONS)
    assert (folder.path / "FORMAT").read_text() == f"{FORMAT}\n"
    folder.bring_up_to_date(MIGRATIONS)


def test_a_newer_format_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "FORMAT").write_text(f"{FORMAT + 1}\n")
    with pytest.raises(FolderError, match="written by a newer Runstream"):
        DataFolder(tmp_path).bring_up_to_date(MIGRATIONS)
    assert (tmp_path / "FORMAT").read_text() == f"{FORMAT + 1}\n"


def test_older_formats_are_migrated_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runstream_server.folder.FORMAT", 3)
    (tmp_path / "FORMAT").write_text("1\n")
    seen: list[tuple[int, str]] = []

    def step(number: int, path: Path) -> None:
        seen.append((number, (path / "FORMAT").read_text()))

    steps = {1: lambda path: step(1, path), 2: lambda path: step(2, path)}
    DataFolder(tmp_path).bring_up_to_date(steps)
    assert seen == [(1, "1\n"), (2, "2\n")]
    assert (tmp_path / "FORMAT").read_text() == "3\n"


def test_there_is_a_step_from_every_older_format() -> None:
    assert sorted(MIGRATIONS) == list(range(1, FORMAT))


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "1.5"])
def test_what_is_no_format_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "FORMAT").write_text(text)
    with pytest.raises(FolderError, match="and not a number"):
        DataFolder(tmp_path).bring_up_to_date(MIGRATIONS)


def test_a_log_without_a_format_is_not_taken_for_new(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").touch()
    with pytest.raises(FolderError, match="no FORMAT file"):
        DataFolder(tmp_path).bring_up_to_date(MIGRATIONS)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="cannot be made"):
        DataFolder(tmp_path / "file")


def test_announcements(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    assert folder.announcement() is None
    folder.announce({"pid": 1})
    assert folder.announcement() == {"pid": 1}
    folder.withdraw()
    folder.withdraw()
    assert folder.announcement() is None
    (tmp_path / "server.json").write_text("{")
    assert folder.announcement() is None


def test_requests_for_a_rebuild(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    assert folder.requested_rebuild() is None
    folder.request_rebuild(None)
    assert folder.requested_rebuild() == ""
    folder.request_rebuild("points")
    assert folder.requested_rebuild() == "points"
    folder.take_rebuild_request()
    assert folder.requested_rebuild() is None
