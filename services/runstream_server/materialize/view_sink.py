"""One view folded into a table of its own."""

from __future__ import annotations

from typing import Protocol

from runstream_server.events.folds.views import VIEWS
from runstream_server.materialize.counters import Counters
from runstream_server.materialize.events import EventsSink
from runstream_server.materialize.ledger import Judged
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.records import Part
from runstream_server.materialize.writer import TableWriter
from runstream_server.store.engine import Store


class Target(Protocol):
    """Which view goes where."""

    @property
    def view(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def table(self) -> str: ...
    @property
    def applied_name(self) -> str: ...


class ViewSink(EventsSink):
    """Reads the ledger of the generation and leaves the account to who feeds that."""

    def __init__(self, store: Store, target: Target, policy: FlushPolicy) -> None:
        super().__init__(store, target.generation, policy, Counters())
        self.name = target.applied_name
        self.views = tuple(view for view in VIEWS if view.name == target.view)
        self._writer = TableWriter(store, target.generation, {target.view: target.table})

    def _insert_account(self, result: Judged, part: Part) -> None:
        """Written already."""
