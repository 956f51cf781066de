from __future__ import annotations

import random
from array import array

import pytest

from runstream.agent.batch import EventFrame, RunContent, contents
from runstream.agent.cut import Cursor, Range
from runstream.agent.definitions import BookError
from runstream.v1 import events_pb2
from tests.unit.agent.memory import MemorySpool

URI = "grpc://server:1"


def gather(spool: MemorySpool, uri: str = URI) -> dict[int, RunContent]:
    chosen = Range(Cursor(0, 0), Cursor(spool.cells_written, spool.end))
    frames = [
        EventFrame(f.frame.cells_before, f.frame.event.run_index, f.frame.event.event)
        for f in spool.frames_made
        if f.frame.WhichOneof("kind") == "event"
    ]
    return contents(chosen, spool.cells, frames, uri, spool.book().runs)


def said(content: RunContent) -> list[object]:
    """Program order as it was logged: points as (key, step, value), tags as text."""
    order: list[object] = []
    for item in content.items:
        event = events_pb2.Event.FromString(item.event)
        if event.WhichOneof("kind") == "tags":
            order.append(event.tags.set[0].value)
            assert item.points == 0
            continue
        metrics = event.metrics
        rows = zip(
            array("I", metrics.key_index),
            array("q", metrics.step),
            array("d", metrics.value),
            strict=True,
        )
        found = [(metrics.series[key].key, step, value) for key, step, value in rows]
        assert item.points == len(found)
        order += found
    return order


def test_points_and_events_of_a_run_come_in_program_order(spool: MemorySpool) -> None:
    spool.run(0)
    spool.series(0, 0, "loss")
    spool.point(0, 0, 0)
    spool.tag(0, "t", "first")
    spool.tag(0, "t", "second")
    spool.point(0, 0, 1)
    spool.point(0, 0, 2)
    spool.tag(0, "t", "third")
    content = gather(spool)[0]
    assert said(content) == [
        ("loss", 0, 0.5), "first", "second", ("loss", 1, 0.5), ("loss", 2, 0.5), "third",
    ]  # fmt: skip


def test_events_of_one_run_do_not_split_the_points_of_another(spool: MemorySpool) -> None:
    for run in (0, 1):
        spool.run(run)
        spool.series(run, 0, "loss")
    for step in range(10):
        spool.point(0, 0, step)
        spool.tag(1, "t", str(step))
    found = gather(spool)
    assert len(found[0].items) == 1
    assert found[0].items[0].points == 10
    assert said(found[1]) == [str(step) for step in range(10)]


def test_only_runs_of_the_lane_are_gathered(spool: MemorySpool) -> None:
    spool.run(0)
    spool.run(1, uri="grpc://other:1")
    for run in (0, 1):
        spool.series(run, 0, "loss")
        spool.point(run, 0, 0)
        spool.tag(run, "t", "x")
    assert list(gather(spool)) == [0]
    assert list(gather(spool, "grpc://other:1")) == [1]


def test_random_programs_keep_their_order(spool: MemorySpool) -> None:
    chance = random.Random(3)
    expected: dict[int, list[object]] = {run: [] for run in range(4)}
    for run in expected:
        spool.run(run)
        for series in range(3):
            spool.series(run, series, f"k{series}")
    for step in range(600):
        run, series = chance.randrange(4), chance.randrange(3)
        if chance.random() < 0.2:
            spool.tag(run, "t", str(step))
            expected[run].append(str(step))
        else:
            spool.point(run, series, step, step / 2)
            expected[run].append((f"k{series}", step, step / 2))
    found = gather(spool)
    assert {run: said(content) for run, content in found.items()} == expected


def test_a_small_batch_of_many_series_carries_only_those_used(spool: MemorySpool) -> None:
    spool.run(0)
    for series in range(1000):
        spool.series(0, series, f"key-{series}")
    for step, series in enumerate([999, 3, 999]):
        spool.point(0, series, step)
    event = events_pb2.Event.FromString(gather(spool)[0].items[0].event)
    assert [series.key for series in event.metrics.series] == ["key-3", "key-999"]
    assert list(array("I", event.metrics.key_index)) == [1, 0, 1]


def test_series_may_be_committed_in_another_order_than_they_are_counted(
    spool: MemorySpool,
) -> None:
    spool.run(0)
    spool.series(0, 1, "second")
    spool.point(0, 1, 0)
    spool.point(0, 1, 1)
    assert said(gather(spool)[0]) == [("second", 0, 0.5), ("second", 1, 0.5)]
    spool.series(0, 0, "first")
    spool.point(0, 0, 2)
    assert said(gather(spool)[0])[-1] == ("first", 2, 0.5)


def test_undefined_indexes_are_damage(spool: MemorySpool) -> None:
    spool.run(0)
    spool.point(1, 0, 0)
    with pytest.raises(BookError, match="run index 1"):
        gather(spool)


def test_an_undefined_series_is_damage(spool: MemorySpool) -> None:
    spool.run(0)
    spool.point(0, 4, 0)
    with pytest.raises(BookError, match="series index 4"):
        gather(spool)
