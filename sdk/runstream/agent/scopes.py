"""The scopes that this agent drains: its own, and others that nobody serves.

Another scope (an earlier boot, a container that is gone) is adopted when its
lock is free and no process in it is alive; it is given back as soon as a
writer shows up there, who starts an agent of its own.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Iterator

from runstream.agent import places
from runstream.agent.aside import FOLDER, Aside
from runstream.agent.barrier import Drained, Missing
from runstream.agent.cut import Cursor
from runstream.agent.definitions import BookError
from runstream.agent.limits import ADOPT_SECONDS, SCAN_SECONDS
from runstream.agent.process import ProcessDrain
from runstream.agent.workshop import Services
from runstream.spool.errors import SpoolError
from runstream.spool.folders import ScopeFolders, boot_id, process_names, sibling_scopes
from runstream.spool.reader import SpoolReader

_log = logging.getLogger(__name__)
# After a file could not be written: time for somebody to make room.
_TROUBLE_SECONDS = 0.5


class ScopeDrain:
    """All processes of one scope, whose lock this agent holds."""

    def __init__(self, folders: ScopeFolders, services: Services, lock_fd: int) -> None:
        self.folders = folders
        self.lock_fd = lock_fd
        self.processes: dict[str, ProcessDrain] = {}
        # Names of spools that cannot be read, and why. They stay where they are.
        self.damaged: dict[str, str] = {}
        self._services = services
        self._scan_at = 0.0
        self._trouble_until: dict[str, float] = {}

    def scan(self) -> None:
        """Begin with processes that are new."""
        for name in process_names(self.folders):
            if name not in self.processes and name not in self.damaged:
                with self._guarded(name):
                    self.processes[name] = ProcessDrain(name, self.folders, self._services)

    def poll(self, now: float, urgent: bool) -> bool:
        """Move everything on; whether anything moved."""
        if urgent or now - self._scan_at >= SCAN_SECONDS:
            self._scan_at = now
            self.scan()
        moved = False
        for name, process in list(self.processes.items()):
            if self._trouble_until.get(name, 0.0) > now:
                continue
            with self._guarded(name, now):
                moved |= process.poll(now, urgent)
                if process.finished:
                    process.remove()
                    del self.processes[name]
                    moved = True
        return moved

    @property
    def pending(self) -> bool:
        """Whether any process is here that is alive or not drained."""
        return bool(self.processes)

    @property
    def alive(self) -> bool:
        """Whether a writer lives here."""
        return any(not process.dead for process in self.processes.values())

    def anything_there(self) -> bool:
        """Whether the folder holds a process that is not known to be damaged."""
        return any(name not in self.damaged for name in process_names(self.folders))

    def take_damage(self, producer_id: bytes) -> list[str]:
        """A sentence per spool that cannot be read, each once."""
        return [
            sentence
            for name in self.damaged
            if name.endswith(producer_id.hex())
            for sentence in Aside(self.folders.disk / FOLDER / name).take_sentences()
        ]

    def targets(self, producer_id: bytes) -> list[tuple[Drained, Cursor]]:
        """What there is now of one process (empty: of all), for somebody who waits for it.

        What is there and cannot be read now is waited for as well.
        """
        found: dict[str, tuple[Drained, Cursor]] = {}
        for name, process in list(self.processes.items()):
            if name.endswith(producer_id.hex()):
                with self._guarded(name):
                    found[name] = (process, process.target())
        for name in process_names(self.folders):
            if name.endswith(producer_id.hex()) and name not in found and name not in self.damaged:
                found[name] = (Unopened(name, self), Cursor(0, 0))
        return list(found.values())

    def close(self) -> None:
        """Let go of all files; everything stays for the next agent."""
        for process in self.processes.values():
            process.close()
        self.processes.clear()

    @contextlib.contextmanager
    def _guarded(self, name: str, now: float = 0.0) -> Iterator[None]:
        """No spool ends the worker: trouble waits, damage is set aside."""
        try:
            yield
        except FileNotFoundError as error:
            _log.info("%s is gone: %s", name, error)
            self._forget(name)
        except (OSError, SpoolError) as error:
            _log.warning("%s: %s", name, error)
            self._trouble_until[name] = now + _TROUBLE_SECONDS
        except (BookError, ValueError, KeyError) as error:
            _log.exception("%s is damaged", name)
            self._forget(name)
            self.damaged[name] = str(error)
            with contextlib.suppress(OSError):
                Aside(self.folders.disk / FOLDER / name).damaged(str(error))

    def _forget(self, name: str) -> None:
        process = self.processes.pop(name, None)
        if process is not None:
            process.close()


class Unopened:
    """A process whose files could not be opened yet (a full disk), for those who wait for it."""

    def __init__(self, name: str, scope: ScopeDrain) -> None:
        self.name = name
        self._scope = scope
        self._target: tuple[ProcessDrain, Cursor] | None = None

    def missing(self, tracking_uri: str, target: Cursor) -> Missing:
        """Everything, until it is opened; then as any other."""
        process = self._scope.processes.get(self.name)
        if self._target is None and process is not None:
            with contextlib.suppress(OSError, SpoolError, BookError, ValueError):
                self._target = (process, process.target())
        if self._target is not None:
            return self._target[0].missing(tracking_uri, self._target[1])
        there = self.name in process_names(self._scope.folders)
        return Missing(processes=int(there and self.name not in self._scope.damaged))


class Adoption:
    """Looks for scopes that nobody serves."""

    def __init__(self, own: ScopeFolders, services: Services) -> None:
        self.scopes: list[ScopeDrain] = []
        self._own = own
        self._services = services
        self._look_at = 0.0
        # Nothing there can be read: looked at once.
        self._hopeless: set[ScopeFolders] = set()

    def poll(self, now: float, urgent: bool) -> bool:
        """Adopt, drain and give back; whether anything moved."""
        if now >= self._look_at:
            self._look_at = now + ADOPT_SECONDS
            self.look()
        moved = False
        for scope in list(self.scopes):
            moved |= scope.poll(now, urgent)
            if scope.alive or not scope.pending:
                self._give_back(scope)
        return moved

    def look(self) -> None:
        """Adopt what can be adopted."""
        held = {scope.folders for scope in self.scopes}
        try:
            siblings = sibling_scopes(self._own)
        except OSError as error:
            _log.warning("other scopes cannot be listed: %s", error)
            return
        for folders in siblings:
            ours = folders.active == self._own.active or folders.disk == self._own.disk
            known = ours or folders in held or folders in self._hopeless
            if not known and process_names(folders):
                self._adopt(folders)

    def close(self) -> None:
        """Give everything back."""
        for scope in list(self.scopes):
            self._give_back(scope)

    def _adopt(self, folders: ScopeFolders) -> None:
        try:
            folders.disk.mkdir(mode=0o700, exist_ok=True)
            lock_fd = places.open_lock(folders.disk)
        except OSError as error:
            _log.warning("%s cannot be adopted: %s", folders.disk, error)
            return
        if not places.try_lock(lock_fd):
            os.close(lock_fd)
            return
        if writers_alive(folders):  # they start an agent of their own
            places.unlock(lock_fd)
            os.close(lock_fd)
            return
        scope = ScopeDrain(folders, self._services, lock_fd)
        scope.scan()
        self.scopes.append(scope)
        _log.info("adopted %s: %d processes", folders.disk, len(scope.processes))

    def _give_back(self, scope: ScopeDrain) -> None:
        empty = not scope.processes and not scope.anything_there()
        scope.close()
        self.scopes.remove(scope)
        if scope.damaged and not scope.anything_there():
            self._hopeless.add(scope.folders)
        elif empty:
            self._remove(scope.folders)
        places.unlock(scope.lock_fd)
        os.close(scope.lock_fd)

    def _remove(self, folders: ScopeFolders) -> None:
        """Delete the folders of an empty scope of an earlier boot, but not what was refused.

        A scope of this boot may get a new writer at any moment: it stays.
        """
        try:
            said = json.loads((folders.disk / places.IDENTITY).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if said.get("boot_id") in (None, boot_id()) or (folders.disk / FOLDER).exists():
            return
        for folder in {folders.active, folders.disk}:
            shutil.rmtree(folder, ignore_errors=True)


def writers_alive(folders: ScopeFolders) -> bool:
    """Whether any process of the scope lives. Changes nothing there."""
    for name in process_names(folders):
        try:
            reader = SpoolReader(folders, name)
        except (OSError, SpoolError, ValueError):
            continue  # gone or damaged: not alive
        try:
            if reader.writer_alive():
                return True
        finally:
            reader.close()
    return False
