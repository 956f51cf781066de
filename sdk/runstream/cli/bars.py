"""Bars for transfers, on a terminal; they are taken away at the end."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from runstream._progress import Transfer


class Bars:
    """A bar per file. Use as a context."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, transfer: Transfer) -> None:
        """Move the bar of a file."""
        name = f"{transfer.verb} {transfer.what}".strip()
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name)
        self._progress.update(
            self._tasks[name], completed=transfer.done_bytes, total=transfer.total_bytes
        )
