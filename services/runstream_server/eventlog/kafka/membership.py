"""One member's standing in its group, kept through what the library forgets.

The library joins in the background and takes up the outcome only while it is
polled, and only as long as it still believes that it has to join. Three things
go wrong there (seen in 3.0.12):

- A leader joins again when what it knows of the topic changed, and believes that
  it is done as soon as it has dealt out, before it took up its own part: it sends
  no heartbeat any more, is taken for dead, reads on what others have by now, and
  spins.
- An outcome that arrives between two polls is thrown away: all join again.
- It does not wait for anything while a heartbeat is due, or was not answered yet.
"""

from __future__ import annotations

from typing import Any

from runstream_server.eventlog.kafka import limits


class Membership:
    """Asked around each poll of a consumer, on the thread that polls it."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._coordinator = consumer._coordinator

    def is_joining(self) -> bool:
        """A join is on its way: it has to be polled for without a pause, up to its end."""
        return bool(self._coordinator.rejoining)

    def hold(self) -> None:
        """Before each poll: a join that was begun, or is due, is needed until it was taken up."""
        if self._coordinator.rejoining or self._coordinator.need_rejoin():
            self._coordinator.request_rejoin()

    def rest_ms(self) -> float:
        """How long to wait outside the library: it has nothing to wait for now, or would
        spin instead of waiting. Heartbeats are sent on its own thread meanwhile."""
        if self.is_joining():
            return 0
        if not self._consumer.assignment():
            return limits.SPARE_STEP_MS
        return limits.OVERDUE_STEP_MS if self._coordinator.time_to_next_poll() <= 0 else 0
