"""Folding the last minutes again after the machine of the server stopped.

The applied offsets may then say more than the tables hold: they were written
last, but what reached the disk is not known. So per partition is kept where it
was at some times of the last ten minutes, and which run of the server wrote
since. Whoever begins to read a partition under another run, and cannot know
that the files were kept, begins where it was ten minutes before the last mark.
That is before everything that can be lost: the operating system writes out
within a minute, and the engine keeps merged parts for eight.

It is not told when the server starts again, so every flush asks.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.life import Life, Moment, read_moment, with_boot
from runstream_server.store.meta import read_facts, write_facts

_log = logging.getLogger(__name__)

KEPT_SECONDS = 600
MARK_SECONDS = 60


class ServerRestartedError(StoreError):
    """The tables may lack rows: reading has to begin again."""


@dataclass
class Kept:
    """Of one partition. marks: time there, and the next offset to fold then."""

    life: Life
    marks: list[tuple[int, int]] = field(default_factory=list)

    def safe_offset(self) -> int:
        """Everything before it was written ten minutes before the last mark, or earlier."""
        if not self.marks:
            return 0
        newest = self.marks[-1][0]
        return max((at for time, at in self.marks if time <= newest - KEPT_SECONDS), default=0)

    def mark(self, now: int, offset: int) -> bool:
        """Adds a mark when it is time; says whether it did."""
        if self.marks and now < self.marks[-1][0] + MARK_SECONDS:
            return False
        self.marks.append((now, offset))
        old = [index for index, (time, _) in enumerate(self.marks) if time <= now - KEPT_SECONDS]
        self.marks = self.marks[old[-1] if old else 0 :]
        return True

    def text(self) -> str:
        return json.dumps({"life": self.life, "marks": self.marks})

    @staticmethod
    def read(text: str) -> Kept:
        found = json.loads(text)
        return Kept(Life(*found["life"]), [(time, offset) for time, offset in found["marks"]])


class Replay:
    """Of one log in one generation; used by one thread.

    In a store that is not shared it does nothing: a folder knows its own boots,
    and its tables are built again from the start.
    """

    def __init__(self, store: Store, generation: int, log: str) -> None:
        self._store = store
        self._prefix = f"kept_{generation}_{log}_"
        self._moment: Moment | None = None
        self._kept: dict[int, Kept] = {}
        self._until: dict[int, int] = {}

    def start(self, applied: Mapping[int, int]) -> dict[int, int]:
        """Where to begin these partitions, given how far the tables say that they are.

        Others may be read already; raises ServerRestartedError when they have to
        begin again as well.
        """
        if not self._store.is_shared:
            return dict(applied)
        self.check()
        if self._moment is None:
            moment = read_moment(self._store)
            self._moment = Moment(with_boot(self._store, moment.life), moment.now)
        kept = self._read()
        for partition in applied:
            self._kept.pop(partition, None)
            self._until.pop(partition, None)
        self._kept.update({one: kept[one] for one in applied if one in kept})
        life = self._moment.life
        return {part: self._begin(part, end, life) for part, end in applied.items()}

    def forget(self) -> None:
        """Nothing is read any more, or all begins again."""
        self._moment = None
        self._kept.clear()
        self._until.clear()

    def check(self) -> None:
        """Raises ServerRestartedError when the server may have lost rows since `start`."""
        known = self._moment
        if not self._store.is_shared or known is None:
            return
        moment = read_moment(self._store)
        if not moment.life.is_same(known.life):
            life = with_boot(self._store, moment.life)
            if not life.kept_files_of(known.life):
                raise ServerRestartedError(
                    f"{self._store.place} was started again: its last minutes are folded again"
                )
            moment = Moment(life, moment.now)
        # The boot is asked for once; it belongs to the life.
        self._moment = Moment(
            moment.life._replace(booted=moment.life.booted or known.life.booted),
            moment.now,
        )

    def note(self, applied: Mapping[int, int]) -> None:
        """The tables hold everything before these offsets, written under this run."""
        if not self._store.is_shared or self._moment is None:
            return
        moment = self._moment
        changed = {
            partition: self._kept[partition].text()
            for partition, offset in applied.items()
            if self._noted(partition, offset, moment)
        }
        if changed:
            write_facts(
                self._store, {f"{self._prefix}{part}": text for part, text in changed.items()}
            )

    def _begin(self, partition: int, end: int, life: Life) -> int:
        kept = self._kept.get(partition)
        if kept is not None and life.kept_files_of(kept.life):
            return end
        begin = min(kept.safe_offset(), end) if kept is not None else 0
        self._until[partition] = end
        _log.warning(
            "partition %d is folded again from offset %d to %d: the server was started again",
            partition,
            begin,
            end,
        )
        return begin

    def _noted(self, partition: int, offset: int, moment: Moment) -> bool:
        """Is there something new to write down?"""
        if offset < self._until.get(partition, 0):
            return False
        again = self._until.pop(partition, None) is not None
        kept = self._kept.get(partition)
        if kept is None:
            # From here on; what was before, if anything, was just folded again.
            kept = self._kept[partition] = Kept(moment.life)
        kept.life = moment.life
        return kept.mark(moment.now, offset) or again

    def _read(self) -> dict[int, Kept]:
        facts = read_facts(self._store, self._prefix)
        return {int(key.removeprefix(self._prefix)): Kept.read(fact) for key, fact in facts.items()}
