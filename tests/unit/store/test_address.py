"""The setting that says where ClickHouse is."""

from __future__ import annotations

import pytest

from runstream_server.store.address import AddressError, StoreAddress, parse_address


def test_everything_may_be_said() -> None:
    address = parse_address("https://me:p%40ss@db.example:9443/tracking?ca_cert=/etc/ca.pem")
    assert address == StoreAddress(
        "https", (("db.example", 9443),), "me", "p@ss", "tracking", "", "/etc/ca.pem"
    )


def test_most_may_be_left_out() -> None:
    assert parse_address("http://db") == StoreAddress("http", (("db", 8123),))
    assert parse_address("https://[::1]/").hosts == (("::1", 8443),)
    assert parse_address("https://db?verify=false").verify is False


def test_replicas_keep_their_order() -> None:
    address = parse_address("http://me:pw@b:1,a:2/x", cluster="main")
    assert (address.hosts, address.cluster) == ((("b", 1), ("a", 2)), "main")


@pytest.mark.parametrize(
    ("url", "cluster", "said"),
    [
        ("db:8123", "", "has to begin with http"),
        ("http://me:geheim@", "", "names no host"),
        ("http://me:geheim@db:port/", "", "has to look like"),
        ("http://me:geheim@db/a-b", "", "letters, digits and underscores"),
        ("http://me:geheim@db/x?tls=1", "", "knows the options"),
        ("http://me:geheim@a,b/x", "", "RUNSTREAM_CLICKHOUSE_CLUSTER has to name"),
        ("http://me:geheim@a/x", "a'b", "no name of a cluster"),
        ("http://me:geheim@[a/x", "", "has to look like"),
    ],
)
def test_what_cannot_be_understood_is_refused_without_its_value(
    url: str, cluster: str, said: str
) -> None:
    with pytest.raises(AddressError, match=said) as refused:
        parse_address(url, cluster)
    assert "geheim" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_password_is_never_shown() -> None:
    address = parse_address("http://me:geheim@db:1/x")
    assert str(address) == "http://me@db:1/x"
    assert "geheim" not in repr(address)
