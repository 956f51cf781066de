from __future__ import annotations

from runstream.agent.ages import Ages
from runstream.agent.cut import Cursor


def test_nothing_waits() -> None:
    ages = Ages()
    ages.note(1.0, Cursor(5, 5), Cursor(5, 5))
    assert ages.oldest_seconds(9.0) == 0.0


def test_a_steady_stream_is_as_old_as_its_oldest_part() -> None:
    ages = Ages()
    for tenth in range(50):
        now = tenth / 10
        # Everything is accepted about half a second after it was seen.
        ages.note(now, Cursor(tenth, 0), Cursor(max(0, tenth - 5), 0))
    assert 0.3 <= ages.oldest_seconds(4.9) <= 0.7


def test_a_standstill_grows_old() -> None:
    ages = Ages()
    for tenth in range(50):
        ages.note(tenth / 10, Cursor(10 + tenth, 0), Cursor(10, 0))
    assert ages.oldest_seconds(5.0) == 4.9
