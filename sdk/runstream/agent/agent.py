"""The agent's main thread: polls everything, sleeps, leaves when there is nothing."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runstream.agent import places
from runstream.agent.access import AccessFile
from runstream.agent.address import Address
from runstream.agent.barrier import Barrier, Barriers
from runstream.agent.destination import Destination
from runstream.agent.detach import Terminated
from runstream.agent.interval import Interval
from runstream.agent.journal import write_whole
from runstream.agent.leave import Idleness, LeavePolicy, leave
from runstream.agent.limits import JOURNAL_BYTES
from runstream.agent.mailbox import Mailbox
from runstream.agent.meter import Meters
from runstream.agent.process import ProcessDrain
from runstream.agent.scopes import Adoption, ScopeDrain
from runstream.agent.socket_server import Handler, SocketServer
from runstream.agent.sync import Syncer
from runstream.agent.upload import Upload
from runstream.agent.uploads import Uploads
from runstream.agent.workshop import OnUpload
from runstream.spool.folders import ScopeFolders, boot_id

_log = logging.getLogger(__name__)
# After SIGTERM: long enough for what is in the air, short enough for a shutdown.
_TERMINATE_SECONDS = 3.0
# How often the room for one journal is looked after.
_RESERVE_SECONDS = 10.0


@dataclass
class Agent:
    """Everything one agent holds. Made and run on one thread (the main thread)."""

    folders: ScopeFolders
    lock_fd: int
    resolve: Callable[[str], Address]
    policy: LeavePolicy = field(default_factory=LeavePolicy)
    started_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)

    def __post_init__(self) -> None:
        self.mailbox = Mailbox()
        self.depot = self
        self.destinations: dict[str, Destination] = {}
        self.barriers = Barriers()
        self.scope = ScopeDrain(self.folders, self, self.lock_fd)
        self.adoption = Adoption(self.folders, self)
        self.server: SocketServer | None = None
        self.meters = Meters()
        self._uploads = Uploads(self.mailbox, self.meters)
        self._syncer = Syncer()
        self._reserve_at = 0.0
        self._destinations_guard = threading.Lock()
        self._poke_fd = self._open_poke()
        self._interval = Interval()
        self._urgent = True

    # ---- Services for processes (main thread) and requests (any thread).

    def route(self, tracking_uri: str) -> Destination:
        """The destination of a URI, made at first use. Thread-safe."""
        with self._destinations_guard:
            if tracking_uri not in self.destinations:
                self.destinations[tracking_uri] = Destination(
                    tracking_uri,
                    self.resolve,
                    self.mailbox,
                    AccessFile(self.folders.disk, tracking_uri),
                )
            return self.destinations[tracking_uri]

    def store(self, tracking_uri: str, upload: Upload, done: OnUpload) -> None:
        """Store an artifact beside everything else."""
        self._uploads.submit(self.route(tracking_uri), upload, done)

    def sync(self, folder: Path) -> None:
        """Have copies forced to the medium. Main thread only."""
        self._syncer.sync(folder)

    def processes(self) -> list[ProcessDrain]:
        """All that are drained here. Main thread only."""
        scopes = [self.scope, *self.adoption.scopes]
        return [process for scope in scopes for process in scope.processes.values()]

    def begin_barrier(self, barrier: Barrier, producer_id: bytes) -> None:
        """Have `barrier` wait for what is spooled now. Main thread only."""
        self.scope.scan()
        scopes = [self.scope, *self.adoption.scopes]
        self.barriers.add(
            barrier, [target for scope in scopes for target in scope.targets(producer_id)]
        )
        self._urgent = True

    # ---- The loop.

    def listen(self, handler: Handler) -> None:
        """Open the socket and say who is the agent."""
        try:
            self.server = SocketServer(self.folders.disk, handler)
        except OSError:  # a file system without sockets: what is spooled is sent all the same
            _log.exception("%s takes no socket: nobody can ask this agent", self.folders.disk)
        said = {
            "pid": os.getpid(),
            "boot_id": boot_id(),
            "started_ms": self.started_ms,
            "active": str(self.folders.active),
            "socket": str(self.folders.disk / places.SOCKET),
        }
        with contextlib.suppress(OSError):  # a full disk: the socket works without
            path = self.folders.disk / places.IDENTITY
            os.close(write_whole(path, json.dumps(said).encode()))

    def run(self, terminated: Terminated) -> None:
        """Until the agent has left, or was asked to end."""
        idleness = Idleness(self.policy)
        asked_at: float | None = None
        while True:
            self.poll(time.monotonic())
            now = time.monotonic()
            if terminated.asked:
                asked_at = now if asked_at is None else asked_at
                if not self._waiting() or now - asked_at >= _TERMINATE_SECONDS:
                    self._spill()
                    break
            if idleness.over(now, self._busy()) and leave(self.lock_fd, self.scope.anything_there):
                break
            self._sleep()
        self.close()

    def poll(self, now: float) -> bool:
        """One round; whether anything moved."""
        moved = self.mailbox.run()
        waited_for = self.barriers.poll(now)
        urgent, self._urgent = self._urgent or waited_for, False
        moved |= self.scope.poll(now, urgent)
        moved |= self.adoption.poll(now, urgent)
        if now >= self._reserve_at:
            self._reserve_at = now + _RESERVE_SECONDS
            places.keep_reserve(self.folders.active, JOURNAL_BYTES)
        waited_for = self.barriers.poll(now)
        self._wait = self._interval.next(moved, waited_for)
        return moved

    def close(self) -> None:
        """Let go of everything; what is not accepted stays in the spools."""
        if self.server is not None:
            self.server.close()
        self.scope.close()
        self.adoption.close()
        self._uploads.close()
        self._syncer.close()
        for destination in self.destinations.values():
            destination.close()
        if self._poke_fd >= 0:
            os.close(self._poke_fd)

    def _open_poke(self) -> int:
        try:
            return places.open_poke(self.folders.disk)
        except OSError as error:  # a file system without FIFOs: polling does
            _log.warning("nobody can wake this agent: %s", error)
            return -1

    def _spill(self) -> None:
        for process in self.processes():
            process.spill()

    def _sleep(self) -> None:
        fds = [fd for fd in (self._poke_fd, self.mailbox.read_fd) if fd >= 0]
        ready, _, _ = select.select(fds, [], [], self._wait)
        if self._poke_fd in ready:
            os.read(self._poke_fd, 4096)
            self._urgent = True

    def _waiting(self) -> bool:
        return any(not process.quiet for process in self.processes())

    def _busy(self) -> bool:
        connections = self.server.connections if self.server else 0
        return bool(connections or self.scope.pending or self.adoption.scopes)
