from __future__ import annotations

import dataclasses
import time

import pytest

from runstream.agent.address import Address, AddressError
from runstream.agent.destination import Destination
from runstream.agent.mailbox import Mailbox
from runstream.agent.outcome import Accepted, Failed, Outcome
from runstream.v1 import events_pb2
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.helpers import address_of, eventually

BATCH = events_pb2.AppendRequest(stream_id="ab" * 16, producer_id=bytes(16), seq=1)
INFO = "/runstream.v1.Query/GetServerInfo"


def send(destination: Destination, mailbox: Mailbox) -> Outcome:
    outcomes = list[Outcome]()
    destination.append(BATCH.SerializeToString(), lambda outcome, now: outcomes.append(outcome))
    eventually(lambda: outcomes, mailbox)
    return outcomes[0]


def ready(destination: Destination, mailbox: Mailbox) -> None:
    eventually(lambda: destination.ready(time.monotonic()), mailbox)


def test_it_connects_when_it_is_asked_and_remembers_positions(
    destination: Destination, mailbox: Mailbox
) -> None:
    assert not destination.ready(time.monotonic())
    ready(destination, mailbox)
    assert isinstance(send(destination, mailbox), Accepted)
    assert destination.connected
    assert destination.position.message().offsets[0].next_offset == 1
    assert destination.health.last_accepted_ms


def test_a_server_that_was_away_is_found_again(
    destination: Destination, server: GrpcServer, mailbox: Mailbox
) -> None:
    ready(destination, mailbox)
    server.stop()
    result = send(destination, mailbox)
    assert isinstance(result, Failed)
    assert result.away
    assert not destination.ready(time.monotonic())
    assert destination.health.last_error
    server.start()
    ready(destination, mailbox)
    assert isinstance(send(destination, mailbox), Accepted)
    assert destination.connected


def test_sending_without_a_connection_fails_softly(
    destination: Destination, mailbox: Mailbox
) -> None:
    assert isinstance(send(destination, mailbox), Failed)


def test_calls_wait_for_the_connection(destination: Destination) -> None:
    answer = destination.call(INFO, b"", time.monotonic() + 10)
    assert answer.code == 0
    assert destination.address(time.monotonic() + 1) is not None


def test_calls_survive_a_server_that_comes_back(
    destination: Destination, server: GrpcServer
) -> None:
    assert destination.call(INFO, b"", time.monotonic() + 10).code == 0
    server.stop()
    server.start()
    assert destination.call(INFO, b"", time.monotonic() + 10).code == 0


def test_an_address_that_is_not_found_is_named(mailbox: Mailbox) -> None:
    def resolve(uri: str) -> Address:
        raise AddressError(f"no server at {uri}")

    destination = Destination("http://nowhere", resolve, mailbox)
    answer = destination.call(INFO, b"", time.monotonic() + 0.05)
    assert (answer.code, answer.message) == (14, "no server at http://nowhere")
    assert not destination.connected
    destination.close()
    assert destination.call(INFO, b"", time.monotonic() + 10).code == 14


def test_a_bug_in_resolving_is_seen(mailbox: Mailbox, server: GrpcServer) -> None:
    addresses = [address_of(server)]

    def resolve(uri: str) -> Address:
        return addresses[len(addresses)]

    destination = Destination("http://bug", resolve, mailbox)
    assert not destination.ready(time.monotonic())
    eventually(lambda: destination.health.last_error, mailbox)
    assert "index" in destination.health.last_error
    destination.close()


def test_room_is_bounded(destination: Destination) -> None:
    assert destination.room()
    destination.hold(2**30)
    assert not destination.room()
    destination.hold(-(2**30))
    assert destination.room()


def test_reads_find_another_server_while_writes_go_on(server: GrpcServer, mailbox: Mailbox) -> None:
    readers = ("unix:/nobody/there", server.address)
    address = Address(server.address, local=True, query_targets=readers)
    destination = Destination("http://two", lambda uri: address, mailbox)
    for _ in range(3):
        assert destination.call(INFO, b"", time.monotonic() + 10).code == 0
    assert isinstance(send(destination, mailbox), Accepted)
    destination.close()


def test_without_a_reader_writes_go_on(server: GrpcServer, mailbox: Mailbox) -> None:
    address = Address(server.address, local=True, query_targets=("unix:/nobody/there",))
    destination = Destination("http://two", lambda uri: address, mailbox)
    answer = destination.call(INFO, b"", time.monotonic() + 0.3)
    assert (answer.code, answer.error_code) == (14, "TEMPORARILY_UNAVAILABLE")
    assert destination.connected
    assert isinstance(send(destination, mailbox), Accepted)
    destination.close()


def test_who_takes_writes_by_grpc_may_be_another_by_now(
    server: GrpcServer, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTREAM_AGENT_GRPC_SECONDS", "0.01")
    server.healthy = True
    there = dataclasses.replace(address_of(server), may_fall_back=True)
    gone = dataclasses.replace(there, grpc_target="unix:/nowhere")
    found: list[Address | None] = [there, None, gone, gone]

    def resolve(uri: str) -> Address:
        address = found.pop() if len(found) > 1 else found[0]
        if address is None:
            raise AddressError(f"no server at {uri}")
        return address

    destination = Destination("http://somewhere", resolve, mailbox)
    ready(destination, mailbox)
    assert destination.transport == "http"
    eventually(
        lambda: destination.ready(time.monotonic()) and destination.transport == "grpc", mailbox
    )
    assert isinstance(send(destination, mailbox), Accepted)
    destination.close()
