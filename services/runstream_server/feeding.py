"""The thread of an embedded server that feeds its tables, and how far it is."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.materialize.feeder import Feeder
from runstream_server.materialize.materializer import Logs
from runstream_server.store.engine import Store
from runstream_server.telemetry import (
    BATCH_AGE,
    CONFLICTS,
    DUPLICATES,
    FEED_FAILURES,
    NOT_SHOWN,
    PARTITIONS_HELD,
    POINTS_MATERIALIZED,
    REBALANCES,
    RECORDS_BEHIND,
    SET_ASIDE,
    Telemetry,
)

_log = logging.getLogger(__name__)


class Feeding:
    """Feeds the tables from the logs until it is closed.

    on_fault: told, once, that the tables can never be fed again (they belong
    to another log, or a fault of the program): the process has to end.
    """

    def __init__(
        self,
        logs: Logs,
        store: Store,
        identity: LogIdentity,
        on_fault: Callable[[str], None],
        group: str = "",
    ) -> None:
        """group: whose members, in other processes, share the partitions; empty: there are none."""
        self._logs = logs
        self._grouped = bool(group)
        self._on_fault = on_fault
        self._stop = threading.Event()
        self._applied: dict[str, dict[int, int]] = {}
        self._moved = threading.Condition()
        self._feeder = Feeder(logs, store, identity=identity, on_applied=self._note, group=group)
        for (log, partition), offset in self._feeder.applied().items():
            self._applied.setdefault(log, {})[partition] = offset
        self._thread = threading.Thread(target=self._run, name="materialize", daemon=True)
        self._thread.start()

    def behind_records(self) -> dict[str, float]:
        """Per log, how many records the tables do not hold yet, as far as this process
        is to bring them there."""
        if self._grouped:
            return self._behind_here()
        with self._moved:
            return {
                log.log: float(
                    sum(
                        end - self._applied.get(log.log, {}).get(partition, 0)
                        for partition, end in log.end_offsets().items()
                    )
                )
                for log in (self._logs.events, self._logs.registry)
            }

    def watch(self, telemetry: Telemetry) -> None:
        """Shows what is fed among the server's measures."""

        def counted(name: str) -> Callable[[], Mapping[str, float]]:
            return lambda: {"": float(getattr(self._feeder.counters, name))}

        telemetry.watch(RECORDS_BEHIND, self.behind_records)
        telemetry.watch(BATCH_AGE, counted("batch_age_seconds"))
        telemetry.watch(REBALANCES, lambda: {"": float(self._feeder.rebalances())})
        telemetry.watch(PARTITIONS_HELD, self._held)
        telemetry.watch(POINTS_MATERIALIZED, counted("points"))
        telemetry.watch(DUPLICATES, counted("duplicates"))
        telemetry.watch(CONFLICTS, counted("conflicts"))
        telemetry.watch(SET_ASIDE, counted("set_aside"))
        telemetry.watch(FEED_FAILURES, counted("failures"))
        telemetry.watch(NOT_SHOWN, lambda: dict(self._feeder.counters.not_shown.copy()))

    def drain(self, timeout_seconds: float) -> bool:
        """Waits until the tables hold everything; False when time ran out first."""
        deadline = time.monotonic() + timeout_seconds
        while any(self.behind_records().values()):
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not self._thread.is_alive():
                return False
            with self._moved:
                self._moved.wait(min(remaining, 0.1))
        return True

    def close(self) -> None:
        """Ends after the flush in hand. May be called twice."""
        self._stop.set()
        self._thread.join()

    def _behind_here(self) -> dict[str, float]:
        ends = {log.log: log.end_offsets() for log in (self._logs.events, self._logs.registry)}
        behind = dict.fromkeys(ends, 0.0)
        for (log, partition), offset in self._feeder.offsets().items():
            behind[log] += max(ends[log][partition] - offset, 0)
        return behind

    def _held(self) -> dict[str, float]:
        held = Counter(log for log, _ in self._feeder.offsets())
        return {log.log: held[log.log] for log in (self._logs.events, self._logs.registry)}

    def _note(self, log: str, offsets: Mapping[int, int]) -> None:
        with self._moved:
            self._applied.setdefault(log, {}).update(offsets)
            self._moved.notify_all()

    def _run(self) -> None:
        try:
            self._feeder.run(self._stop)
        except Exception as error:
            _log.exception("the tables cannot be fed any more")
            self._on_fault(f"the tables cannot be fed any more: {error}")
