"""Logging that is interrupted by threads and signal handlers, at rotations above all.

Each step of a rotation can be overtaken by a whole logging call. To look for a
wrong one, make SIGNALS_SECONDS longer.
"""

from __future__ import annotations

import random
import signal
import threading
import time

import pytest

from runstream.spool import segments
from runstream.spool.folders import ScopeFolders, process_names
from runstream.spool.format import RUN_BIT
from runstream.spool.reader import SpoolReader
from runstream.spool.writer import ProcessSpool
from tests.unit.spool.helpers import NOW_MS, cells_of, in_child, one_run

SIGNALS_SECONDS = 0.7


def small_segments(monkeypatch: pytest.MonkeyPatch, cells: int = 62) -> None:
    monkeypatch.setattr(segments, "segment_bytes", lambda _: 64 + 32 * cells)


@pytest.mark.parametrize("kind", ["mapped", "appended", "locked"])
def test_eight_threads_lose_nothing_and_keep_their_order(
    one_folder: ScopeFolders, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    small_segments(monkeypatch)
    if kind == "appended":
        monkeypatch.setattr("runstream.spool.room.is_mappable", lambda _: False)
    monkeypatch.setattr(segments, "gil_enabled", lambda: kind != "locked")
    spool = ProcessSpool.create(one_folder)
    run = one_run(spool)
    count = 1500
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        for step in range(count):
            if step % 7:
                run.log_metric(f"key {number}", 0.5, step, NOW_MS)
            else:
                run.log_metrics({f"key {number}": 0.5}, step, NOW_MS)
            if step % 100 == 0:
                spool.append_event(run.run_index, b"%d" % step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reader = SpoolReader(one_folder, f"p-{spool.producer_id.hex()}")
    by_series: dict[int, list[int]] = {}
    for cell in cells_of(reader):
        by_series.setdefault(cell[1], []).append(cell[2])
    assert sorted(by_series) == list(range(8))
    assert all(steps == list(range(count)) for steps in by_series.values())
    before = [frame.frame.cells_before for frame in reader.frames(0, 2**30)]
    assert before == sorted(before)
    assert len(before) == 1 + 8 + 8 * 15
    assert spool.position()[0] >= 8 * count
    assert reader.damage == []


def log_with_handler(folders: ScopeFolders) -> None:
    """Log while a handler, at random moments, logs as well; last how much each did."""
    spool = ProcessSpool.create(folders)
    main, other = one_run(spool), one_run(spool)
    handled = 0
    rest = random.Random(1)

    def handler(*_signal: object) -> None:
        nonlocal handled
        for _ in range(40):
            other.log_metric("handled", 0.5, handled, NOW_MS)
            handled += 1
        spool.append_event(other.run_index, b"%d" % handled)
        signal.setitimer(signal.ITIMER_REAL, rest.random() * 0.0004 + 0.00001)

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0003)
    step = 0
    end = time.monotonic() + SIGNALS_SECONDS
    while time.monotonic() < end:
        main.log_metric("main", 0.5, step, NOW_MS)
        step += 1
        if step % 10 == 0:
            main.log_metrics({"main": 0.5}, step, NOW_MS)
            spool.append_event(main.run_index, b"%d" % step)
            step += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    main.log_metrics({"total": float(step), "handled": float(handled)}, 0, NOW_MS)
    assert handled > 1000


@pytest.mark.parametrize("kind", ["mapped", "appended"])
def test_a_signal_handler_may_log_at_any_moment(
    one_folder: ScopeFolders, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    small_segments(monkeypatch)
    monkeypatch.setattr("runstream.spool.events.EVENTS_FILE_BYTES", 2000)
    if kind == "appended":
        monkeypatch.setattr("runstream.spool.room.is_mappable", lambda _: False)
    assert in_child(lambda: log_with_handler(one_folder)) == 0
    (name,) = process_names(one_folder)
    reader = SpoolReader(one_folder, name)
    assert reader.adopt()
    cells = cells_of(reader)
    total, handled = int(cells[-2][3]), int(cells[-1][3])
    series = [frame.frame.series for frame in reader.frames(0, 2**30)]
    names = {(one.run_index, one.series_index): one.key for one in series if one.key}
    steps: dict[str, list[int]] = {"main": [], "handled": []}
    for word, index, step, *_ in cells[:-2]:
        steps[names[word & ~RUN_BIT, index]].append(step)
    assert steps["main"] == list(range(total))
    assert steps["handled"] == list(range(handled))
    check_events(reader)


def check_events(reader: SpoolReader) -> None:
    """Each names the step it came after: those points, and not later ones of its run, precede."""
    frames = reader.frames(0, 2**30)
    before = [frame.frame.cells_before for frame in frames]
    assert before == sorted(before)
    for run_index in (0, 1):
        events = [
            frame.frame
            for frame in frames
            if frame.frame.WhichOneof("kind") == "event"
            and frame.frame.event.run_index == run_index
        ]
        assert len(events) > 20
        steps = [int(event.event.event) for event in events]
        assert steps == sorted(steps)
    assert reader.damage == []
