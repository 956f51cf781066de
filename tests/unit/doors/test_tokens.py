"""What the tokens file holds, and what it does not."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest

from runstream_server.doors import tokens
from runstream_server.doors.tokens import Entry, TokensFileError

DAY = date(2026, 5, 4)


def test_a_token_is_long_random_and_not_kept(tmp_path: Path) -> None:
    entry, token = tokens.new_token("ci", DAY)
    assert tokens.id_of(token) == entry.id
    assert len(token) > 50
    assert tokens.new_token("ci", DAY)[1] != token
    path = tmp_path / "deep" / "tokens.json"
    tokens.change(path, lambda entries: (*entries, entry))
    assert tokens.read_entries(path) == (entry,)
    assert token.rpartition("_")[2] not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert entry.sha256 not in repr(entry)


def test_a_password_is_salted() -> None:
    one, two = (tokens.new_password("ana", "correct horse", DAY) for _ in range(2))
    assert one.scrypt != two.scrypt
    assert tokens.is_password("correct horse", one.scrypt)
    assert not tokens.is_password("correct horsf", one.scrypt)
    assert one.scrypt not in repr(one)


def test_the_last_day_counts() -> None:
    entry = Entry("i", "n", "2026-01-01", "2026-05-04", "00" * 32)
    assert entry.valid_on(DAY)
    assert not entry.valid_on(date(2026, 5, 5))
    assert Entry("i", "n", "2026-01-01").valid_on(DAY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format": 2, "tokens": []}',
        '{"format": 1, "tokens": [{"id": "a"}]}',
        '{"format": 1, "tokens": [{"id": "a", "name": "n", "created": "", "sha256": "se"}]}',
        '{"format": 1, "tokens": [{"id": "a", "name": "n", "created": "", "scrypt": "secret"}]}',
        '{"format": 1, "tokens": [{"id": "a", "name": "n", "created": "", "expires": "secret"}]}',
    ],
)
def test_a_file_that_is_none_is_named_without_its_content(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(text)
    with pytest.raises(TokensFileError, match=r"tokens\.json") as caught:
        tokens.read_entries(path)
    assert "secret" not in str(caught.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(TokensFileError, match="runstream tokens create"):
        tokens.read_entries(tmp_path / "no.json")


def test_commands_at_once_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    made = [tokens.new_token(str(n), DAY)[0] for n in range(20)]
    threads = [
        threading.Thread(target=tokens.change, args=(path, lambda e, new=new: (*e, new)))
        for new in made
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(tokens.read_entries(path)) == set(made)
