"""A rebuild while other processes feed the tables: beside the live ones, then switched.

The processes that feed see a new generation in the tables and feed it, each its
share. Nobody can hold them at rest from outside; so what is compared is what
stood still by itself (`compare_fed.py`), and a reader stays with the old tables
until the new ones hold what it was shown (`query/tracker.py`).

For one view the new generation is a copy of the live one (of its files: the
engine links them) with that table empty, and this process fills it from the log.
Every step can be broken off anywhere and is gone on with by the same call.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.port import EVENTS
from runstream_server.events.folds.views import VIEWS
from runstream_server.materialize.applied import check_identity, read_applied
from runstream_server.materialize.compare import Difference
from runstream_server.materialize.compare_fed import Comparison, compare_fed
from runstream_server.materialize.materializer import Logs
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.progress import OnProgress, Pace, records_in
from runstream_server.materialize.rebuild import building_generation
from runstream_server.materialize.stretch import Stretch
from runstream_server.materialize.view_sink import ViewSink
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.generations import (
    clone_generation,
    create_generation,
    drop_generation,
    live_generation,
    switch_generation,
)
from runstream_server.store.meta import read_meta, write_meta
from runstream_server.store.schema.tables import TABLE_BY_NAME

_LOOK_SECONDS = 0.2
_VIEW_BY_NAME = {view.name: view for view in VIEWS}


class Deployed(NamedTuple):
    """The logs and tables of a deployment, and which log it is."""

    logs: Logs
    store: Store
    identity: LogIdentity


@dataclass(frozen=True)
class Outcome:
    """How a rebuild ended.

    switched: the new tables are live. differences: why they are not, when they
    were compared. not_compared: runs that were written to all the time.
    """

    switched: bool
    differences: tuple[Difference, ...] = ()
    not_compared: int = 0


@dataclass(frozen=True)
class _Target:
    """The table of one view in a generation, for `ViewSink`."""

    view: str
    generation: int

    @property
    def table(self) -> str:
        return TABLE_BY_NAME[self.view].full_name(self.generation)

    @property
    def applied_name(self) -> str:
        return f"{EVENTS}@{self.view}@{self.generation}"


class BesideRebuild:
    """One rebuild, from this process. Used by one thread.

    Raises StoreError, LogUnavailableError and LogMismatchError; calling again
    goes on from there.
    """

    def __init__(self, deployed: Deployed, policy: FlushPolicy | None = None) -> None:
        self._logs, self._store, self._identity = deployed
        self._policy = policy or FlushPolicy()

    def run(
        self,
        stop: threading.Event,
        *,
        only: str | None = None,
        accept: bool = False,
        progress: OnProgress | None = None,
    ) -> Outcome:
        """only: the name of one view. accept: switch although rows differ."""
        live = live_generation(self._store)
        check_identity(self._store, live, self._identity)
        number = self._begin(live, only)
        if only is not None and not self._fill(_Target(only, number), stop, progress):
            return Outcome(False)
        if not self._wait_level(number, stop, progress):
            return Outcome(False)
        compared = Comparison() if accept else self._compare(live, number, stop)
        if stop.is_set() or compared.differences:
            return Outcome(False, compared.differences, compared.not_compared)
        switch_generation(self._store, number)
        self._note(None)
        return Outcome(True, (), compared.not_compared)

    def abandon(self) -> bool:
        """Drop what is being built; False when there is nothing."""
        number = building_generation(self._store)
        self._note(None)
        if number is None:
            return False
        drop_generation(self._store, number)
        return True

    def _begin(self, live: int, only: str | None) -> int:
        """The generation that is being built; made when there is none.

        Raises StoreError when it is built for something else.
        """
        number = building_generation(self._store)
        if number is None:
            if only is None:
                return create_generation(self._store)
            number = clone_generation(self._store, live, without=only)
            self._note({"generation": number, "view": only})
            return number
        noted = json.loads(read_meta(self._store, _META_KEY) or "{}")
        view = noted.get("view") if noted.get("generation") == number else None
        if view != only:
            raise StoreError(
                f"{view or 'everything'} is being built again already: let that end "
                "(the same command goes on with it), or give it up with --abandon"
            )
        return number

    def _fill(self, target: _Target, stop: threading.Event, progress: OnProgress | None) -> bool:
        """The one view, up to where the copy of the others was made or is now."""
        sink = ViewSink(self._store, target, self._policy)
        done = sink.start(read_applied(self._store, target.generation, sink.name))
        pace = Pace(records_in(done), time.monotonic())
        with contextlib.closing(Stretch(self._logs.events, sink, self._policy, done)) as stretch:
            while not stop.is_set():
                limit = read_applied(self._store, target.generation, EVENTS)
                stretch.fold(limit)
                _tell(progress, pace, stretch.done, limit)
                if all(stretch.done.get(part, 0) >= end for part, end in limit.items()):
                    return True
        return False

    def _wait_level(self, number: int, stop: threading.Event, progress: OnProgress | None) -> bool:
        """Until the processes that feed have brought it to where the live one is."""
        pace: Pace | None = None
        while not stop.is_set():
            if building_generation(self._store) != number:
                raise StoreError("what was being built was given up, or switched, by another")
            done = read_applied(self._store, number, EVENTS)
            ends = self._logs.events.end_offsets()
            pace = pace or Pace(records_in(done), time.monotonic())
            _tell(progress, pace, done, ends)
            live = read_applied(self._store, live_generation(self._store), EVENTS)
            behind = sum(max(end - done.get(part, 0), 0) for part, end in live.items())
            if behind <= self._policy.switch_behind_records:
                return True
            stop.wait(_LOOK_SECONDS)
        return False

    def _compare(self, live: int, number: int, stop: threading.Event) -> Comparison:
        return compare_fed(
            self._store, (live, number), self._logs, self._identity.partitions, stop=stop
        )

    def _note(self, what: Mapping[str, object] | None) -> None:
        write_meta(self._store, _META_KEY, json.dumps(what) if what else "")


_META_KEY = "building"

#: Told what goes on in sentences.
Say = Callable[[str], None]


def _tell(
    progress: OnProgress | None, pace: Pace, done: Mapping[int, int], total: Mapping[int, int]
) -> None:
    if progress is not None:
        progress(pace.progress(records_in(done), records_in(total)))
