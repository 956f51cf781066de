"""ClickHouse on a server, or on the replicas of one shard, over HTTP(S).

A statement that failed for a reason that passes (the connection was lost, the
server is overloaded or starts again) is sent again for a while. That is right
for every insert: the tables make repeated rows harmless. Any other error is
raised at once, with its code.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lz4.frame

from runstream_server.store.address import StoreAddress
from runstream_server.store.cluster import Cluster
from runstream_server.store.codes import TRANSIENT_STATUSES, is_transient
from runstream_server.store.engine import Engine
from runstream_server.store.errors import StoreError, StoreUnavailableError
from runstream_server.store.replicas import Replicas

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_STATUS = re.compile(r"received HTTP status (\d+)")
_CODE = re.compile(r"Code: (\d+)\.")
# Points become a third, for 40 ns of a processor each; little ones are not worth it.
_COMPRESSED_FROM_BYTES = 16 * 1024
# Small enough to stay in the processor's cache from compressing to sending.
_PACKED_AT_ONCE_BYTES = 256 * 1024
# What the server says while it takes no more parts; merging them takes a while.
_TOO_MANY_PARTS = 252


@dataclass(frozen=True)
class ServerPolicy:
    """Times of the connection to a server."""

    connect_seconds: int = 5
    # Without a byte for so long, a statement counts as lost. The server tells of
    # its progress before, however long the statement takes.
    read_seconds: int = 60
    # The first and the longest pause before a statement is sent again.
    retry_first_seconds: float = 0.1
    retry_longest_seconds: float = 3.0
    # The first pause while the server has too many parts to merge.
    parts_seconds: float = 1.0
    # After so long the error is raised: whoever asked decides what then.
    retry_within_seconds: float = 20.0
    # Connections that are kept open, for all threads together.
    connections: int = 32
    # How often a process that had to change replica tries the first one again.
    first_replica_seconds: float = 30.0


class ServerEngine(Engine):
    """Clients of one server, or of the first of its replicas that answers."""

    is_shared = True

    def __init__(self, address: StoreAddress, policy: ServerPolicy | None = None) -> None:
        """An address without a database is that of the user's default one."""
        from clickhouse_connect.driver.httputil import get_pool_manager

        self.place = str(address)
        self.cluster = Cluster(address.cluster)
        self._address = address
        self._policy = policy or ServerPolicy()
        options: dict[str, Any] = {"maxsize": self._policy.connections, "block": False}
        if address.scheme == "https":
            options["verify"] = address.verify
            if address.ca_cert:
                options["ca_cert"] = address.ca_cert
        self._pool = get_pool_manager(**options)
        self._replicas = Replicas(len(address.hosts), self._policy.first_replica_seconds)

    def connect(self) -> tuple[Client, int]:
        return self._replicas.connected(self._connect, self._sync)

    def route(self) -> int:
        return self._replicas.wanted()

    def keeps_after_error(self) -> bool:
        return True

    def translated(self, error: Exception) -> StoreError:
        if isinstance(error, StoreError):
            return error
        message = self._without_secrets(str(error))
        code = _code_of(error, message)
        status = _STATUS.search(message)
        lost = code == 0 and (status is None or int(status[1]) in TRANSIENT_STATUSES)
        if lost and _is_of_network(error):
            self._replicas.lost()
        if is_transient(code) or (lost and _is_of_network(error)) or (lost and status):
            return StoreUnavailableError(f"{self.place}: {message}", code)
        return StoreError(f"{self.place}: {message}", code)

    def pause_seconds(self, failure: StoreError, failures: int, elapsed_seconds: float) -> float:
        if not isinstance(failure, StoreUnavailableError):
            return -1.0
        policy = self._policy
        first = policy.retry_first_seconds
        if failure.code == _TOO_MANY_PARTS:
            first = policy.parts_seconds
        pause = min(first * 2.0 ** (failures - 1), policy.retry_longest_seconds)
        pause *= 0.5 + random.random() / 2
        return pause if elapsed_seconds + pause < policy.retry_within_seconds else -1.0

    def body(self, pieces: Sequence[bytes | memoryview]) -> dict[str, Any]:
        if sum(len(piece) for piece in pieces) < _COMPRESSED_FROM_BYTES:
            return {"insert_block": b"".join(pieces)}
        return {"insert_block": _Packed(pieces), "compression": "lz4"}

    def close(self, *, clean: bool) -> None:
        self._pool.clear()

    def _connect(self, replica: int) -> Client:
        import clickhouse_connect

        address = self._address
        host, port = address.hosts[replica]
        try:
            return clickhouse_connect.get_client(
                interface=address.scheme,
                host=host,
                port=port,
                username=address.username,
                password=address.password,
                database=address.database or None,
                compress="lz4",
                connect_timeout=self._policy.connect_seconds,
                send_receive_timeout=self._policy.read_seconds,
                query_retries=0,
                autogenerate_session_id=False,
                client_name="runstream",
                pool_mgr=self._pool,
                settings={**SESSION_SETTINGS, **self.cluster.settings()},
            )
        except Exception as error:
            raise self.translated(error) from None

    def _sync(self, client: Client) -> None:
        """What other replicas acknowledged comes to this one, before it is used."""
        names = client.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase() "
            "AND engine LIKE 'Replicated%' ORDER BY name"
        ).result_rows
        for (name,) in names:
            client.command(f"SYSTEM SYNC REPLICA `{name}`")

    def _without_secrets(self, message: str) -> str:
        password = self._address.password
        return message.replace(password, "***") if password else message


#: See EngineLimits.session_settings for what these mean.
SESSION_SETTINGS = {
    "async_insert": "0",
    "deduplicate_insert": "disable",
    "optimize_on_insert": "0",
}


def _code_of(error: Exception, message: str) -> int:
    code = getattr(error, "code", None)
    if isinstance(code, int):
        return code
    found = _CODE.search(message)
    return int(found[1]) if found else 0


def _is_of_network(error: BaseException | None) -> bool:
    """Was the connection refused, lost or silent?"""
    from urllib3.exceptions import HTTPError

    while error is not None:
        if isinstance(error, HTTPError | OSError):
            return True
        error = error.__cause__
    return False


class _Packed:
    """Pieces of a body, compressed while they are sent; from the start in each iteration."""

    def __init__(self, pieces: Sequence[bytes | memoryview]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        with lz4.frame.LZ4FrameCompressor(auto_flush=True) as compressor:
            yield compressor.begin()
            for piece in self._pieces:
                data = memoryview(piece)
                for start in range(0, len(data), _PACKED_AT_ONCE_BYTES):
                    yield compressor.compress(data[start : start + _PACKED_AT_ONCE_BYTES])
            yield compressor.flush()
