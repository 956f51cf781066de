"""A stop is clean when the store was closed, or died while the machine went on."""

from __future__ import annotations

from pathlib import Path

from runstream_server.store import boot


def test_a_new_folder_is_clean(tmp_path: Path) -> None:
    assert boot.unclean_stop(tmp_path, "this boot") == ""


def test_a_killed_process_leaves_a_clean_store(tmp_path: Path) -> None:
    boot.mark_running(tmp_path, "this boot")
    assert boot.unclean_stop(tmp_path, "this boot") == ""


def test_a_lost_machine_does_not(tmp_path: Path) -> None:
    boot.mark_running(tmp_path, "boot before")
    assert "machine stopped" in boot.unclean_stop(tmp_path, "this boot")


def test_a_closed_store_is_clean_in_any_boot(tmp_path: Path) -> None:
    boot.mark_running(tmp_path, "boot before")
    boot.mark_stopped(tmp_path)
    assert boot.unclean_stop(tmp_path, "this boot") == ""


def test_this_boot_has_a_name() -> None:
    assert boot.boot_id() == boot.boot_id() != ""
