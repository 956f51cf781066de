"""The broker dies, stands still or is not there yet: nothing acknowledged is lost."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from runstream_server.eventlog.genesis import establish
from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.port import EventLog, LogUnavailableError, NewRecord, Record
from tests.servers.fixtures_kafka import settings_for
from tests.servers.kafka import KafkaServer

WRITERS = 4
FILLING = b"x" * 20_000


@pytest.fixture
def logs(broker: KafkaServer) -> Iterator[KafkaLogs]:
    made = KafkaLogs(settings_for(broker.address, prefix=uuid.uuid4().hex, partitions=2))
    yield made
    made.close()


class Writers:
    """Threads that append numbered records, each the same again until it is acknowledged."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._stop = threading.Event()
        self.acknowledged: list[list[tuple[int, bytes]]] = [[] for _ in range(WRITERS)]
        self._pool = ThreadPoolExecutor(WRITERS)
        self._running = [self._pool.submit(self._write, number) for number in range(WRITERS)]

    def count(self) -> int:
        return sum(map(len, self.acknowledged))

    def wait_for(self, more: int) -> None:
        wanted = self.count() + more
        eventually(lambda: self.count() >= wanted)

    def close(self) -> None:
        self._stop.set()
        for running in self._running:
            running.result(timeout=90.0)
        self._pool.shutdown()

    def _write(self, number: int) -> None:
        for index in itertools.count():
            value = f"{number}/{index}/".encode() + FILLING
            while True:
                if self._stop.is_set():
                    return
                try:
                    (offset,) = self._log.append([NewRecord(number % 2, value)])
                except LogUnavailableError:
                    continue
                self.acknowledged[number].append((offset, value))
                break


def eventually(check: Callable[[], object], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def read_all(log: EventLog) -> dict[int, list[Record]]:
    reader = log.open_reader({})
    records: dict[int, list[Record]] = {0: [], 1: []}
    while polled := reader.poll(1 << 22, 0.0):
        for record in polled:
            records[record.partition].append(record)
    reader.close()
    return records


def check_nothing_lost(log: EventLog, writers: Writers) -> None:
    records = read_all(log)
    for partition, found in records.items():
        assert [record.offset for record in found] == list(range(len(found)))
        assert len(found) == log.end_offsets()[partition]
    for number, acknowledged in enumerate(writers.acknowledged):
        assert acknowledged
        for offset, value in acknowledged:
            assert records[number % 2][offset].value == value
        # In the order of the calls: each waited for the one before.
        offsets = [offset for offset, _ in acknowledged]
        assert offsets == sorted(offsets)
        first_seen = dict.fromkeys(
            one.value for one in records[number % 2] if one.value.startswith(b"%d/" % number)
        )
        numbers = [int(value.split(b"/")[1]) for value in first_seen]
        assert numbers == list(range(len(numbers)))


def test_kill_9_in_the_middle_of_appends(broker: KafkaServer, logs: KafkaLogs) -> None:
    writers = Writers(logs.events)
    for _ in range(2):
        writers.wait_for(50)
        broker.kill()
        broker.start()
    writers.wait_for(50)
    writers.close()
    check_nothing_lost(logs.events, writers)


def test_a_broker_that_stands_still(broker: KafkaServer, logs: KafkaLogs) -> None:
    writers = Writers(logs.events)
    writers.wait_for(20)
    broker.pause()
    # Longer than a request may take, so that tries are given up.
    resumed = threading.Timer(13.0, broker.resume)
    resumed.start()
    resumed.join()
    writers.wait_for(20)
    writers.close()
    check_nothing_lost(logs.events, writers)


def test_a_reader_goes_on_after_the_broker_died(broker: KafkaServer, logs: KafkaLogs) -> None:
    logs.events.append([NewRecord(0, b"before")])
    reader = logs.events.open_reader({})
    assert [one.value for one in reader.poll(1000, 10.0)] == [b"before"]
    broker.kill()
    broker.start()
    logs.events.append([NewRecord(0, b"after")])

    found: list[Record] = []

    def is_found() -> bool:
        with contextlib.suppress(LogUnavailableError):
            found.extend(reader.poll(1000, 5.0))
        return bool(found)

    eventually(is_found)
    assert found == [Record(0, 1, b"after")]
    reader.close()


def test_a_broker_that_comes_late_or_never(broker: KafkaServer) -> None:
    settings = settings_for(broker.address, prefix=uuid.uuid4().hex)
    broker.stop()
    with pytest.raises(LogUnavailableError, match="connecting to Kafka"):
        KafkaLogs(replace(settings, connect_seconds=0.0))
    with ThreadPoolExecutor(1) as beside:
        opening = beside.submit(KafkaLogs, settings)
        broker.start()
        logs = opening.result(timeout=90.0)
    assert establish(logs.events, logs.registry).partitions == 3
    logs.close()


def test_appends_fail_while_the_broker_is_away(broker: KafkaServer, logs: KafkaLogs) -> None:
    logs.events.append([NewRecord(0, b"before")])
    broker.kill()
    with ThreadPoolExecutor(1) as beside:
        failing = beside.submit(logs.events.append, [NewRecord(0, b"perhaps")])
        with pytest.raises(LogUnavailableError):
            failing.result(timeout=60.0)
    broker.start()
    eventually(lambda: logs.in_flight_bytes() == 0)
    (offset,) = logs.events.append([NewRecord(0, b"after")])
    assert [record.value for record in read_all(logs.events)[0]][offset] == b"after"
