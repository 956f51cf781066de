"""Building the tables again from the log: a new generation beside the live one.

The new one has its own consumer, ledger and applied offsets, so nothing that
is wrong with the old tables can reach it. What was built is kept: a rebuild
that was broken off goes on where it stopped.
"""

from __future__ import annotations

import threading
import time

from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.port import EVENTS
from runstream_server.materialize.materializer import Applied, Logs, Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.progress import OnProgress, Pace, records_in
from runstream_server.materialize.view_rebuild import ViewRebuild, request_view
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.generations import (
    create_generation,
    drop_generation,
    generations,
    live_generation,
    switch_generation,
)


def request_rebuild(store: Store, only: str | None = None) -> None:
    """Ask the process that feeds these tables for a rebuild.

    only: the name of one view; else everything. Asking again while one is
    under way changes nothing.
    """
    if only is not None:
        request_view(store, only)
    elif building_generation(store) is None:
        create_generation(store)


def building_generation(store: Store) -> int | None:
    """The generation that a rebuild is building."""
    found = [one.number for one in generations(store) if one.state == "building"]
    return max(found, default=None)


def rebuild(
    logs: Logs,
    store: Store,
    *,
    identity: LogIdentity,
    only: str | None = None,
    progress: OnProgress | None = None,
    stop: threading.Event | None = None,
    policy: FlushPolicy | None = None,
) -> bool:
    """Rebuild while nobody else feeds the store; returns when the new tables are live.

    False when `stop` was set before: calling it again goes on from there.
    Raises StoreError, LogUnavailableError and LogMismatchError, likewise.
    """
    stop = stop or threading.Event()
    _drop_old(store)
    request_rebuild(store, only)
    live = Materializer(logs, store, live_generation(store), identity=identity, policy=policy)
    if only is not None:
        return ViewRebuild(logs, store, live, policy).run(stop, progress)
    number = building_generation(store)
    if number is None:
        raise StoreError("the generation that was to be built has disappeared")
    new = Materializer(logs, store, number, identity=identity, policy=policy)
    try:
        if not _fold_all(logs, new, stop, progress):
            return False
    finally:
        new.close()
    if not is_caught_up(new.applied(), live.applied()):
        raise StoreError("the new tables hold less than the live ones; nothing was switched")
    switch_generation(store, number)
    _drop_old(store)
    return True


def is_caught_up(new: Applied, live: Applied) -> bool:
    """Does a generation hold everything that the live one holds?"""
    return all(new.get(partition, 0) >= offset for partition, offset in live.items())


def _fold_all(
    logs: Logs, new: Materializer, stop: threading.Event, progress: OnProgress | None
) -> bool:
    """Feed until the end of the log; False when stopped before."""
    pace: Pace | None = None
    while not stop.is_set():
        records = new.poll().records
        done = sum(offset for (log, _), offset in new.applied().items() if log == EVENTS)
        pace = pace or Pace(done, time.monotonic())
        if progress is not None:
            progress(pace.progress(done, records_in(logs.events.end_offsets())))
        if not records:
            return True
    return False


def _drop_old(store: Store) -> None:
    """Nobody else is here, so nobody reads them."""
    for generation in generations(store):
        if generation.state == "old":
            drop_generation(store, generation.number)
