"""The numbered files of one kind of one process, in both of its folders."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from runstream.spool.folders import ScopeFolders


class Numbered(Protocol):
    """A file of the chain, open for reading."""

    path: Path
    number: int
    base: int


T = TypeVar("T", bound=Numbered)


class Chain(Generic[T]):
    """Opens files by number; the active folder's copy is preferred to the disk's.

    A damaged or missing file is reported once and left out.
    """

    def __init__(
        self,
        folders: ScopeFolders,
        prefix: str,
        open_view: Callable[[Path], T | str],
        report: Callable[[str], None],
    ) -> None:
        self._folders = [str(folder) for folder in dict.fromkeys(folders)]
        self._prefix = prefix
        self._open_view = open_view
        self._report = report
        self._views: dict[int, T] = {}
        self._bad: set[int] = set()
        self._pattern = re.compile(re.escape(prefix) + r"\.(\d{6,9})")
        self.numbers: list[int] = []
        self.refresh()

    def refresh(self) -> None:
        """List the folders again."""
        found: set[int] = set()
        for folder in self._folders:
            try:
                names = os.listdir(folder)
            except FileNotFoundError:
                continue
            matches = (self._pattern.fullmatch(name) for name in names)
            found.update(int(match[1]) for match in matches if match)
        self.numbers = sorted(found)

    def find(self, number: int) -> Path | None:
        """Where file `number` lies now."""
        for path in self._paths(number):
            if os.path.lexists(path):
                return Path(path)
        return None

    def _paths(self, number: int) -> list[str]:
        return [f"{folder}/{self._prefix}.{number:06d}" for folder in self._folders]

    def view(self, number: int) -> T | None:
        """File `number`; None when it is missing or damaged (which is reported)."""
        if number in self._views or number in self._bad:
            return self._views.get(number)
        path = self.find(number)
        try:
            opened = "" if path is None else self._open_view(path)
        except OSError as error:
            opened = f"{self._prefix}.{number:06d}: {error.strerror}"
        if not opened:
            return None
        if isinstance(opened, str):
            self._bad.add(number)
            self._report(opened)
            return None
        self._views[number] = opened
        return opened

    def views(self) -> list[T]:
        """All files that can be read, in order."""
        found = (self.view(number) for number in self.numbers)
        return [view for view in found if view is not None]

    def last(self) -> T | None:
        """The last file; None when it is damaged."""
        return self.view(self.numbers[-1]) if self.numbers else None

    def with_next(self) -> list[tuple[T, T | None]]:
        """All files that can be read, each with the next such one."""
        views = self.views()
        following: list[T | None] = [*views[1:], None]
        return list(zip(views, following, strict=False))

    def pairs(self) -> list[tuple[int, T]]:
        """The number of each file, also of a damaged one, with the next readable file."""
        found: list[tuple[int, T]] = []
        following: T | None = None
        for number in reversed(self.numbers):
            if following is not None:
                found.append((number, following))
            following = self.view(number) or following
        return found[::-1]

    def grow(self) -> bool:
        """Look whether the last file has a successor; True when there is one now."""
        following = self.numbers[-1] + 1 if self.numbers else 0
        if self.find(following) is None:
            return False
        self.numbers.append(following)
        return True

    def moved(self, number: int) -> None:
        """File `number` may lie elsewhere now."""
        view = self._views.get(number)
        path = self.find(number)
        if view is not None and path is not None:
            view.path = path

    def forget(self) -> None:
        """Let go of all open files."""
        self._views.clear()

    def remove(self, number: int) -> None:
        """Delete all copies of file `number`."""
        for path in self._paths(number):
            try:
                Path(path).unlink(missing_ok=True)
            except OSError:  # no file at all
                shutil.rmtree(path)
        self._views.pop(number, None)
        self._bad.discard(number)
        if number in self.numbers:
            self.numbers.remove(number)
