"""What a trainer's calls returned for, in a shared file that outlives it.

Words are stored by one aligned assignment each, so that a trainer that is
killed leaves no torn number behind.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.e2e.faults.streams import Stream

_SLOT_BYTES = 64
_SLOTS = 2048
_ID_BYTES = 32
# Words of the first slot; and of a run's, behind its id.
_STOP, _RUNS, _LARGE = 0, 1, 2
_CALLS, _ENDED = 4, 5


class Noted(NamedTuple):
    """A run of which `calls` calls returned. ended: so did the one that ends it."""

    stream: Stream
    run_id: str
    calls: int
    ended: bool


class Ledger:
    """Written by one trainer; read, and told to stop, by who started it."""

    def __init__(self, path: Path, trainer: int) -> None:
        self.trainer = trainer
        if not path.exists():
            path.write_bytes(bytes(_SLOT_BYTES * _SLOTS))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SLOT_BYTES * _SLOTS)
        self._words = memoryview(self._map).cast("Q")

    # ---- the trainer's side ----

    @property
    def stopping(self) -> bool:
        return bool(self._words[_STOP])

    def begin(self, run_id: str) -> None:
        """A run was started."""
        number = self._words[_RUNS] + 1
        self._map[number * _SLOT_BYTES : number * _SLOT_BYTES + _ID_BYTES] = run_id.encode()
        self._words[_RUNS] = number

    def done(self, calls: int) -> None:
        """So many calls of the run in hand have returned."""
        self._words[self._words[_RUNS] * 8 + _CALLS] = calls

    def end(self) -> None:
        """The call that ends the run in hand has returned."""
        self._words[self._words[_RUNS] * 8 + _ENDED] = 1

    # ---- the other side ----

    @property
    def large(self) -> bool:
        """Whether it logs large artifacts too."""
        return bool(self._words[_LARGE])

    @large.setter
    def large(self, large: bool) -> None:
        self._words[_LARGE] = large

    def stop(self) -> None:
        """Ask the trainer to end its run and leave."""
        self._words[_STOP] = 1

    @property
    def count(self) -> int:
        """Runs that were started."""
        return self._words[_RUNS]

    def runs(self) -> Iterator[Noted]:
        for number in range(1, self._words[_RUNS] + 1):
            begin, words = number * _SLOT_BYTES, number * 8
            run_id = self._map[begin : begin + _ID_BYTES].decode()
            calls, ended = self._words[words + _CALLS], self._words[words + _ENDED]
            yield Noted(Stream(self.trainer, number - 1), run_id, calls, bool(ended))

    def calls(self) -> int:
        """Calls that returned, of all runs."""
        return sum(run.calls for run in self.runs())

    def close(self) -> None:
        self._words.release()
        self._map.close()
