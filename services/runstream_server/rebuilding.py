"""Building the tables of a folder again from its log, served or not."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

from runstream_server.embedded import PARTITIONS
from runstream_server.eventlog.genesis import establish
from runstream_server.eventlog.sqlite import SqliteLogs
from runstream_server.events.folds.views import VIEWS
from runstream_server.folder import MIGRATIONS, DataFolder, FolderError, FolderServedError
from runstream_server.folder_lock import FolderLock
from runstream_server.materialize.progress import OnProgress, Progress
from runstream_server.materialize.rebuild import rebuild
from runstream_server.store.open import open_store

# A server looks for requests every second.
_TAKEN_SECONDS = 30.0
_PAUSE_SECONDS = 0.1
_SAY_SECONDS = 1.0

VIEW_NAMES = tuple(view.name for view in VIEWS)

Say = Callable[[str], None]


def rebuild_folder(path: Path, only: str | None, stop: Event, say: Say) -> bool:
    """Rebuilds, or asks the server of the folder to. False when `stop` was set before.

    only: one of VIEW_NAMES; None: everything. Raises FolderError and the
    errors of log and store.
    """
    folder = DataFolder(path)
    if not folder.log.exists():
        raise FolderError(f"{folder.path} holds no event log: there is nothing to rebuild from.")
    lock = FolderLock(folder, "person")
    with contextlib.ExitStack() as closing:
        closing.callback(lock.close)
        try:
            lock.take()
        except FolderServedError:
            return _ask(folder, only, stop, say)
        return _rebuild(folder, only, stop, say)


def _ask(folder: DataFolder, only: str | None, stop: Event, say: Say) -> bool:
    folder.request_rebuild(only)
    deadline = time.monotonic() + _TAKEN_SECONDS
    while folder.requested_rebuild() is not None:
        if time.monotonic() > deadline:
            folder.take_rebuild_request()
            raise FolderError(
                f"The process that has {folder.path} did not take the request for "
                f"{_TAKEN_SECONDS:.0f} s. Stop it, then ask again."
            )
        if stop.wait(_PAUSE_SECONDS):
            folder.take_rebuild_request()
            say("Broken off; nothing was asked for.")
            return False
    say("The running server builds the new tables, and changes to them when they are whole.")
    return True


def _rebuild(folder: DataFolder, only: str | None, stop: Event, say: Say) -> bool:
    folder.bring_up_to_date(MIGRATIONS)
    with contextlib.ExitStack() as closing:
        logs = SqliteLogs(folder.log, PARTITIONS)
        closing.callback(logs.close)
        store = open_store(folder.store)
        closing.callback(store.close)
        done = rebuild(
            logs,
            store,
            identity=establish(logs.events, logs.registry),
            only=only,
            progress=_sayer(say),
            stop=stop,
        )
    say("The tables are built again." if done else "Broken off; the same command goes on.")
    return done


def _sayer(say: Say) -> OnProgress:
    """A line a second."""
    last = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _SAY_SECONDS:
            return
        last = now
        say(progress.line())

    return tell
