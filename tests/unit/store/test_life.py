"""Which server it is, and what it has kept."""

from __future__ import annotations

import pytest

from runstream_server.store.life import Life

NOW = Life("db", 1000, 500)


@pytest.mark.parametrize(
    ("earlier", "kept"),
    [
        (NOW, True),
        (Life("db", 1001, 500), True),
        # The process started again, the machine did not.
        (Life("db", 700, 501), True),
        # Nobody says whether the machine did.
        (Life("db", 700), False),
        (Life("db", 700, 100), False),
        (Life("other", 1000, 500), False),
    ],
)
def test_what_was_written_before_is_there(earlier: Life, kept: bool) -> None:
    assert NOW.kept_files_of(earlier) is kept


def test_another_start_is_another_life() -> None:
    assert NOW.is_same(Life("db", 1002))
    assert not NOW.is_same(Life("db", 1003))
    assert not NOW.is_same(Life("db2", 1000))
