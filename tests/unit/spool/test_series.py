"""The hot path: points of one run."""

from __future__ import annotations

import decimal
import math
import struct
import time

import pytest

from runstream.spool.errors import WrongProcess
from runstream.spool.folders import ScopeFolders
from runstream.spool.limits import MARK_INTERVAL_MS, TEMPLATES_MAX
from runstream.spool.reader import SpoolReader
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from tests.unit.spool.helpers import NOW_MS, cells_of, kinds_of, one_run, run_definition


@pytest.fixture
def run(spool: ProcessSpool) -> RunSpool:
    return one_run(spool)


@pytest.fixture
def reader(spool: ProcessSpool, one_folder: ScopeFolders) -> SpoolReader:
    return SpoolReader(one_folder, f"p-{spool.producer_id.hex()}")


def test_a_point_is_kept_as_it_was_given(run: RunSpool, reader: SpoolReader) -> None:
    run.log_metric("a", 0.1, -5, NOW_MS)
    run.log_metric("b", 2**53, 2**63 - 1, NOW_MS + 1)
    run.log_metric("a", True, 0, 1)
    run.log_metric("a", decimal.Decimal("0.5"), 0, NOW_MS)  # type: ignore[arg-type]
    assert [cell[1:] for cell in cells_of(reader)] == [
        (0, -5, 0.1, NOW_MS),
        (1, 2**63 - 1, 2.0**53, NOW_MS + 1),
        (0, 0, 1.0, 1),
        (0, 0, 0.5, NOW_MS),
    ]


def test_values_that_are_not_finite_are_kept(run: RunSpool, reader: SpoolReader) -> None:
    run.log_metrics({"a": math.nan, "b": math.inf, "c": -math.inf}, 0, NOW_MS)
    values = [cell[3] for cell in cells_of(reader)]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


@pytest.mark.parametrize(
    ("value", "step"), [("0.5", 0), (None, 0), (0.5, 2**63), (0.5, 0.5), (0.5, None), ([1], 0)]
)
def test_what_is_no_number_is_refused_whole(
    run: RunSpool, reader: SpoolReader, value: float, step: int
) -> None:
    with pytest.raises(struct.error):
        run.log_metric("a", value, step, NOW_MS)
    with pytest.raises((TypeError, OverflowError)):
        run.log_metrics({"b": 1.0, "a": value}, step, NOW_MS)
    assert reader.valid_cells() == 0


def test_a_timestamp_of_zero_is_refused(run: RunSpool, reader: SpoolReader) -> None:
    with pytest.raises(ValueError, match="timestamp_ms"):
        run.log_metric("a", 0.5, 1, 0)
    with pytest.raises(ValueError, match="timestamp_ms"):
        run.log_metrics({"a": 0.5}, 1, 0)
    assert reader.valid_cells() == 0


def test_many_points_of_one_call_stand_together(run: RunSpool, reader: SpoolReader) -> None:
    metrics = {f"key {number}": float(number) for number in range(50)}
    run.log_metrics(metrics, 7, NOW_MS)
    run.log_metrics({"key 49": 1, "key 0": 2}, 8, NOW_MS)
    run.log_metrics({}, 9, NOW_MS)
    cells = cells_of(reader)
    expected = [(number, 7, float(number), NOW_MS) for number in range(50)]
    assert [cell[1:] for cell in cells] == [*expected, (49, 8, 1.0, NOW_MS), (0, 8, 2.0, NOW_MS)]


def test_more_points_than_a_segment_holds(run: RunSpool, reader: SpoolReader) -> None:
    metrics = {f"key {number}": float(number) for number in range(7000)}
    run.log_metrics(metrics, 7, NOW_MS)
    run.log_metrics(metrics, 8, NOW_MS)
    assert [cell[1] for cell in cells_of(reader)] == list(range(7000)) * 2


def test_keys_are_checked_once_and_before_they_are_known(
    spool: ProcessSpool, reader: SpoolReader
) -> None:
    checked: list[str] = []

    def check(key: str) -> None:
        checked.append(key)
        if key == "bad":
            raise ValueError("bad key")

    run = RunSpool(spool, spool.define_run(run_definition()), check_key=check)
    for _ in range(2):
        run.log_metric("a", 0.5, 1, NOW_MS)
        run.log_metrics({"a": 0.5, "b": 1.0}, 1, NOW_MS)
        with pytest.raises(ValueError, match="bad key"):
            run.log_metric("bad", 0.5, 1, NOW_MS)
        with pytest.raises(ValueError, match="bad key"):
            run.log_metrics({"a": 0.5, "bad": 1.0}, 1, NOW_MS)
    assert checked == ["a", "b", "bad", "bad", "bad", "bad"]
    assert kinds_of(reader) == ["run", "series", "series"]
    assert len(cells_of(reader)) == 6


def test_a_series_is_its_key_model_and_dataset(run: RunSpool, reader: SpoolReader) -> None:
    run.log_metric("a", 0.5, 1, NOW_MS)
    assert run.index_of("a") == 0
    assert run.index_of("a", "m-1") == 1
    assert run.index_of("a", "", "data", "digest") == 2
    assert run.index_of("a", "m-1") == 1
    run.log_series(2, 0.25, 2, NOW_MS)
    assert [cell[1:4] for cell in cells_of(reader)] == [(0, 1, 0.5), (2, 2, 0.25)]
    series = [frame.frame.series for frame in reader.frames(0)[1:]]
    assert [(one.series_index, one.key, one.model_id, one.dataset_name) for one in series] == [
        (0, "a", "", ""),
        (1, "a", "m-1", ""),
        (2, "a", "", "data"),
    ]


def test_templates_are_bounded(run: RunSpool, reader: SpoolReader) -> None:
    keys = [f"key {number}" for number in range(40)]
    for first in keys:
        for second in keys[:10]:
            run.log_metrics({first: 0.5, second: 0.5}, 1, NOW_MS)
    assert len(run._templates) <= TEMPLATES_MAX


def test_the_mark_is_due_about_once_a_second(spool: ProcessSpool) -> None:
    calls: list[int] = []
    index = spool.define_run(run_definition())
    run = RunSpool(spool, index, on_mark=lambda: calls.append(spool.mark_ms))
    now = time.time_ns() // 1_000_000
    run.log_metric("a", 0.5, 1, now)
    assert len(calls) == 1
    assert calls[0] >= now + MARK_INTERVAL_MS
    run.log_metric("a", 0.5, 2, now)
    run.log_metrics({"a": 0.5}, 2, now)
    run.log_metric("a", 0.5, 3, now + 10**9)  # a timestamp in the future does not count
    assert len(calls) == 1
    spool.mark_ms = now - 1  # as time does
    run.log_metrics({"a": 0.5}, 4, now)
    assert len(calls) == 2


def test_the_mark_may_log_itself(spool: ProcessSpool, reader: SpoolReader) -> None:
    index = spool.define_run(run_definition())
    logs: list[RunSpool] = []
    run = RunSpool(spool, index, on_mark=lambda: logs[0].log_metric("b", 0.5, 2, NOW_MS))
    logs.append(run)
    run.log_metric("a", 0.5, 1, time.time_ns() // 1_000_000)
    assert [cell[2] for cell in cells_of(reader)] == [1, 2]


def test_a_fork_right_before_the_write_does_not_reach_the_parents_file(
    run: RunSpool, spool: ProcessSpool, reader: SpoolReader
) -> None:
    forks = _Value(lambda: spool.mark.__setitem__(0, 0))  # as the kernel wipes the page
    run.log_metric("a", 0.5, 1, NOW_MS)
    with pytest.raises(WrongProcess):
        run.log_metric("a", forks, 2, NOW_MS)  # type: ignore[arg-type]
    spool.mark[0] = 1
    assert len(cells_of(reader)) == 1


class _Value:
    """A number that does something when it is read."""

    def __init__(self, action: object) -> None:
        self._action = action

    def __float__(self) -> float:
        assert callable(self._action)
        self._action()
        return 0.5


def test_a_value_that_logs_while_it_is_read(run: RunSpool, reader: SpoolReader) -> None:
    value = _Value(lambda: run.log_metrics({"b": 1.0, "c": 2.0}, 1, NOW_MS))
    run.log_metric("a", value, 2, NOW_MS)  # type: ignore[arg-type]
    assert sorted(cell[2:4] for cell in cells_of(reader)) == [(1, 1.0), (1, 2.0), (2, 0.5)]
