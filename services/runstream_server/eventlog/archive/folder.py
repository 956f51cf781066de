"""Objects as files of a folder: for small installations on a disk of their own, and tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runstream_server.eventlog.archive.errors import ArchiveUnavailableError
from runstream_server.eventlog.archive.objects import Objects

_INCOMING = ".incoming"


class FolderObjects(Objects):
    """See Objects. The folder is made when something is first put."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, data: bytes) -> bool:
        path = self._root / name
        with self._translated():
            (self._root / _INCOMING).mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            incoming = self._root / _INCOMING / os.urandom(12).hex()
            try:
                _write(incoming, data)
                os.link(incoming, path)
            except FileExistsError:
                return False
            finally:
                incoming.unlink(missing_ok=True)
            for folder in (path.parent, *path.parent.parents):
                _sync(folder)
                if folder == self._root:
                    break
            return True

    def get(self, name: str) -> bytes | None:
        with self._translated():
            try:
                return (self._root / name).read_bytes()
            except FileNotFoundError:
                return None

    def names(self, folder: str, after: str = "") -> list[str]:
        with self._translated():
            try:
                found = os.listdir(self._root / folder)
            except FileNotFoundError:
                return []
        return sorted(name for name in found if name > after)

    def describe(self) -> str:
        return str(self._root)

    def close(self) -> None:
        """Nothing is held."""

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ArchiveUnavailableError(
                f"The archive {self._root} cannot be used: {error.strerror or error}"
            ) from error


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
