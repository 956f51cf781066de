"""The list of measures, and counting."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from runstream_server.telemetry import (
    APPEND_SECONDS,
    BATCHES_ACCEPTED,
    CALLS,
    LOG_RECORDS,
    MEASURES,
    Telemetry,
)


def test_names_are_unique_and_say_their_unit() -> None:
    names = [measure.name for measure in MEASURES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z_]+", name) for name in names)
    histograms = [measure.name for measure in MEASURES if measure.kind == "histogram"]
    assert all(name.endswith("_seconds") for name in histograms)


def test_every_measure_says_what_to_do() -> None:
    assert all(measure.meaning.endswith(".") for measure in MEASURES)
    assert all(measure.when_it_rises.endswith(".") for measure in MEASURES)


def test_counting_from_many_threads() -> None:
    telemetry = Telemetry()

    def count(_: int) -> None:
        for _index in range(500):
            telemetry.count(BATCHES_ACCEPTED)
            telemetry.count(CALLS, label="x")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))
    assert telemetry.values(BATCHES_ACCEPTED) == {"": 2000}
    assert telemetry.values(CALLS) == {"x": 2000}


def test_what_was_never_counted() -> None:
    telemetry = Telemetry()
    assert telemetry.values(CALLS) == {}
    assert sum(telemetry.histogram(APPEND_SECONDS).counts) == 0


def test_gauges_are_read_when_asked() -> None:
    telemetry = Telemetry()
    value = [1.0]
    telemetry.watch(LOG_RECORDS, lambda: {"events": value[0]})
    value[0] = 2.0
    assert telemetry.values(LOG_RECORDS) == {"events": 2.0}
