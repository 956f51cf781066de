"""The ClickHouse engine in this process, and the only module that talks to it.

One engine per process; one folder per engine. Every thread has a handle of its
own (a shared one would serialise them), and one more is kept open, because the
last one closed stops the engine. A handle that saw an error is closed: its
next answer could begin with what the failed one had written.

Never fork after this module opened a store.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from runstream_server.store import boot
from runstream_server.store.errors import StoreBusyError, StoreError
from runstream_server.store.limits import EngineLimits
from runstream_server.store.schema.table import DATABASE

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


class Store:
    """Tables in a folder. Every method may be called from any thread."""

    def __init__(self, folder: Path, limits: EngineLimits) -> None:
        """Use `open_store`, which also brings the tables up to date."""
        self.folder = folder
        self._engine_folder = folder / "engine"
        self._limits = limits
        self._local = threading.local()
        self._handles: weakref.WeakSet[Client] = weakref.WeakSet()
        self._handles_lock = threading.Lock()
        self._closed = False
        self._keeper = self._connect()
        self._keeper.command(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")

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

    def command(self, sql: str, params: Params | None = None) -> None:
        """A statement without an answer."""
        self._run(lambda client: client.command(sql, parameters=_copy(params)))

    def insert_native(
        self, table: str, columns: Sequence[str], blocks: bytes | Iterable[bytes]
    ) -> None:
        """Append rows, given as blocks of the Native format.

        On return they are written (not forced to the disk). After an error
        they may be written or not, never in part per block.
        """
        body = blocks if isinstance(blocks, bytes) else b"".join(blocks)
        self._run(
            lambda client: client.raw_insert(
                table, column_names=list(columns), insert_block=body, fmt="Native"
            )
        )

    def close(self) -> None:
        """Graceful, idempotent. No other thread may be inside a call."""
        if self._closed:
            return
        self._closed = True
        self._close_handles()
        boot.mark_stopped(self.folder)

    def terminate(self) -> None:
        """Close the handles without the promise that all is on the disk."""
        self._closed = True
        self._close_handles()

    def _close_handles(self) -> None:
        with self._handles_lock:
            handles = [*self._handles, self._keeper]
            self._handles.clear()
        for handle in handles:
            handle.close()
        self._local = threading.local()

    def _run(self, call: Callable[[Client], _Answer]) -> _Answer:
        client = self._client()
        try:
            return call(client)
        except Exception as error:
            self._discard(client)
            raise _translated(error) from error
        except BaseException:
            self._discard(client)
            raise

    def _client(self) -> Client:
        if self._closed:
            raise StoreError("the store is closed")
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._connect(DATABASE)
            with self._handles_lock:
                self._handles.add(client)
            self._local.client = client
        return client

    def _discard(self, client: Client) -> None:
        self._local.client = None
        with self._handles_lock:
            self._handles.discard(client)
        client.close()

    def _connect(self, database: str | None = None) -> Client:
        # Not at the top: it starts threads and takes 240 MB.
        import clickhouse_connect

        try:
            return clickhouse_connect.get_client(
                interface="chdb",
                path=str(self._engine_folder),
                database=database,
                chdb_options=self._limits.engine_options(),
                settings=self._limits.session_settings(),
            )
        except Exception as error:
            raise StoreBusyError(
                f"the store in {self.folder} cannot be opened here: {error}"
            ) from error


def _copy(params: Params | None) -> dict[str, Any] | None:
    return dict(params) if params is not None else None


def _translated(error: Exception) -> StoreError:
    if isinstance(error, StoreError):
        return error
    return StoreError(str(error))
