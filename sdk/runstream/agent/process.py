"""The spool of one process, drained: what is new, what goes where, what may go.

Runs on the agent's main thread. Nothing here waits for a server; reading and
writing files of the spool is all that can take time.
"""

from __future__ import annotations

import logging
import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from runstream.agent import places, records
from runstream.agent.artifacts import ArtifactQueue
from runstream.agent.aside import FOLDER
from runstream.agent.barrier import Missing
from runstream.agent.batch import RunContent
from runstream.agent.closing import closing_frames
from runstream.agent.cut import Cursor, Range
from runstream.agent.definitions import ArtifactEntry, Stream
from runstream.agent.lane import Lane
from runstream.agent.ledger import Ledger
from runstream.agent.limits import ALIVE_SECONDS, REST_SECONDS
from runstream.agent.opening import Origin
from runstream.agent.outcome import Accepted, Refused
from runstream.agent.recorder import Recorder
from runstream.agent.records import Cut, Record
from runstream.agent.refusals import Refusals
from runstream.agent.sends import Identity, Send
from runstream.agent.spill import Spill
from runstream.agent.view import SpoolView
from runstream.agent.workshop import Services
from runstream.spool.folders import ScopeFolders, boot_id
from runstream.spool.reader import SpoolReader

_log = logging.getLogger(__name__)


class ProcessDrain:
    """See the module; it is the workshop of its lanes.

    Raises BookError or ValueError when the spool is damaged; OSError when a
    file cannot be written now (the same call may be repeated).
    """

    def __init__(self, name: str, folders: ScopeFolders, services: Services) -> None:
        self.name = name
        self.dead = self.quiet = False
        self.lanes: dict[str, Lane] = {}
        self.reader = SpoolReader(folders, name)
        self._services = services
        self.refusals = Refusals(folders.disk / FOLDER / name, self.reader)
        own = folders.process(name)
        self._artifacts = ArtifactQueue(
            own.disk / "blobs", services.depot, self._stored, self._artifact_refused
        )
        self._alive_at = self._rest_until = 0.0
        self._seen_alive = self._closing_done = False
        try:
            self._recorder = Recorder(own, folders.active / places.RESERVE)
            self._spill = Spill(self.reader, self._recorder, services.sync)
            self._open()
        except BaseException:
            self.reader.close()
            raise

    # ---- What the lanes need (see `workshop`).

    @property
    def ledger(self) -> Ledger:
        return self._recorder.ledger

    @property
    def stored(self) -> Mapping[int, str]:
        return self._artifacts.stored

    def identity(self) -> Identity:
        meta = self.reader.meta
        said = meta.identity
        return Identity(
            producer_id=self.ledger.producer_id,
            pid=meta.pid,
            host=said.get("host") or socket.gethostname(),
            client=said.get("client", ""),
        )

    def visible(self) -> Cursor:
        return self._view.visible

    def choose(self, start: Cursor, budget_bytes: int) -> Range:
        return self._view.choose(start, budget_bytes)

    def gather(self, tracking_uri: str, chosen: Range) -> dict[int, RunContent]:
        return self._view.gather(tracking_uri, chosen)

    def record(self, *made: Record) -> None:
        self._recorder.record(*made)

    def set_aside(self, run_index: int, name: str, events: list[bytes], why: Refused) -> None:
        entry = self.ledger.book.runs[run_index]
        self.refusals.batch(entry, self.ledger.producer_id, name, events, why)

    def batch_accepted(self, send: Send, answer: Accepted) -> None:
        self._rest_until = 0.0
        stream = self.ledger.book.runs[send.run_index].stream
        if answer.experiment_id:
            self._artifacts.experiments[stream] = answer.experiment_id
        if answer.warning:
            _log.warning("run %s: %s", stream.run_id, answer.warning)

    def cut_accepted(self, cut: Cut) -> None:
        for at in cut.artifacts:
            self._artifacts.logged(at)
            self.reader.count_artifact()
        self.advanced()

    def advanced(self) -> None:
        accepted = self.accepted()
        # What was read has to be written before it may be deleted.
        self._recorder.record()
        self._recorder.keep_mirror()
        self.reader.accept(accepted.cells, accepted.event_bytes)
        self.reader.release(accepted.cells, accepted.event_bytes)

    # ---- What the agent needs.

    def accepted(self) -> Cursor:
        """Up to here everything is in the logs of all its servers."""
        return self.ledger.accepted(self._view.visible)

    @property
    def settled(self) -> bool:
        """Everything that was seen is accepted, artifacts and ends included."""
        return (
            self._view.complete
            and not self.ledger.book.artifacts
            and all(lane.idle for lane in self.lanes.values())
        )

    @property
    def finished(self) -> bool:
        """The process is gone and nothing of it is left to do."""
        return self.dead and self._closing_done and self.settled

    @property
    def held(self) -> str:
        """Why the server takes nothing now: the limit that is passed; empty: no limit is."""
        return next((lane.held for lane in self.lanes.values() if lane.held), self._artifacts.held)

    def look(self) -> bool:
        """See what is new; whether there is anything."""
        moved = self._view.look(self.dead)
        if moved:
            # Whoever looked (a barrier does too): the next poll has work to do.
            self.quiet = False
        for tracking_uri in self.ledger.lanes:
            if tracking_uri not in self.lanes:
                route = self._services.route(tracking_uri)
                self.lanes[tracking_uri] = Lane(tracking_uri, self, route)
        return moved

    def poll(self, now: float, urgent: bool) -> bool:
        """Look, and move every lane on; whether anything moved."""
        if not self.dead and now - self._alive_at >= ALIVE_SECONDS:
            self._alive_at = now
            self._check_writer()
        if now < self._rest_until and not urgent:
            return False
        moved = self.look()
        if self.quiet and not moved and not self.dead:
            return False  # the common case: hundreds of processes that say nothing
        if self.dead and not self._closing_done:
            moved |= self._close_for_writer()
        self._artifacts.poll(self.ledger, now)
        for lane in self.lanes.values():
            moved |= lane.poll(now, urgent or self.dead)
        if not self.lanes and moved:
            self.advanced()
        self.refusals.tell_damage()
        self._spill.poll(now, self._view.visible, self.accepted())
        self.quiet = self.settled
        if self.dead and not moved:
            self._rest_until = now + REST_SECONDS
        return moved

    def missing(self, tracking_uri: str, target: Cursor) -> Missing:
        """What of the spool up to `target` that URI (empty: any) has not accepted."""
        lanes = [
            lane
            for uri, lane in self.lanes.items()
            if tracking_uri in ("", uri) and not lane.closed
        ]
        accepted = [lane.accepted for lane in lanes] or [target]
        book = self.ledger.book
        artifacts = sum(
            1
            for at, entry in book.artifacts.items()
            if at < target.event_bytes
            and tracking_uri in ("", book.runs[entry.artifact.run_index].stream.tracking_uri)
        )
        return Missing(
            max(0, target.cells - min(cursor.cells for cursor in accepted)),
            max(0, target.event_bytes - min(cursor.event_bytes for cursor in accepted)),
            artifacts if lanes else 0,
        )

    def target(self) -> Cursor:
        """Everything that is spooled at this moment."""
        self.look()
        while not self._view.complete:
            self.look()
        return self._view.visible

    def waiting_seconds(self, now: float) -> float:
        """How long the oldest thing that is not accepted has waited."""
        return self._spill.oldest_seconds(now)

    def remove(self) -> None:
        """Delete the folder of a finished process."""
        self._let_go()
        if not self.reader.folders.same:
            # First the copy: alone, it would be taken for what a reboot has left.
            shutil.rmtree(self.reader.folders.disk, ignore_errors=True)
        self.reader.remove()

    def close(self) -> None:
        """Let go of the files, everything stays; late answers change nothing."""
        self._let_go()
        self.reader.close()

    def spill(self) -> None:
        """Copy what is not accepted to disk now."""
        self._spill.copy()

    def _let_go(self) -> None:
        for lane in self.lanes.values():
            lane.close()
        self._recorder.close()

    def _open(self) -> None:
        meta = self.reader.meta
        accepted = Cursor(self.reader.accepted_cells, self.reader.accepted_event_bytes)
        origin = Origin(meta.producer_id, meta.boot_id, accepted, self.reader.rebooted)
        recover = self._recorder.begin(origin, boot_id())
        self._view = SpoolView(self.reader, self._recorder, accepted)
        self.look()
        while recover and not self._view.complete:
            self.look()
        if not all(lane.recover() for lane in self.lanes.values()):
            _log.error(
                "%s: a cut was not rebuilt as it was recorded; a new producer starts", self.name
            )
            for lane in self.lanes.values():
                lane.drop()
            self._recorder.restart("a cut was not rebuilt as it was recorded")

    def _check_writer(self) -> None:
        if self.reader.writer_alive():
            self._seen_alive = True
        elif self.reader.adopt():
            self.dead = True

    def _close_for_writer(self) -> bool:
        """Say what the process could not; when all that it said is read."""
        while not self._view.complete:
            self.look()
        frames = closing_frames(
            self.ledger.book, self.reader.meta.pid, self._death_ms(), not self._view.gap
        )
        if frames:
            self.reader.append_frames(frames)
            self.look()
        self._closing_done = True
        return bool(frames)

    def _death_ms(self) -> int:
        """When the process was last seen alive, by this agent or by its files."""
        now = time.time_ns() // 1_000_000
        return now if self._seen_alive else min(now, self.reader.last_written_ms())

    def _stored(self, stream: Stream) -> None:
        self._rest_until = 0.0
        self.lanes[stream.tracking_uri].nudge()

    def _artifact_refused(self, entry: ArtifactEntry, blob: Path, why: Refused) -> None:
        run = self.ledger.book.runs[entry.artifact.run_index]
        self.refusals.artifact(run, entry.artifact, blob, why)
        self.record(records.dropped(entry.at))
        self.lanes[run.stream.tracking_uri].nudge()
