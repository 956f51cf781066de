from __future__ import annotations

import json

import pytest

from runstream.agent import address
from runstream.agent.address import Address, AddressError


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("grpc://host:5001", Address("host:5001")),
        ("grpcs://host:5001", Address("host:5001", secure=True)),
        ("grpc://localhost:1", Address("localhost:1", local=True)),
        ("grpc://[::1]:1", Address("[::1]:1", local=True)),
    ],
)
def test_direct(uri: str, expected: Address) -> None:
    assert address.direct(uri) == expected


def test_the_http_address_says_where_grpc_is() -> None:
    body = json.dumps({"product": "runstream", "grpc_port": 5001}).encode()
    found = address.said("http://127.0.0.1:5000/prefix/", 200, body)
    assert found == Address(
        "127.0.0.1:5001", http_base="http://127.0.0.1:5000/prefix", local=True, may_fall_back=True
    )
    body = json.dumps({"product": "runstream", "grpc_address": "other:9"}).encode()
    expected = Address("other:9", True, "https://h", may_fall_back=True)
    assert address.said("https://h", 200, body) == expected


def test_reads_and_writes_may_have_addresses_of_their_own() -> None:
    answer: dict[str, object] = {
        "product": "runstream",
        "grpc_port": 5001,
        "ingest_addresses": ["i:1", "i:2"],
        "query_addresses": ["q:1"],
    }
    found = address.said("http://h:5000", 200, json.dumps(answer).encode())
    assert found.grpc_target in ("i:1", "i:2")
    assert found.query_targets == ("q:1",)
    del answer["ingest_addresses"]
    found = address.said("http://h:5000", 200, json.dumps(answer).encode())
    assert (found.grpc_target, found.query_targets) == ("h:5001", ("q:1",))
    answer["query_addresses"] = []
    found = address.said("http://h:5000", 200, json.dumps(answer).encode())
    assert (found.grpc_target, found.query_targets) == ("h:5001", ())


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"{}"), (200, b"<html>"), (200, b"[1]"), (200, b'{"product": "mlflow"}'), (500, b"")],
)
def test_other_servers_are_named(status: int, body: bytes) -> None:
    with pytest.raises(AddressError, match="not a Runstream server"):
        address.said("http://host", status, body)
