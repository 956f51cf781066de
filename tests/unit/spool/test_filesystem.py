"""Which file system a folder lies on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runstream.spool import filesystem

MOUNTINFO = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
25 24 0:23 / /dev/shm rw - ramfs first rw
30 25 0:27 / /dev/shm rw - tmpfs second rw
31 27 0:40 / /data\\040disk rw master:3 propagate_from:2 - btrfs /dev/vdb rw
a line that is not understood
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "ext4"),
        ("/var/tmp/x", "ext4"),
        ("/dev/shm/runstream-0", "tmpfs"),
        ("/dev/shmoo", "ext4"),
        ("/data disk/spool", "btrfs"),
        ("/proc", "proc"),
    ],
)
def test_the_longest_and_last_mount_wins(path: str, expected: str) -> None:
    assert filesystem.type_in_mountinfo(MOUNTINFO, path) == expected


def test_without_mounts_the_type_is_unknown() -> None:
    assert filesystem.type_in_mountinfo("", "/tmp") == ""


def test_only_known_types_are_mapped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name, expected in (("ext4", True), ("tmpfs", True), ("btrfs", False), ("", False)):
        monkeypatch.setattr(filesystem, "filesystem_type", lambda _, name=name: name)
        assert filesystem.is_mappable(tmp_path) is expected


def test_nothing_is_mapped_on_macos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(filesystem, "filesystem_type", lambda _: "ext4")
    assert not filesystem.is_mappable(tmp_path)


def test_used_bytes_counts_the_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(10))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b").write_bytes(bytes(100))
    assert filesystem.used_bytes(tmp_path) == 10
    assert filesystem.used_bytes(tmp_path / "missing") == 0
