"""The worker: an agent in a process of its own, started (again and again) by the guard."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from runstream.agent import places
from runstream.agent.agent import Agent
from runstream.agent.detach import Terminated, open_log, reset_limits, reuse_memory
from runstream.agent.leave import LeavePolicy
from runstream.agent.requests import Requests
from runstream.agent.resolver import Resolver
from runstream.agent.status import version
from runstream.spool.folders import ScopeFolders

_log = logging.getLogger(__name__)


def main(given: Mapping[str, object]) -> None:
    """Run until there is nothing left to do; exit status 0 means: left in order.

    given: the scope's folders and the locked descriptor (see `start`).
    """
    folders = ScopeFolders(Path(str(given["active"])), Path(str(given["disk"])))
    lock_fd = int(str(given["lock_fd"]))
    os.set_inheritable(lock_fd, False)
    open_log(folders.disk)
    reset_limits()
    reuse_memory()
    terminated = Terminated()
    terminated.listen()
    # The guard shares the lock; a worker that finds it taken by others is one too many.
    if not places.try_lock(lock_fd):
        sys.exit(0)
    _log.info("agent %s of %s starts", version(), folders.disk)
    agent = Agent(folders, lock_fd, Resolver(folders.disk), LeavePolicy.from_environment())
    agent.listen(Requests(agent).handle)
    agent.run(terminated)
    _log.info("agent leaves")
    # Threads of gRPC and of connections have nothing left to do; do not wait for them.
    logging.shutdown()
    os._exit(0)
