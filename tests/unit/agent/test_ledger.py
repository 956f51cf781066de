from __future__ import annotations

import pytest

from runstream.agent import records
from runstream.agent.cut import Cursor, Range
from runstream.agent.definitions import Stream
from runstream.agent.ledger import Ledger
from runstream.agent.opening import Origin, catch_up, epoch_needed, replay
from runstream.agent.records import Cut
from runstream.agent.sends import Send, StreamState
from tests.unit.agent.memory import MemorySpool

URI = "grpc://server:1"
RUN = f"{0:032x}"


def filled(spool: MemorySpool) -> Ledger:
    """An ledger with everything in it: totals, a cut, an artifact that waits."""
    ledger = Ledger()
    ledger.apply(records.epoch("boot", b"p" * 16, "first"))
    spool.run(0)
    spool.series(0, 0, "loss")
    logged = spool.artifact(0, "old").start
    spool.artifact(0, "new")
    for made in spool.frames_made:
        ledger.define(made.start, made.end, made.frame, made.frame.SerializeToString())
    first = Cut(
        Range(Cursor(0, 0), Cursor(5, 40)),
        (Send(0, 1, 11, points=5, events=1), Send(0, 2, void="no")),
        (logged,),
    )
    ledger.apply(records.cut(URI, first))
    ledger.apply(records.accepted(URI))
    second = Cut(Range(Cursor(5, 40), Cursor(9, 40)), (Send(0, 3, 33, tail=(b"end",), ends=True),))
    ledger.apply(records.cut(URI, second))
    ledger.apply(records.revised(URI, [Send(0, 3, void="bad"), Send(0, 4, 44, dropped=(1,))]))
    return ledger


def state(ledger: Ledger) -> tuple[object, ...]:
    return (
        ledger.producer_id,
        ledger.place,
        ledger.streams,
        ledger.lanes,
        list(ledger.book.artifacts),
        ledger.read_to,
        ledger.checkpoint(),
    )


def test_what_records_do(spool: MemorySpool) -> None:
    ledger = filled(spool)
    assert ledger.streams == {Stream(URI, RUN): StreamState(seq=2, points=5, events=1)}
    lane = ledger.lanes[URI]
    assert lane.accepted == Cursor(5, 40)
    assert lane.cut is not None
    assert [send.seq for send in lane.cut.sends] == [3, 4]
    assert [a.artifact.path for a in ledger.book.artifacts.values()] == ["new"]
    ledger.apply(records.shut(URI, RUN, "purged"))
    assert ledger.streams[Stream(URI, RUN)].shut == "purged"
    ledger.apply(records.dropped(next(iter(ledger.book.artifacts))))
    assert not ledger.book.artifacts
    ledger.apply(records.advanced(URI, Cursor(7, 41)))
    assert ledger.lanes[URI].accepted == Cursor(7, 41)


def test_a_checkpoint_makes_an_equal_ledger(spool: MemorySpool) -> None:
    ledger = filled(spool)
    again = replay([records.encode(record) for record in ledger.checkpoint()])
    assert state(again) == state(ledger)


def test_an_epoch_forgets_numbers_and_keeps_positions(spool: MemorySpool) -> None:
    ledger = filled(spool)
    ledger.apply(records.epoch("other", b"q" * 16, "restart"))
    assert ledger.streams == {}
    assert ledger.lanes[URI].cut is None
    assert ledger.lanes[URI].accepted == Cursor(5, 40)


def test_what_all_lanes_have_accepted(spool: MemorySpool) -> None:
    ledger = Ledger()
    assert ledger.accepted(Cursor(3, 4)) == Cursor(3, 4)
    spool.run(0)
    spool.run(1, uri="grpc://other:1")
    for made in spool.frames_made:
        ledger.define(made.start, made.end, made.frame, b"")
    ledger.apply(records.advanced(URI, Cursor(9, 500)))
    assert ledger.accepted(Cursor(9, 900)) == Cursor(0, spool.frames_made[1].start)
    catch_up(ledger, Cursor(4, 400))
    assert ledger.accepted(Cursor(9, 900)) == Cursor(4, 400)


def test_records_of_a_later_version_are_not_guessed() -> None:
    with pytest.raises(KeyError):
        replay([b'{"k":"new"}'])
    for garbage in (b"[]", b"nonsense"):
        with pytest.raises(ValueError, match=r"not an object|Expecting"):
            replay([garbage])


@pytest.mark.parametrize(
    ("accepted", "boot", "rebooted", "own"),
    [
        (0, "now", False, True),
        (1, "now", False, False),
        (0, "then", False, False),
        (0, "now", True, False),
    ],
)
def test_an_empty_journal(accepted: int, boot: str, rebooted: bool, own: bool) -> None:
    origin = Origin(b"p" * 16, boot, Cursor(accepted, 0), rebooted)
    record = epoch_needed(Ledger(), origin, "now")
    assert record is not None
    assert (record["producer"] == (b"p" * 16).hex()) is own


def test_a_journal_goes_on_in_its_own_boot_only() -> None:
    ledger = Ledger()
    ledger.apply(records.epoch("now", b"p" * 16, "first"))
    here = Origin(b"p" * 16, "now", Cursor(5, 5), False)
    assert epoch_needed(ledger, here, "now") is None
    assert epoch_needed(ledger, here, "later") is not None
    copy = Origin(b"p" * 16, "now", Cursor(5, 5), True)
    needed = epoch_needed(ledger, copy, "now")
    assert needed is not None
    ledger.apply(needed)
    assert epoch_needed(ledger, copy, "now") is None
