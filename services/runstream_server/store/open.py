"""Opening the store of a folder: trusted or thrown away, then brought up to date."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from runstream_server.store import boot
from runstream_server.store.engine import Store
from runstream_server.store.limits import EngineLimits
from runstream_server.store.schema.migrations import broken_parts, migrate

_log = logging.getLogger(__name__)


def open_store(folder: Path, limits: EngineLimits | None = None) -> Store:
    """Open the store, making or migrating its tables.

    After an unclean stop of the machine the tables are thrown away: the log
    holds everything, and they are built again from its start.

    Raises StoreVersionError for tables of a newer version, StoreBusyError when
    another process has them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    this_boot = boot.boot_id()
    reason = boot.unclean_stop(folder, this_boot)
    if reason:
        _throw_away(folder, reason)
    limits = limits or EngineLimits()
    store = _opened(folder, limits)
    if broken_parts(store):
        store.terminate()
        _throw_away(folder, "the engine found broken parts")
        store = _opened(folder, limits)
    boot.mark_running(folder, this_boot)
    try:
        migrate(store)
    except BaseException:
        store.terminate()
        raise
    return store


def _opened(folder: Path, limits: EngineLimits) -> Store:
    (folder / "engine").mkdir(exist_ok=True)
    return Store(folder, limits)


def _throw_away(folder: Path, reason: str) -> None:
    _log.warning("the tables in %s are built again from the log: %s", folder, reason)
    shutil.rmtree(folder / "engine", ignore_errors=False)
