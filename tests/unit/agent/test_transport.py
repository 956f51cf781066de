"""Which transport is used, and when gRPC is tried again."""

from __future__ import annotations

import dataclasses

import pytest

from runstream.agent.access import Access
from runstream.agent.address import Address, AddressError
from runstream.agent.transport import Transports, again_from_environment
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.helpers import address_of


def falling_back(server: GrpcServer, transport: str = "") -> Address:
    """Over HTTP where gRPC does not say that it is well."""
    return dataclasses.replace(
        address_of(server), may_fall_back=True, access=Access(transport=transport)
    )


def test_without_another_way_it_is_grpc(server: GrpcServer) -> None:
    transport = Transports(60.0).open(address_of(server))
    assert transport.name == "grpc"
    transport.close()


def test_http_until_grpc_is_well(server: GrpcServer) -> None:
    address, transports = falling_back(server), Transports(1000.0)
    first = transports.open(address)
    assert first.name == "http"
    assert not transports.may_improve(first, address)  # too early
    again = transports.open(address)  # and no probe at every reconnection
    assert again.name == "http"
    assert server.calls.count("/grpc.health.v1.Health/Check") == 1
    impatient = Transports(0.0)
    assert impatient.open(address).name == "http"
    assert impatient.may_improve(first, address)
    assert impatient.improve(address) is None
    server.healthy = True
    better = impatient.improve(address)
    assert better is not None
    assert better.name == "grpc"
    assert not impatient.may_improve(better, address)
    for transport in (first, again, better):
        transport.close()


def test_a_server_that_is_away_says_nothing_about_grpc(server: GrpcServer) -> None:
    gone = dataclasses.replace(falling_back(server), http_base="unix:/nowhere")
    transports = Transports(1000.0)
    with pytest.raises(AddressError):
        transports.open(gone)
    server.healthy = True
    transport = transports.open(falling_back(server))
    assert transport.name == "grpc"
    transport.close()


def test_http_may_be_asked_for(server: GrpcServer) -> None:
    server.healthy = True
    address, transports = falling_back(server, "http"), Transports(0.0)
    transport = transports.open(address)
    assert transport.name == "http"
    assert not transports.may_improve(transport, address)
    transport.close()


def test_the_environment_sets_the_pause() -> None:
    assert again_from_environment({}) == 60.0
    assert again_from_environment({"RUNSTREAM_AGENT_GRPC_SECONDS": "2"}) == 2.0
    with pytest.raises(ValueError, match="RUNSTREAM_AGENT_GRPC_SECONDS"):
        again_from_environment({"RUNSTREAM_AGENT_GRPC_SECONDS": "soon"})
