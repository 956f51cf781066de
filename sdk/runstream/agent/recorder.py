"""The ledger of one process together with its journal: first written, then true."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from runstream.agent import journal, records
from runstream.agent.opening import Origin, catch_up, epoch_needed, replay
from runstream.agent.records import Record
from runstream.spool.folders import ScopeFolders
from runstream.v1 import spool_pb2

_log = logging.getLogger(__name__)
JOURNAL_NAME = "journal"


class Recorder:
    """See the module. Main thread only."""

    def __init__(self, folders: ScopeFolders, reserve: Path) -> None:
        """Open or make the journal. Raises OSError, and ValueError for a foreign file.

        folders: of the process. reserve: of the scope, room kept for a full disk.
        """
        self._mirror = folders.disk / JOURNAL_NAME
        live = folders.active if folders.active.is_dir() else folders.disk
        path = live / JOURNAL_NAME
        self._mirrored = path != self._mirror and self._mirror.exists()
        self._file = journal.JournalFile(path, reserve)
        payloads = self._file.records
        if not payloads and self._mirrored:
            payloads = journal.unpack(self._mirror.read_bytes())[0]
        try:
            self.ledger = replay(payloads)
        except (KeyError, ValueError) as error:
            self._file.close()
            raise ValueError(
                f"the journal has a record that this version does not know: {error}"
            ) from error
        self._stale = False
        # State frames that are applied and not yet written.
        self._frames: list[tuple[int, int, bytes]] = []
        self._from_mirror = payloads is not self._file.records

    def begin(self, origin: Origin, boot_id: str) -> bool:
        """Start a producer where one is needed; whether a cut of before is to be rebuilt."""
        needed = epoch_needed(self.ledger, origin, boot_id)
        if self._from_mirror and self.ledger.producer_id:
            self._file.rewrite([records.encode(record) for record in self.ledger.checkpoint()])
        if needed is not None:
            self.record(needed)
        catch_up(self.ledger, origin.accepted)
        return any(lane.cut is not None for lane in self.ledger.lanes.values())

    def restart(self, reason: str) -> None:
        """Start another producer: what is not accepted goes out under a new id."""
        self.record(records.epoch(self.ledger.place, os.urandom(16), reason))

    def define(self, at: int, end: int, frame: spool_pb2.SpoolFrame) -> None:
        """Take a state frame that was read; it is written with the next record."""
        payload = frame.SerializeToString()
        self.ledger.define(at, end, frame, payload)
        self._frames.append((at, end, payload))

    def record(self, *made: Record) -> None:
        """Write the frames that wait and these records, then apply the records.

        Raises OSError; nothing has changed then.
        """
        payloads = [records.encode(records.frame(*frame)) for frame in self._frames]
        payloads += [records.encode(record) for record in made]
        if not payloads:
            return
        self._file.append(payloads)
        self._stale = self._stale or bool(self._frames)
        self._frames.clear()
        for record in made:
            self.ledger.apply(record)
        if self._file.long and not self._frames:
            self._compact()

    def mirror(self) -> None:
        """Keep a copy on disk, beside what was spilled: for the next boot."""
        checkpoint = journal.pack(records.encode(record) for record in self.ledger.checkpoint())
        if self._mirror.parent.is_dir() and self._file.path != self._mirror:
            os.close(journal.write_whole(self._mirror, checkpoint))
            self._mirrored, self._stale = True, False

    def keep_mirror(self) -> None:
        """Bring the copy up to date when definitions or ends are new since it was made."""
        if self._mirrored and self._stale:
            self.mirror()

    def close(self) -> None:
        """Close the journal; it stays."""
        self._file.close()

    def _compact(self) -> None:
        try:
            self._file.rewrite([records.encode(record) for record in self.ledger.checkpoint()])
        except OSError as error:  # a full disk: there is room in the old one for a while
            _log.warning("the journal cannot be compacted: %s", error)
