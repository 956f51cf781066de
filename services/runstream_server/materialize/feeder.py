"""All generations of a store, and what is asked for meanwhile.

A generation that is building becomes live once it holds everything that the
live one holds; the old one is fed on for as long as a query that began before
may still read it, and is then dropped. A view to be built again is built
beside the live tables and changes places with its old one.

Where several processes feed one store, each sees in the tables what the others
changed. Nobody can hold the live tables at rest there: whoever asked for a
rebuild compares and switches by itself (`beside.py`).
"""

from __future__ import annotations

import logging
import threading
import time

from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.materialize.consumer import OnApplied
from runstream_server.materialize.counters import Counters
from runstream_server.materialize.following import PASSING
from runstream_server.materialize.materializer import Applied, Logs, Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.rebuild import is_caught_up
from runstream_server.materialize.view_rebuild import ViewRebuild, requested_view
from runstream_server.materialize.worker import Worker
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.generations import (
    Generation,
    drop_generation,
    generations,
    live_generation,
    switch_generation,
)

_log = logging.getLogger(__name__)

# The live tables stand still for at most this long while a new generation
# catches up with them; then they go on, and it is tried again.
_SWITCH_SECONDS = 2.0
_SWITCH_POLL_SECONDS = 0.01


class Feeder:
    """Used like a materializer of the live generation, whichever that is."""

    def __init__(
        self,
        logs: Logs,
        store: Store,
        *,
        identity: LogIdentity,
        policy: FlushPolicy | None = None,
        on_applied: OnApplied | None = None,
        group: str = "",
    ) -> None:
        """on_applied: told the next offsets of a log after the live tables hold them.
        group: whose members, in other processes, share the partitions; empty: there are none.
        """
        self._group = group
        self._logs = logs
        self._store = store
        self._identity = identity
        self._policy = policy or FlushPolicy()
        self._on_applied = on_applied
        self._workers: dict[int, Worker] = {}
        self._materializers: dict[int, Materializer] = {}
        self._old_since: dict[int, float] = {}
        self._view_worker: Worker | None = None
        self._live = self._materializer(live_generation(store))

    @property
    def counters(self) -> Counters:
        """Of the live generation."""
        return self._live.counters

    def applied(self) -> Applied:
        """What the live tables say: (log, partition) to next offset."""
        return self._live.applied()

    def offsets(self) -> Applied:
        """Of what falls to this process: (log, partition) to the next offset to fold."""
        return self._live.offsets()

    def rebalances(self) -> int:
        """How often partitions came to this process or went."""
        return self._live.rebalances()

    def run(self, stop: threading.Event) -> None:
        """Feed until `stop` is set; returns after the flushes in hand.

        Raises LogMismatchError, and what is a fault of the program, after all
        feeding has ended.
        """
        try:
            self._tend_safely()
            while not stop.wait(self._policy.tend_seconds):
                self._tend_safely()
        finally:
            self.close()

    def close(self) -> None:
        """End all feeding after the flushes in hand; idempotent."""
        for worker in self._all_workers():
            worker.close()

    def tend(self) -> None:
        """One look at what there is to be fed, switched and dropped."""
        for worker in self._workers.values():
            worker.raise_error()
        found = generations(self._store)
        for number in self._workers.keys() - {generation.number for generation in found}:
            self._forget(number)
        for generation in found:
            self._tend_generation(generation)
        if not self._group:
            self._tend_view()

    def _tend_safely(self) -> None:
        try:
            self.tend()
        except StoreError as error:
            _log.warning("generations are looked at again in a moment: %s", error)

    def _tend_generation(self, generation: Generation) -> None:
        number = generation.number
        if generation.state == "old" and self._is_unread(number):
            self._forget(number)
            drop_generation(self._store, number)
            _log.info("generation %d was dropped", number)
            return
        if number not in self._workers:
            self._workers[number] = Worker(f"materialize-{number}", self._materializer(number).run)
        if generation.state == "live":
            self._live = self._materializer(number)
        if generation.state == "building" and not self._group:
            self._switch_when_caught_up(number)

    def _is_unread(self, number: int) -> bool:
        """Can no query that began before the switch still read it?

        One that was old when this process began cannot have such readers, unless
        other processes answer queries.
        """
        if self._group:
            self._old_since.setdefault(number, time.monotonic())
        since = self._old_since.get(number)
        return since is None or time.monotonic() - since > self._policy.old_kept_seconds

    def _forget(self, number: int) -> None:
        worker = self._workers.pop(number, None)
        if worker is not None:
            worker.close()
        self._materializers.pop(number, None)

    def _switch_when_caught_up(self, number: int) -> None:
        new, live = self._materializer(number), self._live
        if self._behind(new) > self._policy.switch_behind_records:
            return
        with live.turn:
            target = live.applied()
            deadline = time.monotonic() + _SWITCH_SECONDS
            while not is_caught_up(new.applied(), target):
                if time.monotonic() > deadline:
                    return
                time.sleep(_SWITCH_POLL_SECONDS)
            switch_generation(self._store, number)
        self._live = new
        self._old_since[live.generation] = time.monotonic()
        _log.info("generation %d is live, %d is old", number, live.generation)

    def _behind(self, new: Materializer) -> int:
        held = new.applied()
        return sum(
            max(offset - held.get(partition, 0), 0)
            for partition, offset in self._live.applied().items()
        )

    def _tend_view(self) -> None:
        worker = self._view_worker
        if worker is not None and not worker.is_alive():
            if isinstance(worker.error, PASSING):
                _log.warning("the view is built further in a moment: %s", worker.error)
            else:
                worker.raise_error()
            worker = self._view_worker = None
        if worker is None and requested_view(self._store) is not None:
            rebuild = ViewRebuild(self._logs, self._store, self._live, self._policy)
            self._view_worker = Worker("rebuild-view", rebuild.run)

    def _materializer(self, number: int) -> Materializer:
        known = self._materializers.get(number)
        if known is None:
            known = self._materializers[number] = Materializer(
                self._logs,
                self._store,
                number,
                identity=self._identity,
                policy=self._policy,
                on_applied=self._relay(number),
                group=self._group,
            )
        return known

    def _relay(self, number: int) -> OnApplied:
        def relay(log: str, offsets: dict[int, int]) -> None:
            if self._on_applied is not None and self._live.generation == number:
                self._on_applied(log, offsets)

        return relay

    def _all_workers(self) -> list[Worker]:
        extra = [self._view_worker] if self._view_worker is not None else []
        return [*self._workers.values(), *extra]
