"""Which runs of a lane may still need a batch of their own making."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from runstream.agent.definitions import RunEntry
from runstream.agent.ledger import Ledger
from runstream.agent.sends import Send, StreamState


class OpenRuns:
    """Runs that are not announced or not ended yet, so that a plan need not look at all."""

    def __init__(self, tracking_uri: str) -> None:
        self._tracking_uri = tracking_uri
        self._open: set[int] = set()
        self._seen = 0

    def candidates(self, ledger: Ledger, event_bytes: int) -> set[int]:
        """Run indexes that are defined before that position and not ended."""
        entries = list(islice(ledger.book.runs.items(), self._seen, None))
        for index, entry in entries:  # in the order of their frames
            if entry.at >= event_bytes:
                break
            if entry.definition.tracking_uri == self._tracking_uri and not _past(ledger, entry):
                self._open.add(index)
            self._seen += 1
        runs = ledger.book.runs
        return {index for index in self._open if runs[index].at < event_bytes}

    def update(self, ledger: Ledger, touched: Iterable[int], planned: Iterable[Send]) -> None:
        """After a plan is recorded: what was touched is open, what ends or has ended is not."""
        self._open.update(touched)
        planned = list(planned)
        sending = {send.run_index for send in planned}
        ended = {send.run_index for send in planned if send.ends}
        for index in list(self._open):
            state = ledger.streams.get(ledger.book.runs[index].stream, StreamState())
            silent = index not in sending and 0 < state.seq == state.ended_seq
            if index in ended or silent or state.shut:
                self._open.discard(index)


def _past(ledger: Ledger, entry: RunEntry) -> bool:
    """Whether an earlier producer of this spool has said all there was about the run."""
    accepted = ledger.lanes[entry.definition.tracking_uri].accepted.event_bytes
    return (
        entry.stream not in ledger.streams
        and entry.closed_at is not None
        and entry.closed_at < accepted
        and not ledger.book.artifacts_of(entry.stream, accepted)
    )
