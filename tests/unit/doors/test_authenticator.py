"""Whose credentials are these?"""

from __future__ import annotations

import base64
import os
from datetime import date
from pathlib import Path

import pytest

from runstream.error_codes import UNAUTHENTICATED
from runstream_server.doors import tokens
from runstream_server.doors.authenticator import Authenticator
from runstream_server.doors.tokens import Entry, TokensFileError
from runstream_server.errors import ServiceError

DAY = date(2026, 5, 4)


def write(path: Path, *entries: Entry) -> None:
    tokens.change(path, lambda _: entries)


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def refused(authenticator: Authenticator, header: str) -> str:
    with pytest.raises(ServiceError) as caught:
        authenticator.caller(header)
    assert caught.value.error_code == UNAUTHENTICATED
    return caught.value.message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def test_tokens_as_bearer_and_as_password(path: Path) -> None:
    entry, token = tokens.new_token("ci", DAY)
    write(path, entry)
    authenticator = Authenticator(path, lambda: DAY)
    assert authenticator.caller(f"Bearer {token}") == "ci"
    assert authenticator.caller(f"bearer {token}") == "ci"
    assert authenticator.caller(basic("any", token)) == "ci"


def test_users_and_passwords(path: Path) -> None:
    write(path, tokens.new_password("ana", "word:with ü", DAY))
    authenticator = Authenticator(path, lambda: DAY)
    for _ in range(2):  # the second is remembered
        assert authenticator.caller(basic("ana", "word:with ü")) == "ana"
        refused(authenticator, basic("ana", "word"))
        refused(authenticator, basic("bob", "word:with ü"))


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic %%%", "Basic eA==", "Digest x"]
)
def test_what_is_no_credential(path: Path, header: str) -> None:
    write(path)
    message = refused(Authenticator(path), header)
    assert "RUNSTREAM_TOKEN" in message


def test_a_changed_token_is_refused_without_being_repeated(path: Path) -> None:
    entry, token = tokens.new_token("ci", DAY)
    write(path, entry)
    authenticator = Authenticator(path, lambda: DAY)
    changed = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert changed not in refused(authenticator, f"Bearer {changed}")


def test_an_expired_token_is_refused(path: Path) -> None:
    entry, token = tokens.new_token("ci", DAY, "2026-05-03")
    write(path, entry)
    refused(Authenticator(path, lambda: DAY), f"Bearer {token}")


def test_the_file_is_read_again(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, old = tokens.new_token("ci", DAY)
    user = tokens.new_password("ana", "password", DAY)
    write(path, first, user)
    authenticator = Authenticator(path, lambda: DAY)
    assert authenticator.caller(basic("ana", "password")) == "ana"
    second, new = tokens.new_token("ci", DAY)
    write(path, second)
    refused(authenticator, f"Bearer {old}")
    refused(authenticator, basic("ana", "password"))  # not from memory
    assert authenticator.caller(f"Bearer {new}") == "ci"
    path.write_text("half a f")
    assert authenticator.caller(f"Bearer {new}") == "ci"  # the last good one
    assert "no good" in caplog.text
    os.unlink(path)
    refused(authenticator, f"Bearer {new}")
    write(path, second)
    assert authenticator.caller(f"Bearer {new}") == "ci"


def test_it_does_not_start_without_a_good_file(path: Path) -> None:
    with pytest.raises(TokensFileError):
        Authenticator(path)


def test_what_it_remembers_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "is_password", lambda password, stored: False)
    write(path)
    authenticator = Authenticator(path)
    for number in range(3000):
        refused(authenticator, basic("u", str(number)))
    assert len(authenticator._wrong) == 1024
