"""Telling a fork from the process that made it."""

from __future__ import annotations

import ctypes
import os

import pytest

from runstream.spool import fork
from runstream.spool.fork import ProcessMark
from tests.unit.spool.helpers import in_child


def check_in_forks(mark: ProcessMark) -> None:
    def child() -> None:
        assert not mark.view[0]
        assert not mark.current()
        assert in_child(lambda: os._exit(mark.view[0])) == 0

    assert mark.view[0] == 1
    assert mark.current()
    assert in_child(child) == 0
    assert mark.view[0] == 1


def test_a_fork_and_its_forks_are_seen() -> None:
    check_in_forks(ProcessMark())


def test_without_wiped_pages_a_handler_sees_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork, "_wiped_page", lambda: None)
    mark = ProcessMark()
    assert not mark.wiped_by_kernel
    check_in_forks(mark)


@pytest.mark.parametrize("wiped", [True, False])
def test_a_fork_by_c_code_is_seen(monkeypatch: pytest.MonkeyPatch, wiped: bool) -> None:
    if not wiped:
        monkeypatch.setattr(fork, "_wiped_page", lambda: None)
    mark = ProcessMark()
    assert mark.wiped_by_kernel == wiped or not wiped
    if wiped and not mark.wiped_by_kernel:
        pytest.skip("the kernel cannot wipe pages on fork")
    pid = ctypes.CDLL(None).fork()  # without Python's handlers
    if not pid:
        os._exit(mark.current())
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_new_mark_in_a_fork_is_its_own() -> None:
    def child() -> None:
        assert ProcessMark().current()

    assert in_child(child) == 0
