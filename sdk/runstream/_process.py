"""What one process has: its spool, the runs it writes, the one it inherited.

A fork has none of its parent's: it is noticed at the next call (`this_process`),
not by an at-fork handler, which C code that forks would not run.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import TYPE_CHECKING, cast

from runstream._config import config
from runstream._exports import receive
from runstream._inherited import InheritedRun, export_inherited, inherited_run
from runstream._notices import warn_once
from runstream._version import __version__
from runstream.spool.errors import SpoolLost
from runstream.spool.fork import ProcessMark

if TYPE_CHECKING:
    from runstream._agent_calls import Asked
    from runstream._stack import OpenRun
    from runstream._tables import RunTables
    from runstream._writer import RunWriter
    from runstream.entities import LoggedModel
    from runstream.spool.folders import ScopeFolders
    from runstream.spool.format import Buffer
    from runstream.spool.writer import ProcessSpool
    from runstream.v1.spool_pb2 import RunDefinition

_mark = ProcessMark()
# [0] is 1 in the process that `_current` belongs to, 0 in a fork of it.
mark: memoryview = _mark.view
# Nobody's yet: at import time a child of multiprocessing does not know its parent.
mark[0] = 0


class Process:
    """The state of one process. Every method may be called from any thread.

    open_runs: runs that this process started and has not ended, oldest first.
    last_run_id: the run that became active last.
    params: run id → what this process logged as params, to see conflicts.
    models: logged models that this process made, as it left them.
    made_runs: (tracking URI, run id) of the runs that only this process can have made.
    tables: the same → what is known of the tables of a run.
    destinations: tracking URIs that something was spooled for.
    """

    def __init__(self) -> None:
        receive()
        self.inherited: InheritedRun | None = inherited_run(os.environ)
        self.open_runs: dict[int, OpenRun] = {}
        self.last_run_id: str | None = None
        self.last_run_uri: str = ""
        self.params: dict[str, dict[str, str]] = {}
        self.models: dict[str, LoggedModel] = {}
        self.last_model_id: str | None = None
        self.made_runs: set[tuple[str, str]] = set()
        self.tables: dict[tuple[str, str], RunTables] = {}
        self.destinations: set[str] = set()
        self.shared_starts = 0
        self.exiting = False
        self.writers: dict[tuple[str, str], RunWriter] = {}
        self.lock = threading.RLock()
        self._spool: ProcessSpool | None = None
        self._folders: ScopeFolders | None = None
        self._agent: Asked | None = None

    def folders(self) -> ScopeFolders:
        """The folders of the spools of this user here."""
        if self._folders is None:
            from runstream.spool.folders import scope_folders

            self._folders = scope_folders()
        return self._folders

    def spool(self) -> ProcessSpool:
        """The spool of this process; made, and its agent started, when it is first asked for."""
        spool = self._spool
        if spool is None:
            with self.lock:
                spool = self._spool
                if spool is None:
                    spool = self._spool = self._new_spool()
        return spool

    def has_spool(self) -> bool:
        """Whether anything was spooled by this process."""
        return self._spool is not None

    def renew_spool(self, lost: ProcessSpool) -> None:
        """Forget a spool whose files were taken away: the next use makes another one."""
        with self.lock:
            if self._spool is lost:
                self._spool = self._folders = None
                lost.write = _say_lost
                warn_once("lost", f"The spool {lost.folders.active} was removed while in use.")

    def look_after(self, spool: ProcessSpool) -> None:
        """Called about once a second of logging: an agent lives, and the files are there."""
        if spool.usable():
            self.wake_agent()
            self._look_after_access()
        else:
            self.renew_spool(spool)

    def _look_after_access(self) -> None:
        """Hand on a token that was renewed here; say once that the server takes none of ours."""
        from runstream._access import announce, tell_denied

        for uri in list(self.destinations):
            announce(self, uri)
            tell_denied(self, uri)

    def _new_spool(self) -> ProcessSpool:
        if config().disabled:
            from runstream._disabled import DisabledSpool

            return cast("ProcessSpool", DisabledSpool())
        from runstream._exit import end_with_child
        from runstream.spool.writer import ProcessSpool

        spool = ProcessSpool.create(self.folders(), identity=process_identity())
        end_with_child(self)
        self.wake_agent()
        return spool

    def wake_agent(self) -> None:
        """Make sure that an agent lives, and that it looks now. Never waits, never raises."""
        if not config().online:
            return
        from runstream.agent.start import ensure_agent

        try:
            ensure_agent(self.folders())
        except Exception as error:  # logging goes on whatever happens to the agent
            warn_once("agent", f"No agent could be started ({error}); data stays in the spool.")

    def agent(self) -> Asked:
        """Who carries calls to servers."""
        if self._agent is None:
            self._agent = self._new_agent()
        return self._agent

    def use_agent(self, agent: Asked) -> None:
        """Let another one carry the calls; for tests."""
        self._agent = agent

    def _new_agent(self) -> Asked:
        if config().disabled:
            from runstream._disabled import DisabledAgent

            return DisabledAgent()
        from runstream.agent.client import AgentClient

        return AgentClient(self.folders())

    def export_run(self, definition: RunDefinition | None) -> None:
        """Tell child processes which run they log to when they have none of their own."""
        export_inherited(self._to_inherit(definition))

    def _to_inherit(self, definition: RunDefinition | None) -> InheritedRun | None:
        if definition is None:
            return self.inherited
        return InheritedRun(
            run_id=definition.run_id,
            tracking_uri=definition.tracking_uri,
            attempt_start_ms=definition.attempt_start_ms,
            source=definition.source,
        )


def _say_lost(cells: Buffer) -> int:
    raise SpoolLost("the files of this spool were removed")


def process_identity() -> dict[str, str]:
    """What the spool says about this process."""
    return {
        "host": os.uname().nodename,
        "client": f"runstream-python/{__version__}",
        "python": sys.executable,
    }


_current: Process | None = None
_lock = threading.RLock()


def this_process() -> Process:
    """The state of the calling process; a new one at the first call and after a fork."""
    return _current if mark[0] and _current is not None else _new_process()


def _new_process() -> Process:
    global _current
    with _lock:
        if _current is None or not mark[0]:
            _current = Process()
            _on_new_process()
            mark[0] = 1
    return _current


def _on_new_process() -> None:
    from runstream import _stack

    _stack.forget()


def forget() -> None:
    """Be as a process that has logged nothing; for tests."""
    mark[0] = 0
    _new_process()


def _at_exit() -> None:
    if mark[0] and _current is not None:  # a fork that logged nothing has nothing to end
        from runstream import _exit

        _exit.end_process(_current)


atexit.register(_at_exit)
