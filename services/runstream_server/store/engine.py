"""The store: statements for ClickHouse, in this process or on a server.

Everything above uses `Store` and does not learn which it is. What differs
stands in an `Engine`: `folder_engine.py` (the engine in this process) and
`server_engine.py` (over HTTP). Every thread has a client of its own.
"""

from __future__ import annotations

import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from runstream_server.store.cluster import ONE_SERVER, Cluster
from runstream_server.store.codes import is_of_rows
from runstream_server.store.errors import RowsRefusedError, StoreError

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_Answer = TypeVar("_Answer")

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """The answer to a query, by columns."""

    names: tuple[str, ...]
    columns: Sequence[Sequence[Any]]

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def column(self, name: str) -> Sequence[Any]:
        if not self.columns:  # An empty answer does not name its columns.
            return ()
        return self.columns[self.names.index(name)]

    def rows(self) -> list[tuple[Any, ...]]:
        return list(zip(*self.columns, strict=True))


class Engine(ABC):
    """How to reach ClickHouse. Any method may be called from any thread."""

    #: What messages call it; holds no secret.
    place: str
    cluster: Cluster = ONE_SERVER
    #: May other processes have the same tables open?
    is_shared: bool = False

    @abstractmethod
    def connect(self) -> tuple[Client, int]:
        """A client for one thread, in the store's database, and its route.

        Raises StoreError.
        """

    def route(self) -> int:
        """The next statement must not go to a client of another route than this."""
        return 0

    @abstractmethod
    def keeps_after_error(self) -> bool:
        """May a client be used again that saw an error?"""

    @abstractmethod
    def translated(self, error: Exception) -> StoreError:
        """The client library's error as one of ours."""

    def pause_seconds(self, failure: StoreError, failures: int, elapsed_seconds: float) -> float:
        """How long to wait before the same statement is sent again; below 0: it is not.

        failures: how often it failed, this time included.
        """
        return -1.0

    @abstractmethod
    def body(self, pieces: Sequence[bytes | memoryview]) -> dict[str, Any]:
        """How the client is given the data of one insert: arguments for it.

        Large pieces are not copied: they have to stay until the insert has ended.
        """

    @abstractmethod
    def close(self, *, clean: bool) -> None:
        """After all clients were closed. clean: with the promise that all is kept."""


class Store:
    """The tables. Every method may be called from any thread.

    Statements name tables without a database: it is that of the connection.
    """

    #: What messages call it; holds no secret.
    place: str = ""
    #: What goes into definitions; see `cluster.py`.
    cluster: Cluster = ONE_SERVER
    #: May other processes have the same tables open?
    is_shared: bool = False

    def __init__(self, engine: Engine) -> None:
        """Use `open_store`, which also brings the tables up to date."""
        self.place = engine.place
        self.cluster = engine.cluster
        self.is_shared = engine.is_shared
        self._engine = engine
        self._local = threading.local()
        self._clients: weakref.WeakSet[Client] = weakref.WeakSet()
        self._clients_lock = threading.Lock()
        self._closed = threading.Event()

    def query(self, sql: str, params: Params | None = None) -> Result:
        """Columns as Python lists; parameters as `{name:Type}` in the statement."""
        result = self._run(
            lambda client: client.query(sql, parameters=_copy(params), column_oriented=True)
        )
        return Result(tuple(result.column_names), result.result_set)

    def packed(
        self, sql: str, dtype: np.dtype[np.void], params: Params | None = None
    ) -> NDArray[np.void]:
        """Numbers only, many of them: the rows as a structured array.

        dtype: packed, little-endian, with one field per selected column, of
            exactly its type.
        """
        body = self._run(
            lambda client: client.raw_query(sql, parameters=_copy(params), fmt="RowBinary")
        )
        return np.frombuffer(body, dtype=dtype)

    def rows(self, sql: str, params: Params | None = None) -> list[tuple[Any, ...]]:
        return self.query(sql, params).rows()

    def scalar(self, sql: str, params: Params | None = None) -> Any:
        """The one value of the one row."""
        ((value,),) = self.rows(sql, params)
        return value

    def command(self, sql: str, params: Params | None = None, *, repeat: bool = True) -> None:
        """A statement without an answer.

        repeat: whether it may be sent again when its answer was lost.
        """
        self._run(lambda client: client.command(sql, parameters=_copy(params)), repeat=repeat)

    def insert_native(
        self, table: str, columns: Sequence[str], blocks: bytes | Sequence[bytes | memoryview]
    ) -> None:
        """Append rows, given as blocks of the Native format, or as pieces of them.

        On return they are written (not forced to the disk), perhaps twice.
        After an error they may be written or not, never in part per block.
        Raises RowsRefusedError for rows that would be refused again.
        """
        pieces = [blocks] if isinstance(blocks, bytes) else blocks
        self._run(
            lambda client: client.raw_insert(
                table, column_names=list(columns), fmt="Native", **self._engine.body(pieces)
            ),
            rows=True,
        )

    def close(self) -> None:
        """Graceful, idempotent. No other thread may be inside a call."""
        if not self._closed.is_set():
            self._close(clean=True)

    def terminate(self) -> None:
        """Close the clients without the promise that all is on the disk."""
        self._close(clean=False)

    def _close(self, *, clean: bool) -> None:
        self._closed.set()
        with self._clients_lock:
            clients = list(self._clients)
            self._clients.clear()
        for client in clients:
            client.close()
        self._local = threading.local()
        self._engine.close(clean=clean)

    def _run(
        self, call: Callable[[Client], _Answer], *, repeat: bool = True, rows: bool = False
    ) -> _Answer:
        began, failures = time.monotonic(), 0
        while True:
            try:
                return self._once(call)
            except StoreError as failure:
                failures += 1
                elapsed = time.monotonic() - began
                pause = self._engine.pause_seconds(failure, failures, elapsed)
                if pause < 0 or not repeat:
                    if rows and is_of_rows(failure.code):
                        raise RowsRefusedError(str(failure), failure.code) from failure
                    raise
            self._closed.wait(pause)

    def _once(self, call: Callable[[Client], _Answer]) -> _Answer:
        client = self._client()
        try:
            return call(client)
        except Exception as error:
            if not self._engine.keeps_after_error():
                self._discard(client)
            # The client's own error may say more than anybody should read.
            raise self._engine.translated(error) from None
        except BaseException:
            self._discard(client)
            raise

    def _client(self) -> Client:
        if self._closed.is_set():
            raise StoreError("the store is closed")
        client: Client | None = getattr(self._local, "client", None)
        if client is not None and self._local.route != self._engine.route():
            self._discard(client)
            client = None
        if client is None:
            client, self._local.route = self._engine.connect()
            with self._clients_lock:
                self._clients.add(client)
            self._local.client = client
        return client

    def _discard(self, client: Client) -> None:
        self._local.client = None
        with self._clients_lock:
            self._clients.discard(client)
        client.close()


def _copy(params: Params | None) -> dict[str, Any] | None:
    return dict(params) if params is not None else None
