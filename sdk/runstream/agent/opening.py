"""What the journal of a process says, made fit for going on. No threads, no time.

Three ways to begin: an empty journal (the process is new, or its journal was
lost), a journal of this boot (the agent was restarted: go on where it was), a
journal of another boot (a new producer sends what is left).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from runstream.agent import records
from runstream.agent.cut import Cursor
from runstream.agent.ledger import Ledger
from runstream.agent.records import Record


@dataclass(frozen=True)
class Origin:
    """What the spool says about itself."""

    producer_id: bytes
    boot_id: str
    # From the shared words: everything before is accepted.
    accepted: Cursor
    rebooted: bool


def replay(payloads: Sequence[bytes]) -> Ledger:
    """The ledger that these records make. Raises ValueError or KeyError for other bytes."""
    ledger = Ledger()
    for payload in payloads:
        ledger.apply(records.decode(payload))
    return ledger


def epoch_needed(ledger: Ledger, origin: Origin, boot_id: str) -> Record | None:
    """The record that has to be written before anything is sent; None: go on as before."""
    # Where a producer's numbers count: a copy of a spool is another place.
    place = f"{boot_id}/copy" if origin.rebooted else boot_id
    if not ledger.producer_id:
        untouched = origin.accepted == Cursor(0, 0)
        if untouched and not origin.rebooted and origin.boot_id == boot_id:
            return records.epoch(place, origin.producer_id, "first")
        return records.epoch(place, os.urandom(16), "the journal was lost")
    if ledger.place != place:
        return records.epoch(place, os.urandom(16), "the machine was restarted")
    return None


def catch_up(ledger: Ledger, accepted: Cursor) -> None:
    """Lanes that passed empty ranges may be behind the shared words: move them up."""
    for lane in ledger.lanes.values():
        if lane.cut is None:
            lane.accepted = Cursor(
                max(lane.accepted.cells, accepted.cells),
                max(lane.accepted.event_bytes, accepted.event_bytes),
            )
