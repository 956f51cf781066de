from __future__ import annotations

from runstream.agent import records
from runstream.agent.cut import Cursor
from runstream.agent.definitions import Stream
from runstream.agent.ledger import Ledger
from runstream.agent.open_runs import OpenRuns
from runstream.agent.sends import Send, StreamState
from tests.unit.agent.memory import MemorySpool

URI = "grpc://server:1"


def ledger_of(spool: MemorySpool) -> Ledger:
    ledger = Ledger()
    for made in spool.frames_made:
        ledger.define(made.start, made.end, made.frame, b"")
    return ledger


def test_runs_are_open_from_their_definition_to_their_end(spool: MemorySpool) -> None:
    spool.run(0)
    spool.run(1, uri="grpc://other:1")
    second = spool.run(2)
    runs, ledger = OpenRuns(URI), ledger_of(spool)
    assert runs.candidates(ledger, second.start) == {0}
    assert runs.candidates(ledger, spool.end) == {0, 2}
    runs.update(ledger, [0], [Send(0, 1, ends=True), Send(2, 1)])
    assert runs.candidates(ledger, spool.end) == {2}
    runs.update(ledger, [0], [Send(0, 2)])  # it came back
    assert runs.candidates(ledger, spool.end) == {0, 2}
    assert runs.candidates(ledger, second.start) == {0}


def test_what_has_ended_before_a_restart_is_forgotten(spool: MemorySpool) -> None:
    spool.run(0)
    runs, ledger = OpenRuns(URI), ledger_of(spool)
    ledger.streams[Stream(URI, f"{0:032x}")] = StreamState(seq=3, ended_seq=3)
    assert runs.candidates(ledger, spool.end) == {0}
    runs.update(ledger, [], [])
    assert runs.candidates(ledger, spool.end) == set()


def test_what_an_earlier_producer_has_ended_is_not_announced_again(spool: MemorySpool) -> None:
    spool.run(0)
    spool.close_run(0)
    spool.run(1)
    ledger = ledger_of(spool)
    ledger.apply(records.advanced(URI, Cursor(0, spool.end)))
    assert OpenRuns(URI).candidates(ledger, spool.end) == {1}
