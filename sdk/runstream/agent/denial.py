"""Whether a server takes our credentials, and since when others are at hand."""

from __future__ import annotations

import logging

from runstream.agent.access import AccessFile, Stamp

_log = logging.getLogger(__name__)


class Denial:
    """Of one tracking URI. Any thread.

    Writers see it by a file; it is said in the agent's log once, not per attempt.
    """

    def __init__(self, file: AccessFile | None, tracking_uri: str) -> None:
        self._file = file
        self._tracking_uri = tracking_uri
        self._why = ""
        self._cleared = False
        # What stood in the access file when the address was last looked for.
        self._stamp: Stamp = self._current()
        # What had stood there when we were not let in.
        self._denied_stamp: Stamp = None

    @property
    def why(self) -> str:
        """Why we are not let in; empty: nothing is known, or new credentials are there."""
        return self._why if self._why and self._denied_stamp == self._current() else ""

    @property
    def message(self) -> str:
        """What was said last, whatever has become of it."""
        return self._why

    @property
    def renewed(self) -> bool:
        """Whether writers have said something new since the last look."""
        return self._stamp != self._current()

    def looking(self) -> None:
        """What is in the access file now is about to be read."""
        self._stamp = self._current()

    def note(self, why: str) -> None:
        """The server does not let us in."""
        same = why == self._why and self._denied_stamp == self._stamp
        self._denied_stamp = self._stamp
        if same:
            return
        self._why, self._cleared = why, False
        _log.warning("%s does not let us in, what is logged waits: %s", self._tracking_uri, why)
        if self._file is not None:
            self._file.deny(f"{self._tracking_uri} does not let us in: {why}")

    def clear(self) -> None:
        """The server has let us in."""
        if self._why:
            self._why = ""
            _log.warning("%s lets us in again", self._tracking_uri)
        if self._file is not None and not self._cleared:
            self._file.deny("")  # also what an agent before this one has said
        self._cleared = True

    def _current(self) -> Stamp:
        return self._file.stamp() if self._file is not None else None
