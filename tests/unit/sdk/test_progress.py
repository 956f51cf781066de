"""How far transfers are: who is told, and what a line says."""

from __future__ import annotations

import io

import pytest

from runstream._progress import LARGE_BYTES, Transfer, listening, sentence, size, told
from runstream.v1 import spool_pb2

GIGABYTE = 10**9


def progress(done: int, total: int) -> spool_pb2.AgentProgress:
    return spool_pb2.AgentProgress(done=done, total=total, what="model.bin")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_listener_hears_of_large_files_alone() -> None:
    heard: list[Transfer] = []
    with listening(heard.append), told("uploading") as on_progress:
        on_progress(progress(1, LARGE_BYTES - 1))
        on_progress(progress(2, LARGE_BYTES))
        on_progress(progress(LARGE_BYTES + 5, LARGE_BYTES))
    assert [each.done_bytes for each in heard] == [2, LARGE_BYTES]
    assert heard[0] == Transfer("uploading", "model.bin", 2, LARGE_BYTES)


def test_a_terminal_gets_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with told("downloading") as on_progress:
        on_progress(progress(GIGABYTE // 4, GIGABYTE))
    text = terminal.getvalue()
    assert "downloading model.bin: 25 % of 1.0 GB" in text
    assert "\n" not in text
    assert text.endswith("\r\x1b[K")


def test_a_file_gets_no_line_for_a_short_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr("sys.stderr", log)
    with told("uploading") as on_progress:
        on_progress(progress(1, GIGABYTE))
    assert log.getvalue() == ""


def test_a_missing_stderr_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    with told("uploading") as on_progress:
        on_progress(progress(1, GIGABYTE))


def test_what_a_line_says() -> None:
    transfer = Transfer("uploading", "a/b.bin", 540 * 10**6, 1_200_000_000)
    assert sentence(transfer, 3.0) == "uploading a/b.bin: 45 % of 1.2 GB, 180.0 MB/s"
    assert [size(count) for count in (0, 999, 1000, 5 * 10**15)] == [
        "0 bytes", "999 bytes", "1.0 kB", "5000.0 TB"
    ]  # fmt: skip
