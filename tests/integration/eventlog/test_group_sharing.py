"""Members that come, go, die and stand still: each partition has one, shares are even, and
who has nothing costs nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runstream_server.eventlog.kafka import clients
from runstream_server.eventlog.kafka.logs import KafkaLogs
from tests.servers.fixtures_kafka import settings_for
from tests.servers.kafka import KafkaServer

ROOT = Path(__file__).resolve().parents[3]
PARTITIONS = 3
SESSION_MS = 2000
# Longer than a session, two heartbeats and a join, on a machine that does other things too.
_SETTLED_SECONDS = 40.0
# Of a core. Alone on a machine it is below 0.01; what it is to tell from is 0.7.
_SPARE_CPU = 0.15


class Party:
    """The members of one group, as processes."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.prefix = f"test-{uuid.uuid4().hex[:12]}"
        self._folder = folder
        self._members: dict[int, subprocess.Popen[bytes]] = {}
        self._paused: set[int] = set()
        self._number = 0
        KafkaLogs(settings_for(address, prefix=self.prefix, partitions=PARTITIONS)).close()

    def add(self) -> int:
        self._number += 1
        command = [sys.executable, "-m", "tests.integration.eventlog.group_member", self.address]
        command += [self.prefix, str(PARTITIONS), str(SESSION_MS), str(self._state(self._number))]
        with (self._folder / "log").open("ab") as log:
            self._members[self._number] = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self._number

    def kill(self, member: int) -> None:
        process = self._members.pop(member)
        process.kill()
        process.wait()

    def pause(self, member: int) -> None:
        os.kill(self._members[member].pid, signal.SIGSTOP)
        self._paused.add(member)

    def resume(self, member: int) -> None:
        os.kill(self._members[member].pid, signal.SIGCONT)
        self._paused.discard(member)

    def look_again(self) -> None:
        """Every member asks what there is of the topic, as it does every five minutes."""
        for process in self._members.values():
            process.send_signal(signal.SIGUSR1)

    def held(self) -> dict[int, list[int]]:
        """By those that run; one that said nothing yet is not there yet."""
        running = self._members.keys() - self._paused
        return {
            member: json.loads(self._state(member).read_text())
            for member in running
            if self._state(member).exists()
        }

    def cpu_seconds(self, member: int) -> float:
        stat = Path(f"/proc/{self._members[member].pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def is_settled(self) -> bool:
        held = self.held()
        shares = [len(one) for one in held.values()]
        everything = sorted(partition for one in held.values() for partition in one)
        return (
            len(held) == len(self._members) - len(self._paused)
            and everything == list(range(PARTITIONS))
            and max(shares) - min(shares) <= 1
        )

    def settle(self) -> dict[int, list[int]]:
        """Who holds what, once it is as it should be, and stays so."""
        deadline = time.monotonic() + _SETTLED_SECONDS
        while True:
            eventually(self.is_settled, self.words, deadline)
            before = self.held()
            time.sleep(0.6)
            if self.is_settled() and self.held() == before:
                return before

    def owner(self) -> int:
        return next(member for member, held in self.settle().items() if held)

    def spare(self) -> int:
        return next(member for member, held in self.settle().items() if not held)

    def words(self) -> str:
        return f"{self.held()}\n{(self._folder / 'log').read_text()[-2000:]}"

    def close(self) -> None:
        for member in list(self._members):
            self.kill(member)

    def _state(self, member: int) -> Path:
        return self._folder / f"{member}.json"


def eventually(check: Callable[[], object], words: Callable[[], str], deadline: float) -> None:
    while not check():
        assert time.monotonic() < deadline, words()
        time.sleep(0.05)


@pytest.fixture
def party(broker: KafkaServer, tmp_path: Path) -> Iterator[Party]:
    made = Party(broker.address, tmp_path)
    yield made
    made.close()


def cpu_share(party: Party, member: int, seconds: float) -> float:
    """Of a core."""
    began, before = time.monotonic(), party.cpu_seconds(member)
    time.sleep(seconds)
    return (party.cpu_seconds(member) - before) / (time.monotonic() - began)


def test_members_share_evenly_whoever_comes_and_goes(party: Party) -> None:
    for _ in range(PARTITIONS + 2):
        party.add()
        party.settle()
    assert cpu_share(party, party.spare(), 3.0) < _SPARE_CPU

    party.kill(party.owner())
    party.settle()

    stopped = party.owner()
    party.pause(stopped)
    # The others have its share: the broker took it for dead.
    party.settle()
    party.resume(stopped)
    party.settle()

    while len(party.held()) > 1:
        party.kill(party.owner())
        party.settle()


def test_a_leader_that_hears_of_a_change_stays_a_member(party: Party) -> None:
    """It deals out again, and has to take up its own part."""
    for _ in range(2):
        party.add()
        party.settle()
    settings = settings_for(party.address, prefix=party.prefix, partitions=PARTITIONS)
    with contextlib.closing(clients.administration(settings)) as admin:
        admin.create_partitions({f"{party.prefix}.events": PARTITIONS + 1})
    party.look_again()
    # As long as the broker needs to miss somebody.
    time.sleep(2 * SESSION_MS / 1000)
    held = party.settle()
    assert all(cpu_share(party, member, 2.0) < 2 * _SPARE_CPU for member in held)


def test_a_broker_that_stands_still_is_waited_for(party: Party, broker: KafkaServer) -> None:
    for _ in range(PARTITIONS + 1):
        party.add()
    spare = party.spare()
    broker.pause()
    try:
        # The first heartbeat without an answer.
        time.sleep(1.5)
        assert cpu_share(party, spare, 3.0) < _SPARE_CPU
    finally:
        broker.resume()
    party.settle()
