"""What every event log promises, on each implementation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import pytest

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.folder import FolderObjects
from runstream_server.eventlog.archive.log import archived
from runstream_server.eventlog.memory import MemoryLogs
from runstream_server.eventlog.port import (
    EVENTS,
    REGISTRY,
    EventLog,
    LogReader,
    LogUnavailableError,
    NewRecord,
    Record,
)
from runstream_server.eventlog.sqlite import SqliteLogs

PARTITIONS = 3
MANY_BYTES = 1 << 20


class Logs(Protocol):
    events: EventLog
    registry: EventLog

    def close(self) -> None: ...


def _memory(_folder: Path) -> Logs:
    return MemoryLogs(PARTITIONS)


class _Archived:
    """Logs with an archive in which is nothing."""

    def __init__(self, folder: Path) -> None:
        self._logs = MemoryLogs(PARTITIONS)
        self.events, self.registry = archived(self._logs, Archive(FolderObjects(folder)))

    def close(self) -> None:
        self._logs.close()


def _sqlite(folder: Path) -> Logs:
    return SqliteLogs(folder / "log.sqlite", PARTITIONS)


@pytest.fixture(params=[_memory, _sqlite, _Archived], ids=["memory", "sqlite", "archived"])
def logs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Logs]:
    make: Callable[[Path], Logs] = request.param
    made = make(tmp_path)
    yield made
    made.close()


@pytest.fixture
def log(logs: Logs) -> EventLog:
    return logs.events


def _read_all(reader: LogReader, count: int, max_bytes: int = MANY_BYTES) -> list[Record]:
    records: list[Record] = []
    while len(records) < count:
        polled = reader.poll(max_bytes, 5.0)
        assert polled, "the reader found nothing more"
        records += polled
    return records


def test_names_and_partitions(logs: Logs) -> None:
    assert (logs.events.log, logs.events.partitions) == (EVENTS, PARTITIONS)
    assert (logs.registry.log, logs.registry.partitions) == (REGISTRY, 1)


def test_an_empty_log_ends_at_0_and_gives_nothing(log: EventLog) -> None:
    assert log.end_offsets() == {0: 0, 1: 0, 2: 0}
    reader = log.open_reader({})
    assert reader.poll(MANY_BYTES, 0.0) == []
    assert reader.offsets() == {0: 0, 1: 0, 2: 0}
    reader.close()


def test_append_gives_consecutive_offsets_per_partition(log: EventLog) -> None:
    assert log.append([NewRecord(0, b"a"), NewRecord(1, b"b"), NewRecord(0, b"c")]) == [0, 0, 1]
    assert log.append([NewRecord(0, b"d")]) == [2]
    assert log.end_offsets() == {0: 3, 1: 1, 2: 0}


def test_reads_back_in_order_what_was_appended(log: EventLog) -> None:
    log.append([NewRecord(0, b"a"), NewRecord(1, b"b"), NewRecord(0, b"c")])
    reader = log.open_reader({})
    records = _read_all(reader, 3)
    assert [r for r in records if r.partition == 0] == [Record(0, 0, b"a"), Record(0, 1, b"c")]
    assert [r for r in records if r.partition == 1] == [Record(1, 0, b"b")]
    assert reader.offsets() == {0: 2, 1: 1, 2: 0}
    reader.close()


def test_any_bytes_are_kept(log: EventLog) -> None:
    values = [b"", bytes(range(256)), b"\x00" * 3_000_000]
    log.append([NewRecord(2, value) for value in values])
    reader = log.open_reader({})
    assert [record.value for record in _read_all(reader, 3)] == values
    reader.close()


def test_a_reader_begins_where_it_was_told(log: EventLog) -> None:
    log.append([NewRecord(0, bytes([i])) for i in range(5)])
    reader = log.open_reader({0: 3})
    assert [record.offset for record in _read_all(reader, 2)] == [3, 4]
    reader.close()


def test_a_reader_of_one_partition_waits_for_no_other(log: EventLog) -> None:
    log.append([NewRecord(0, b"a"), NewRecord(1, b"b"), NewRecord(1, b"c"), NewRecord(2, b"d")])
    reader = log.open_reader({1: 1, 2: 0}, only=[1])
    assert reader.offsets() == {1: 1}
    assert _read_all(reader, 1) == [Record(1, 1, b"c")]
    log.append([NewRecord(0, b"e")])
    assert reader.poll(MANY_BYTES, 0.0) == []
    reader.close()


def test_nothing_is_deleted(log: EventLog) -> None:
    log.append([NewRecord(0, b"a")])
    assert log.first_offsets() == {0: 0, 1: 0, 2: 0}


def test_poll_stops_near_max_bytes_and_gives_at_least_one(log: EventLog) -> None:
    log.append([NewRecord(0, b"x" * 100) for _ in range(10)])
    reader = log.open_reader({})
    assert len(reader.poll(250, 0.0)) == 3
    assert len(reader.poll(1, 0.0)) == 1
    assert len(_read_all(reader, 6)) == 6
    assert reader.poll(MANY_BYTES, 0.0) == []
    reader.close()


def test_no_partition_starves(log: EventLog) -> None:
    log.append([NewRecord(partition, b"x" * 100) for partition in range(3) for _ in range(5)])
    reader = log.open_reader({})
    records = _read_all(reader, 15, max_bytes=150)
    assert len({(record.partition, record.offset) for record in records}) == 15
    reader.close()


def test_poll_wakes_up_for_an_append(log: EventLog) -> None:
    reader = log.open_reader({})
    with ThreadPoolExecutor(1) as beside:
        polled = beside.submit(reader.poll, MANY_BYTES, 30.0)
        log.append([NewRecord(1, b"now")])
        assert polled.result(timeout=20.0) == [Record(1, 0, b"now")]
    reader.close()


def test_two_readers_do_not_disturb_each_other(log: EventLog) -> None:
    log.append([NewRecord(0, b"a")])
    first, second = log.open_reader({}), log.open_reader({})
    assert first.poll(MANY_BYTES, 0.0) == second.poll(MANY_BYTES, 0.0) == [Record(0, 0, b"a")]
    first.close()
    first.close()
    second.close()


def test_the_two_logs_are_apart(logs: Logs) -> None:
    logs.events.append([NewRecord(0, b"event")])
    logs.registry.append([NewRecord(0, b"claim")])
    reader = logs.registry.open_reader({})
    assert reader.poll(MANY_BYTES, 0.0) == [Record(0, 0, b"claim")]
    reader.close()


def test_a_partition_that_does_not_exist_is_refused(log: EventLog) -> None:
    for partition in (-1, PARTITIONS):
        with pytest.raises(ValueError, match="partition"):
            log.append([NewRecord(0, b"good"), NewRecord(partition, b"bad")])
    assert log.end_offsets()[0] == 0


def test_many_threads_lose_and_mix_up_nothing(log: EventLog) -> None:
    threads, each = 8, 25
    offsets: dict[bytes, int] = {}
    lock = threading.Lock()

    def append(number: int) -> None:
        for index in range(each):
            value = f"{number}/{index}".encode()
            pair = [NewRecord(0, value), NewRecord(0, value + b"+")]
            first, second = log.append(pair)
            with lock:
                offsets[value], offsets[value + b"+"] = first, second

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(append, range(threads)))
    reader = log.open_reader({})
    records = _read_all(reader, threads * each * 2)
    assert {record.value: record.offset for record in records} == offsets
    assert [record.offset for record in records] == list(range(len(records)))
    for value, offset in offsets.items():
        if not value.endswith(b"+"):
            assert offsets[value + b"+"] == offset + 1
    reader.close()


def test_a_closed_log_takes_nothing(log: EventLog) -> None:
    log.append([NewRecord(0, b"a")])
    log.close()
    log.close()
    with pytest.raises(LogUnavailableError):
        log.append([NewRecord(0, b"b")])
