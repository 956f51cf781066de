"""A log that goes on before where it ended has lost something."""

from __future__ import annotations

from runstream_server.eventlog.kafka.reached import Reached, lost


def test_a_log_that_grows_lost_nothing() -> None:
    reached = Reached()
    reached.note("events", {0: 5, 1: 2})
    assert lost(reached.before(), "events", {0: 5, 1: 3, 2: 0}) == ""
    assert lost(reached.before(), "registry", {0: 0}) == ""


def test_a_log_that_goes_on_earlier_lost_records() -> None:
    reached = Reached()
    reached.note("events", {0: 5})
    assert "reached offset 5, and now goes on at 4" in lost(reached.before(), "events", {0: 4})


def test_an_answer_that_was_overtaken_is_no_loss() -> None:
    reached = Reached()
    before = reached.before()
    reached.note("events", {0: 7})
    reached.note("events", {0: 5})
    assert lost(before, "events", {0: 5}) == ""
    assert lost(reached.before(), "events", {0: 6})
