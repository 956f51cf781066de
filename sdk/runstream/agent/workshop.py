"""The ports of lanes and processes: what they need of those around them.

All calls come from the agent's main thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runstream.agent.batch import RunContent
from runstream.agent.cut import Cursor, Range
from runstream.agent.ledger import Ledger
from runstream.agent.outcome import Accepted, Outcome, Refused
from runstream.agent.records import Cut, Record
from runstream.agent.sends import Identity, Send

if TYPE_CHECKING:
    from runstream.agent.upload import Upload, UploadResult

# Gets the answer and the time of the loop (seconds, monotonic).
OnOutcome = Callable[[Outcome, float], None]


class Route(Protocol):
    """Where a lane's batches go."""

    def ready(self, now: float) -> bool:
        """Whether to send now; when not, starts what is needed to become ready."""

    def room(self) -> bool:
        """Whether another cut may be built for this destination."""

    def hold(self, size_bytes: int) -> None:
        """Count bytes that wait for the destination (negative: no longer)."""

    def append(self, payload: bytes, on_outcome: OnOutcome) -> None:
        """Send one batch; the answer comes later, from the loop, exactly once."""


class Workshop(Protocol):
    """What a lane needs of its process."""

    @property
    def ledger(self) -> Ledger:
        """What is recorded."""

    @property
    def stored(self) -> Mapping[int, str]:
        """Object keys of artifacts that are stored and not logged yet."""

    def identity(self) -> Identity:
        """Who sends."""

    def visible(self) -> Cursor:
        """Up to here the spool may be read."""

    def choose(self, start: Cursor, budget_bytes: int) -> Range:
        """The next range from there."""

    def gather(self, tracking_uri: str, chosen: Range) -> dict[int, RunContent]:
        """The events of a range; the same whenever it is asked."""

    def record(self, *made: Record) -> None:
        """Write to the journal, then apply. Raises OSError; nothing has changed then."""

    def set_aside(self, run_index: int, name: str, events: list[bytes], why: Refused) -> None:
        """Keep refused events on this machine. Raises OSError; may be repeated."""

    def batch_accepted(self, send: Send, answer: Accepted) -> None:
        """One batch of a cut is in the log."""

    def cut_accepted(self, cut: Cut) -> None:
        """A whole cut is in the log, and the journal says so."""

    def advanced(self) -> None:
        """A lane has moved on without a batch."""


OnUpload = Callable[["UploadResult", float], None]


class Depot(Protocol):
    """Where files are stored."""

    def store(self, tracking_uri: str, upload: Upload, done: OnUpload) -> None:
        """Store a file beside everything else; `done` comes on the main thread, once.

        It gets the result and the time of the loop (seconds, monotonic).
        """


class Services(Protocol):
    """What the agent offers to every process."""

    @property
    def depot(self) -> Depot:
        """Where artifacts are stored."""

    def sync(self, folder: Path) -> None:
        """Have the files of a folder forced to the medium soon; returns at once."""

    def route(self, tracking_uri: str) -> Route:
        """Where batches for that URI go."""
