"""How to come in: what writers leave for the agent."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from runstream.agent.access import Access, AccessFile
from runstream.agent.denial import Denial

URI = "https://host"


@pytest.fixture
def file(tmp_path: Path) -> AccessFile:
    folder = tmp_path / "scope"
    folder.mkdir()
    return AccessFile(folder, URI)


def test_it_is_kept_for_its_user_alone(file: AccessFile) -> None:
    assert file.read() == Access()
    access = Access("Bearer secret", tls_ca="/ca.pem")
    file.save(access)
    assert file.read() == access
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700
    assert "secret" not in repr(access)
    assert AccessFile(file.folder, "https://other").read() == Access()


def test_the_latest_writer_counts_and_credentials_stay(file: AccessFile) -> None:
    file.save(Access("Bearer one", tls_ca="/ca.pem"))
    before = file.stamp()
    file.save(Access("Bearer one", tls_ca="/ca.pem"))
    assert file.stamp() == before
    file.save(Access(tls_insecure="true"))
    assert file.stamp() != before
    assert file.read() == Access("Bearer one", tls_insecure="true")
    file.save(Access("Bearer two"))
    assert file.read() == Access("Bearer two")


def test_another_scope_helps_out(file: AccessFile) -> None:
    for number in (1, 2):
        other = file.folder.parent / f"other-{number}"
        other.mkdir()
        there = AccessFile(other, URI)
        there.save(Access(f"Bearer {number}"))
        os.utime(there.path, (1000 * number, 1000 * number))
    assert file.read() == Access("Bearer 2")
    file.save(Access("Bearer own"))
    assert file.read() == Access("Bearer own")


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', '{"later": 1}'])
def test_a_damaged_file_says_nothing(file: AccessFile, text: str) -> None:
    file.save(Access("Bearer one"))
    file.path.write_text(text)
    assert file.read() == Access()


def test_a_denial_is_said_once_and_ends_with_new_credentials(
    file: AccessFile, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    file.save(Access("Bearer one"))
    denial = Denial(file, URI)
    for _ in range(3):
        denial.looking()
        denial.note("no such token")
    assert denial.why == "no such token"
    assert "no such token" in file.denied()
    assert len(caplog.records) == 1
    file.save(Access("Bearer two"))
    assert (denial.why, denial.renewed) == ("", True)
    denial.looking()
    assert (denial.why, denial.renewed) == ("", False)
    denial.note("no such token")
    assert denial.why
    denial.clear()
    assert (denial.why, file.denied()) == ("", "")
    assert len(caplog.records) == 3


def test_a_new_agent_clears_what_an_old_one_said(file: AccessFile) -> None:
    file.deny("long ago")
    Denial(file, URI).clear()
    assert file.denied() == ""
