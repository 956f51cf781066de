"""The ClickHouse engine in this process, over a folder.

One engine per process; one folder per engine. A handle that saw an error is
closed: its next answer could begin with what the failed one had written. One
more handle is kept open, because the last one closed stops the engine.

Never fork after this module opened a store.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runstream_server.store import boot
from runstream_server.store.engine import Engine
from runstream_server.store.errors import StoreBusyError, StoreError
from runstream_server.store.limits import EngineLimits

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

DATABASE = "runstream"

_CODE = re.compile(r"Code: (\d+)\.")


class FolderEngine(Engine):
    """Tables in a folder. Raises StoreBusyError when it cannot be opened here."""

    def __init__(self, folder: Path, limits: EngineLimits) -> None:
        self.folder = folder
        self.place = str(folder)
        self._limits = limits
        self._keeper = self._connect(None)
        self._keeper.command(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")

    def connect(self) -> tuple[Client, int]:
        return self._connect(DATABASE), self.route()

    def keeps_after_error(self) -> bool:
        return False

    def translated(self, error: Exception) -> StoreError:
        if isinstance(error, StoreError):
            return error
        found = _CODE.search(str(error))
        return StoreError(str(error), int(found[1]) if found else 0)

    def body(self, pieces: Sequence[bytes | memoryview]) -> dict[str, Any]:
        return {"insert_block": _Pieces(pieces)}

    def close(self, *, clean: bool) -> None:
        self._keeper.close()
        if clean:
            boot.mark_stopped(self.folder)

    def _connect(self, database: str | None) -> Client:
        # Not at the top: it starts threads and takes 240 MB.
        import clickhouse_connect

        try:
            return clickhouse_connect.get_client(
                interface="chdb",
                path=str(self.folder / "engine"),
                database=database,
                chdb_options=self._limits.engine_options(),
                settings=self._limits.session_settings(),
            )
        except Exception as error:
            raise StoreBusyError(
                f"the store in {self.folder} cannot be opened here: {error}"
            ) from error


class _Pieces:
    """What the client takes for a file, and writes to one."""

    def __init__(self, pieces: Sequence[bytes | memoryview]) -> None:
        self._left = iter(pieces)

    def read(self, _size: int) -> bytes | memoryview:
        """The next piece, however large; empty at the end."""
        return next(self._left, b"")
