"""Building one view again, beside its table in the live generation.

The copy has its own consumer and its own applied offsets, and uses the ledger
of the generation to tell duplicates. It follows the live tables and never
overtakes them: what the ledger does not know yet, it cannot judge. Once it
holds what they hold, the tables change places while the materializer is at
rest.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from runstream_server.eventlog.port import EVENTS, LogReader
from runstream_server.events.folds.views import VIEWS
from runstream_server.materialize.applied import read_applied
from runstream_server.materialize.materializer import Logs, Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.progress import OnProgress, Pace, records_in
from runstream_server.materialize.view_sink import ViewSink
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.generations import live_generation
from runstream_server.store.meta import read_meta, write_meta
from runstream_server.store.schema.table import DATABASE
from runstream_server.store.schema.tables import TABLE_BY_NAME

_META_KEY = "view_rebuild"

_VIEW_BY_NAME = {view.name: view for view in VIEWS}


@dataclass(frozen=True)
class ViewRequest:
    """What was asked for, and how far it is.

    token: tells this request from any other of the same view.
    uuid: the engine's name of the new table, which it keeps when tables change
        places; empty until it is made.
    """

    view: str
    generation: int
    token: int
    uuid: str = ""

    @property
    def table(self) -> str:
        return f"{DATABASE}.{self.view}_{self.generation}_again_{self.token}"

    @property
    def applied_name(self) -> str:
        return f"{EVENTS}@{self.view}@{self.token}"


def request_view(store: Store, view: str) -> None:
    """Ask for one view to be built again; nothing changes when it was asked already.

    Raises ValueError for an unknown name, StoreError while another is under way.
    """
    if view not in _VIEW_BY_NAME:
        raise ValueError(f"no view is called {view!r}; there are {', '.join(_VIEW_BY_NAME)}")
    before = requested_view(store)
    if before is None:
        _write(store, ViewRequest(view, live_generation(store), time.time_ns()))
    elif before.view != view:
        raise StoreError(f"the view {before.view} is being built again; ask when it is done")


def requested_view(store: Store) -> ViewRequest | None:
    """What is under way or waits for it."""
    text = read_meta(store, _META_KEY)
    return ViewRequest(**json.loads(text)) if text else None


def _write(store: Store, request: ViewRequest | None) -> None:
    write_meta(store, _META_KEY, json.dumps(asdict(request)) if request else "")


class ViewRebuild:
    """Does what was requested. Used by one thread, which need not be the materializer's."""

    def __init__(
        self, logs: Logs, store: Store, live: Materializer, policy: FlushPolicy | None = None
    ) -> None:
        """live: what feeds the live generation, running or not."""
        self._log = logs.events
        self._store = store
        self._live = live
        self._policy = policy or FlushPolicy()
        self._reader: LogReader | None = None

    def run(self, stop: threading.Event, progress: OnProgress | None = None) -> bool:
        """Build, and put in place. False when `stop` was set before; it can go on later."""
        request = requested_view(self._store)
        if request is None:
            return True
        if request.generation != self._live.generation:
            self._finish(request)
            return True
        request = self._with_table(request)
        if _uuid(self._store, _live_table(request)) != request.uuid:
            try:
                if not self._build(request, stop, progress):
                    return False
            finally:
                self._close_reader()
        self._finish(request)
        return True

    def _with_table(self, request: ViewRequest) -> ViewRequest:
        if request.uuid:
            return request
        self._store.command(TABLE_BY_NAME[request.view].create(request.table))
        made = replace(request, uuid=_uuid(self._store, request.table))
        _write(self._store, made)
        return made

    def _build(
        self, request: ViewRequest, stop: threading.Event, progress: OnProgress | None
    ) -> bool:
        sink = ViewSink(self._store, request, self._policy)
        done = sink.start(read_applied(self._store, request.generation, sink.name))
        pace = Pace(records_in(done), time.monotonic())
        while not stop.is_set():
            limit = self._limit(request)
            read = self._fold(sink, done, limit)
            if progress is not None:
                progress(pace.progress(records_in(done), records_in(limit)))
            if read == 0:
                self._exchange(request, sink, done)
                return True
        return False

    def _fold(self, sink: ViewSink, done: dict[int, int], limit: Mapping[int, int]) -> int:
        """Fold some of what lies below `limit`; moves `done`, returns how many records."""
        if all(done.get(partition, 0) >= end for partition, end in limit.items()):
            return 0
        reader = self._reader = self._reader or self._log.open_reader(done)
        records = reader.poll(self._policy.poll_bytes, 0.0)
        below = [one for one in records if one.offset < limit.get(one.partition, 0)]
        if below:
            sink.flush(below)
        done.update({one.partition: one.offset + 1 for one in below})
        if len(below) < len(records):
            self._close_reader()
        return len(below)

    def _exchange(self, request: ViewRequest, sink: ViewSink, done: dict[int, int]) -> None:
        """What came since the last look, then the change of places, at rest."""
        with self._live.turn:
            limit = self._limit(request)
            while self._fold(sink, done, limit):
                pass
            self._store.command(f"EXCHANGE TABLES {_live_table(request)} AND {request.table}")

    def _finish(self, request: ViewRequest) -> None:
        self._store.command(f"DROP TABLE IF EXISTS {request.table} SYNC")
        _write(self._store, None)

    def _limit(self, request: ViewRequest) -> dict[int, int]:
        return read_applied(self._store, request.generation, EVENTS)

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


def _live_table(request: ViewRequest) -> str:
    return TABLE_BY_NAME[request.view].full_name(request.generation)


def _uuid(store: Store, full_name: str) -> str:
    found: str = store.scalar(
        "SELECT toString(uuid) FROM system.tables "
        f"WHERE database = '{DATABASE}' AND name = {{name:String}}",
        {"name": full_name.removeprefix(f"{DATABASE}.")},
    )
    return found
