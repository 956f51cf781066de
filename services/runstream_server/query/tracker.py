"""Which tables are live and how far they are: one look shared by all who ask.

Another process may feed the tables, so they have to be asked. Nobody asks
while nobody reads; and however many readers wait, one look serves them all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from runstream_server.query.offsets import Offsets, missing_records, read_applied
from runstream_server.query.view import View, open_view
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError

# For so long after a switch the old tables are read, where the new ones lack
# what was shown. They are fed for longer than that (the materializers' policy).
_OLD_READ_SECONDS = 20.0


@dataclass(frozen=True)
class Look:
    """What was found. began: when, in seconds of the tracker's clock."""

    view: View
    applied: Offsets
    began: float


@dataclass(frozen=True)
class _Switch:
    """The tables read until a switch, and how far they were when it was seen."""

    before: View
    floor: Offsets
    seen: float


@dataclass(frozen=True)
class _Failed:
    """A look that failed, and when it began."""

    error: StoreError
    began: float


class Tracker:
    """Thread-safe.

    staleness_seconds: a look is good for so long; 0: every read looks.
    """

    def __init__(
        self,
        store: Store,
        staleness_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._staleness_seconds = staleness_seconds
        self._clock = clock
        self._looking = threading.Lock()
        self._last: Look | None = None
        self._switch: _Switch | None = None
        self._failed: _Failed | None = None

    def recent(self) -> Look:
        """A look that is not older than the staleness, made now where there is none."""
        asked = self._clock()
        with self._looking:
            last = self._last
            if last is not None and last.began >= asked - self._staleness_seconds:
                return last
            return self._look_since(asked)

    def later(self, than: Look) -> Look:
        """A look that began after this one; made now unless another reader has."""
        asked = self._clock()
        with self._looking:
            last = self._last
            if last is not None and last.began > than.began:
                return last
            return self._look_since(asked)

    def _look_since(self, asked: float) -> Look:
        """Those who waited while a look failed are told so, and do not try one by one."""
        if self._failed is not None and self._failed.began >= asked:
            raise self._failed.error
        began = self._clock()
        try:
            return self._look(began)
        except StoreError as error:
            self._failed = _Failed(error, began)
            raise

    def _look(self, began: float) -> Look:
        view = open_view(self._store)
        applied = read_applied(view)
        last = self._last
        if last is not None and last.view.generation != view.generation and self._switch is None:
            self._switch = self._switched(last, began)
        if self._switch is not None:
            view, applied = self._side(self._switch, view, applied, began)
        self._last = look = Look(view, applied, began)
        return look

    def _switched(self, last: Look, now: float) -> _Switch | None:
        try:
            return _Switch(last.view, read_applied(last.view), now)
        except StoreError:
            return None  # Dropped already: it was switched long ago.

    def _side(
        self, switch: _Switch, view: View, applied: Offsets, now: float
    ) -> tuple[View, Offsets]:
        """The new tables once they hold all that was shown; until then the old ones."""
        missing = missing_records(switch.floor, applied)
        if missing and now - switch.seen < _OLD_READ_SECONDS:
            return switch.before, read_applied(switch.before)
        self._switch = None
        return view, applied
