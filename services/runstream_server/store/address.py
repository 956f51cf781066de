"""Where a ClickHouse server is: one setting, read once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

DEFAULT_DATABASE = "runstream"
_DEFAULT_PORTS = {"http": 8123, "https": 8443}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CLUSTER_NAME = re.compile(r"[A-Za-z0-9_.{}-]+")
_OPTIONS = ("ca_cert", "verify")
_FORM = "http(s)://user:password@host:8123/database"


class AddressError(ValueError):
    """The setting cannot be understood. The message holds nothing of its value."""


@dataclass(frozen=True)
class StoreAddress:
    """One server, or the replicas of one shard in the order in which they are used.

    Every process of a deployment must be given the same replicas in the same
    order. No load balancer may stand before them: what was written to one
    replica is read from the same one.
    """

    scheme: str
    # Host and port of each replica.
    hosts: tuple[tuple[str, int], ...]
    username: str = "default"
    password: str = field(default="", repr=False)
    database: str = DEFAULT_DATABASE
    # Name of the cluster in the servers' configuration; empty: one server.
    cluster: str = ""
    # File with the certificate authorities that are trusted; empty: the machine's.
    ca_cert: str = ""
    # Whether the server's certificate is checked.
    verify: bool = True

    def __str__(self) -> str:
        """Without the password: for messages."""
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts)
        return f"{self.scheme}://{self.username}@{hosts}/{self.database}"


def parse_address(url: str, cluster: str = "") -> StoreAddress:
    """`http(s)://user:password@host:8123/database`; replicas: `…@host1:8123,host2:8123/…`.

    User, password and database may be left out. Raises AddressError.
    """
    try:
        address = _parsed(url, cluster)
    except ValueError as error:
        if isinstance(error, AddressError):
            raise
        # The library's own message may hold the password.
        raise AddressError(f"RUNSTREAM_CLICKHOUSE has to look like {_FORM}") from None
    _check(address)
    return address


def _parsed(url: str, cluster: str) -> StoreAddress:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    options = dict(parse_qsl(parts.query))
    if set(options) - set(_OPTIONS):
        raise AddressError(f"RUNSTREAM_CLICKHOUSE knows the options {' and '.join(_OPTIONS)} only")
    return StoreAddress(
        scheme=parts.scheme,
        hosts=tuple(_host(text, parts.scheme) for text in hosts.split(",")),
        username=unquote(username) or "default",
        password=unquote(password),
        database=parts.path.strip("/") or DEFAULT_DATABASE,
        cluster=cluster,
        ca_cert=options.get("ca_cert", ""),
        verify=options.get("verify", "true").lower() not in ("0", "false", "no"),
    )


def _host(text: str, scheme: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    return parts.hostname or "", parts.port or _DEFAULT_PORTS.get(scheme, 0)


def _check(address: StoreAddress) -> None:
    if address.scheme not in _DEFAULT_PORTS:
        raise AddressError(f"RUNSTREAM_CLICKHOUSE has to begin with http or https: {_FORM}")
    if not all(host for host, _ in address.hosts):
        raise AddressError(f"RUNSTREAM_CLICKHOUSE names no host: {_FORM}")
    if not _NAME.fullmatch(address.database):
        raise AddressError(
            "the database in RUNSTREAM_CLICKHOUSE may have letters, digits and underscores only"
        )
    if address.cluster and not _CLUSTER_NAME.fullmatch(address.cluster):
        raise AddressError("RUNSTREAM_CLICKHOUSE_CLUSTER is no name of a cluster")
    if len(address.hosts) > 1 and not address.cluster:
        raise AddressError(
            "RUNSTREAM_CLICKHOUSE names several servers: RUNSTREAM_CLICKHOUSE_CLUSTER has to name "
            "the cluster in which they are replicas of one shard"
        )
