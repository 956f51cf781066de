"""Both logs into the tables of one generation."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.port import EventLog
from runstream_server.materialize.applied import check_identity, read_applied
from runstream_server.materialize.consumer import Consumer, OnApplied, Source, Step
from runstream_server.materialize.counters import Counters
from runstream_server.materialize.events import EventsSink
from runstream_server.materialize.fair_lock import FairLock
from runstream_server.materialize.following import follow
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.purge import delete_purged
from runstream_server.materialize.registry import RegistrySink
from runstream_server.materialize.sink import Sink
from runstream_server.store.engine import Store

Applied = dict[tuple[str, int], int]


class Logs(Protocol):
    """The two logs of a deployment."""

    @property
    def events(self) -> EventLog: ...

    @property
    def registry(self) -> EventLog: ...


class Materializer:
    """Feeds one generation.

    `run` does it until it is told to stop; `poll` is one step, for tests and
    offline work. Use one or the other, from one thread.
    """

    def __init__(
        self,
        logs: Logs,
        store: Store,
        generation: int,
        *,
        identity: LogIdentity,
        policy: FlushPolicy | None = None,
        on_applied: OnApplied | None = None,
        group: str = "",
    ) -> None:
        """on_applied: told the next offsets of a log after they were applied.
        group: whose members share the partitions, in each generation; empty: this one
        reads everything.
        """
        self.generation = generation
        self.counters = Counters()
        #: Held while tables are changed: who holds it sees them at rest.
        self.turn = FairLock()
        self._logs = logs
        self._store = store
        self._identity = identity
        self._policy = policy or FlushPolicy()
        self._on_applied = on_applied
        self._group = f"{group}-{generation}" if group else ""
        self._sink = EventsSink(store, generation, self._policy, self.counters)
        self._events = self._consumer(logs.events, self._sink)
        self._registry = self._consumer(
            logs.registry, RegistrySink(store, generation, self._policy, self.counters)
        )
        self._identified = False
        self._registry_error: Exception | None = None
        self._collected: frozenset[str] | None = None
        self._collect_again = 0.0

    def poll(self, timeout_seconds: float = 0.0) -> Step:
        """One step of each log; waits at most that long for an event.

        Raises LogMismatchError when tables and log do not belong together, and
        StoreError or LogUnavailableError, after which it may be called again.
        """
        registry = self._poll_registry(0.0)
        events = self._poll_events(timeout_seconds)
        return Step(registry.records + events.records, registry.read_bytes + events.read_bytes)

    def run(self, stop: threading.Event) -> None:
        """Feed the tables until `stop` is set; returns after the flush in hand.

        What passes (the store or the log are away) is tried again for ever.
        Raises LogMismatchError.
        """
        halt = threading.Event()
        registry = threading.Thread(
            target=self._run_registry, args=(halt,), name=f"registry-{self.generation}", daemon=True
        )
        registry.start()
        try:
            follow(self._poll_events, stop, self._policy, self._count_failure)
        finally:
            halt.set()
            registry.join()
            self.close()

    def applied(self) -> Applied:
        """What the tables say: (log, partition) to next offset."""
        return {
            (log, partition): offset
            for log in (self._logs.events.log, self._logs.registry.log)
            for partition, offset in read_applied(self._store, self.generation, log).items()
        }

    def offsets(self) -> Applied:
        """Of what falls to this one: (log, partition) to the next offset to fold."""
        return {
            (log, partition): offset
            for log, consumer in (
                (self._logs.events.log, self._events),
                (self._logs.registry.log, self._registry),
            )
            for partition, offset in consumer.offsets().items()
        }

    def rebalances(self) -> int:
        """How often partitions of the events came or went."""
        return self._events.rebalances()

    def close(self) -> None:
        """Close the readers; idempotent."""
        self._events.close()
        self._registry.close()

    def _consumer(self, log: EventLog, sink: Sink) -> Consumer:
        return Consumer(
            Source(log, self._group),
            self._store,
            self.generation,
            sink,
            policy=self._policy,
            turn=self.turn,
            on_applied=self._on_applied,
        )

    def _run_registry(self, halt: threading.Event) -> None:
        try:
            follow(self._poll_registry, halt, self._policy, self._count_failure)
        except Exception as error:
            # Raised again by the next step of the events.
            self._registry_error = error

    def _poll_events(self, timeout_seconds: float) -> Step:
        if self._registry_error is not None:
            raise self._registry_error
        self._identify()
        step = self._events.poll(timeout_seconds)
        self._collect_garbage(time.monotonic())
        return step

    def _poll_registry(self, timeout_seconds: float) -> Step:
        self._identify()
        return self._registry.poll(timeout_seconds)

    def _identify(self) -> None:
        if not self._identified:
            check_identity(self._store, self.generation, self._identity)
            self._identified = True

    def _collect_garbage(self, now: float) -> None:
        """Delete rows of purged runs: at start, after a purge, and now and then."""
        purged = self._sink.purged
        if not purged or (purged == self._collected and now < self._collect_again):
            return
        with self.turn:
            delete_purged(self._store, self.generation)
        self._collected = purged
        self._collect_again = now + self._policy.garbage_seconds

    def _count_failure(self) -> None:
        self.counters.failures += 1
