"""Members that come, go, fail and are killed: the tables are those of one clean pass."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runstream.v1 import events_pb2 as pb
from runstream_server.eventlog.genesis import LogIdentity, establish
from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.port import NewRecord
from runstream_server.events.partition import partition_of
from runstream_server.materialize.compare import compare_generations
from runstream_server.materialize.materializer import Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.generations import create_generation
from runstream_server.store.open import open_store
from tests.integration.materialize.logs import FailingStore
from tests.servers.fixtures_kafka import MakeSettings
from tests.unit.folds.batches import Point, created, metrics, params, record, tags, updated

PARTITIONS = 6
RUNS = [f"{number:032x}" for number in range(24)]
GROUP = "materialize"
_SOON = FlushPolicy(poll_bytes=100_000, pause_seconds=0.0, retry_longest_seconds=0.2)

# Takes what falls to it, says so, and feeds nothing.
_HOG = """
import sys
from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.port import Member
from tests.servers.fixtures_kafka import settings_for

class Hog(Member):
    def begin(self, partitions):
        print(len(partitions), flush=True)
        return {}
    def end(self, partitions):
        pass

address, prefix, group = sys.argv[1:]
logs = KafkaLogs(settings_for(address, prefix=prefix))
reader = logs.events.open_group_reader(group, Hog())
while True:
    reader.poll(1 << 20, 1.0)
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("store"))
    yield opened
    opened.terminate()


class Writer:
    """Appends batches of many runs, copies of earlier ones among them."""

    def __init__(self, logs: KafkaLogs) -> None:
        self._logs = logs
        self._random = random.Random(7)
        self._stop = threading.Event()
        self._sent: list[tuple[int, bytes]] = []
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def count(self) -> int:
        return len(self._sent)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        for number in itertools.count():
            if self._stop.is_set():
                return
            records = [self._fresh(run, number) for run in RUNS]
            if self._sent:
                records.append(self._random.choice(self._sent))
            self._logs.events.append([NewRecord(*one) for one in records])
            self._sent += records

    def _fresh(self, run: str, number: int) -> tuple[int, bytes]:
        points = (Point("loss", 20 * number + i, i, self._random.random()) for i in range(20))
        events = [metrics(*points), tags(t=str(number)), params(p=str(number))]
        if number == 0:
            events.insert(0, created(run))
        if number % 7 == 3:
            events.append(updated(status=pb.FINISHED, end_time_ms=number))
        value = record(*events, seq=number + 1, stream_id=run)
        return partition_of(run, PARTITIONS), value


class Members:
    """Materializers of one group, each on a thread as in a process of its own."""

    def __init__(
        self, logs: KafkaLogs, store: Store, generation: int, identity: LogIdentity
    ) -> None:
        self._make: Callable[[], Materializer] = lambda: Materializer(
            logs, store, generation, identity=identity, policy=_SOON, group=GROUP
        )
        self._running: dict[Materializer, tuple[threading.Event, threading.Thread]] = {}

    def join(self) -> Materializer:
        member, stop = self._make(), threading.Event()
        thread = threading.Thread(target=member.run, args=(stop,), daemon=True)
        self._running[member] = (stop, thread)
        thread.start()
        return member

    def leave(self, member: Materializer) -> None:
        stop, thread = self._running.pop(member)
        stop.set()
        thread.join()

    def close(self) -> None:
        for member in list(self._running):
            self.leave(member)


def eventually(check: Callable[[], object], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def held(member: Materializer) -> int:
    return sum(log == "events" for log, _ in member.offsets())


def test_rebalances_change_nothing(kafka: str, kafka_settings: MakeSettings, store: Store) -> None:
    settings = kafka_settings(partitions=PARTITIONS)
    logs = KafkaLogs(settings)
    identity = establish(logs.events, logs.registry)
    generation = create_generation(store)
    failing = FailingStore(store)
    members = Members(logs, failing, generation, identity)
    writer = Writer(logs)
    try:
        first = members.join()
        eventually(lambda: held(first) == PARTITIONS)
        second = members.join()
        eventually(lambda: held(first) == held(second) == PARTITIONS // 2)
        failing.fail(5, "after")
        failing.fail(40, "before")
        third = members.join()
        eventually(lambda: held(first) == held(second) == held(third) == PARTITIONS // 3)
        members.leave(first)
        _killed_member(kafka, settings.prefix, generation)
        eventually(lambda: held(second) + held(third) == PARTITIONS)
        members.leave(second)
        eventually(lambda: held(third) == PARTITIONS)
        assert third.rebalances() > 1
        writer.close()
        ends = logs.events.end_offsets()
        eventually(
            lambda: all(third.applied().get(("events", one), 0) == end for one, end in ends.items())
        )
        assert third.counters.batch_age_seconds >= 0
    finally:
        writer.close()
        members.close()
    clean = create_generation(store)
    _one_clean_pass(Materializer(logs, store, clean, identity=identity))
    assert sum(ends.values()) == writer.count()
    assert compare_generations(store, generation, clean) == ()
    logs.close()


def _killed_member(address: str, prefix: str, generation: int) -> None:
    """A member of another process gets partitions and dies with them by kill -9."""
    root = Path(__file__).resolve().parents[3]
    hog = subprocess.Popen(
        [sys.executable, "-c", _HOG, address, prefix, f"{GROUP}-{generation}"],
        stdout=subprocess.PIPE,
        cwd=root,
    )
    assert hog.stdout is not None
    with hog.stdout:
        assert int(hog.stdout.readline()) > 0
    hog.send_signal(signal.SIGKILL)
    hog.wait()


def _one_clean_pass(materializer: Materializer) -> None:
    try:
        while materializer.poll().records:
            pass
    except StoreError as error:
        pytest.fail(str(error))
    finally:
        materializer.close()
