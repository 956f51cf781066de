"""Where to begin after the machine of the server stopped."""

from __future__ import annotations

from runstream_server.materialize.replay import KEPT_SECONDS, MARK_SECONDS, Kept
from runstream_server.store.life import Life

LIFE = Life("db", 1000, 500)


def test_without_marks_everything_is_folded_again() -> None:
    assert Kept(LIFE).safe_offset() == 0


def test_young_marks_are_not_trusted() -> None:
    kept = Kept(LIFE, [(0, 10), (60, 20), (KEPT_SECONDS - 1, 90)])
    assert kept.safe_offset() == 0


def test_the_newest_of_the_old_marks_is_where_to_begin() -> None:
    kept = Kept(LIFE, [(0, 10), (60, 20), (90, 25), (60 + KEPT_SECONDS, 90)])
    assert kept.safe_offset() == 20


def test_a_mark_a_minute_and_one_that_is_old_enough() -> None:
    kept = Kept(LIFE)
    for second in range(0, 3 * KEPT_SECONDS, 7):
        kept.mark(second, second)
        newest = kept.marks[-1][0]
        assert newest > second - MARK_SECONDS
        if second > KEPT_SECONDS + 2 * MARK_SECONDS:
            assert newest - KEPT_SECONDS - 2 * MARK_SECONDS < kept.safe_offset()
            assert kept.safe_offset() <= newest - KEPT_SECONDS
    assert len(kept.marks) <= KEPT_SECONDS // MARK_SECONDS + 2


def test_it_is_written_and_read() -> None:
    kept = Kept(LIFE, [(1, 2), (70, 3)])
    assert Kept.read(kept.text()) == kept
