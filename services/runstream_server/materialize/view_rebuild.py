"""Building one view again, beside its table in the live generation.

The copy has its own consumer and its own applied offsets, and uses the ledger
of the generation to tell duplicates. It follows the live tables and never
overtakes them: what the ledger does not know yet, it cannot judge. Once it
holds what they hold, the tables change places while the materializer is at
rest.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import asdict, dataclass, replace

from runstream_server.eventlog.port import EVENTS
from runstream_server.events.folds.views import VIEWS
from runstream_server.materialize.applied import read_applied
from runstream_server.materialize.materializer import Logs, Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.progress import OnProgress, Pace, records_in
from runstream_server.materialize.stretch import Stretch
from runstream_server.materialize.view_sink import ViewSink
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.generations import live_generation
from runstream_server.store.life import Life, read_moment, with_boot
from runstream_server.store.meta import read_meta, write_meta
from runstream_server.store.schema.tables import TABLE_BY_NAME

_META_KEY = "view_rebuild"

_VIEW_BY_NAME = {view.name: view for view in VIEWS}


@dataclass(frozen=True)
class ViewRequest:
    """What was asked for, and how far it is.

    token: tells this request from any other of the same view.
    uuid: the engine's name of the new table, which it keeps when tables change
        places; empty until it is made.
    life: which run of the server has all its rows; see `life.py`.
    """

    view: str
    generation: int
    token: int
    uuid: str = ""
    life: tuple[str, int, int] = ("", 0, 0)

    @property
    def table(self) -> str:
        return f"{self.view}_{self.generation}_again_{self.token}"

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

    def run(self, stop: threading.Event, progress: OnProgress | None = None) -> bool:
        """Build, and put in place. False when `stop` was set before; it can go on later."""
        request = requested_view(self._store)
        if request is None:
            return True
        if request.generation != self._live.generation:
            self._finish(request)
            return True
        request = self._with_table(self._trusted(request))
        if _uuid(self._store, _live_table(request)) != request.uuid:
            sink = ViewSink(self._store, request, self._policy)
            done = sink.start(read_applied(self._store, request.generation, sink.name))
            stretch = Stretch(self._log, sink, self._policy, done)
            with contextlib.closing(stretch):
                if not self._build(request, stretch, stop, progress):
                    return False
        self._finish(request)
        return True

    def _with_table(self, request: ViewRequest) -> ViewRequest:
        if request.uuid:
            return request
        table = TABLE_BY_NAME[request.view]
        self._store.command(table.create(request.table, self._store.cluster))
        life = _life(self._store)
        made = replace(request, uuid=_uuid(self._store, request.table), life=life)
        _write(self._store, made)
        return made

    def _trusted(self, request: ViewRequest) -> ViewRequest:
        """The request, from the start again if the server may have lost rows since."""
        if not request.uuid or _life(self._store).kept_files_of(Life(*request.life)):
            return request
        if _uuid(self._store, _live_table(request)) == request.uuid:
            return request  # In place already: what was lost there is folded again.
        self._finish(request)
        request_view(self._store, request.view)
        again = requested_view(self._store)
        assert again is not None
        return again

    def _build(
        self,
        request: ViewRequest,
        stretch: Stretch,
        stop: threading.Event,
        progress: OnProgress | None,
    ) -> bool:
        pace = Pace(records_in(stretch.done), time.monotonic())
        while not stop.is_set():
            limit = self._limit(request)
            read = stretch.fold(limit)
            if progress is not None:
                progress(pace.progress(records_in(stretch.done), records_in(limit)))
            if read == 0:
                self._exchange(request, stretch)
                return True
        return False

    def _exchange(self, request: ViewRequest, stretch: Stretch) -> None:
        """What came since the last look, then the change of places, at rest."""
        with self._live.turn:
            limit = self._limit(request)
            while stretch.fold(limit):
                pass
            if not _life(self._store).kept_files_of(Life(*request.life)):
                raise StoreError("the server was started again: the view is built from the start")
            # Twice would undo it: whether it was done, the uuid says afterwards.
            self._store.command(
                f"EXCHANGE TABLES {_live_table(request)} AND {request.table}"
                f"{self._store.cluster.on()}",
                repeat=False,
            )

    def _finish(self, request: ViewRequest) -> None:
        self._store.command(f"DROP TABLE IF EXISTS {request.table}{self._store.cluster.on()} SYNC")
        _write(self._store, None)

    def _limit(self, request: ViewRequest) -> dict[int, int]:
        return read_applied(self._store, request.generation, EVENTS)


def _life(store: Store) -> Life:
    """Of a shared store; a folder's is always the same."""
    if not store.is_shared:
        return Life("", 0)
    return with_boot(store, read_moment(store).life)


def _live_table(request: ViewRequest) -> str:
    return TABLE_BY_NAME[request.view].full_name(request.generation)


def _uuid(store: Store, full_name: str) -> str:
    found: str = store.scalar(
        "SELECT toString(uuid) FROM system.tables "
        "WHERE database = currentDatabase() AND name = {name:String}",
        {"name": full_name},
    )
    return found
