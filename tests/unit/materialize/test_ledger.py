"""Which batches count."""

from __future__ import annotations

from runstream_server.materialize.ledger import Entry, judged, ledger_rows
from tests.unit.folds.batches import PRODUCER, RUN, Point, batch, metrics, params
from tests.unit.folds.oracle_log import UINT64_MAX
from tests.unit.folds.rows import plain_rows

FIRST = batch(params(p="1"), metrics(Point("k", 1, 1, 1.0)), offset=4)
COPY = batch(params(p="1"), metrics(Point("k", 1, 1, 1.0)), offset=9)
OTHER = batch(params(p="2"), offset=10)


def test_a_new_identity_is_folded() -> None:
    assert judged([FIRST], {}).whole == [FIRST]


def test_a_copy_later_in_the_log_is_dropped() -> None:
    result = judged([FIRST, COPY], {})
    assert (result.whole, result.duplicates) == ([FIRST], 1)
    assert judged([COPY], {FIRST.identity: Entry(4, FIRST.checksum)}).duplicates == 1


def test_a_replay_is_folded_again() -> None:
    assert judged([FIRST], {FIRST.identity: Entry(4, FIRST.checksum)}).whole == [FIRST]


def test_what_comes_before_the_known_one_counts() -> None:
    known = {FIRST.identity: Entry(9, FIRST.checksum)}
    result = judged([FIRST, COPY], known)
    assert (result.whole, result.duplicates) == ([FIRST], 1)


def test_another_content_is_a_conflict() -> None:
    result = judged([FIRST, OTHER, COPY], {})
    assert (result.whole, result.conflicting, result.duplicates) == ([FIRST], [OTHER], 1)
    rows = plain_rows(ledger_rows(result))
    assert [(row[3][0], row[4][0]) for row in rows] == [(4, 0), (UINT64_MAX, 10)]


def test_a_row_of_the_ledger() -> None:
    assert plain_rows(ledger_rows(judged([FIRST], {}))) == [
        (RUN, PRODUCER, 1, (4, 1, 1, FIRST.checksum, 0), (0, 0))
    ]
