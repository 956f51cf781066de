"""The materialize role: its share of the log into the tables."""

from __future__ import annotations

import contextlib

from runstream_server.cluster.archive import open_archive
from runstream_server.cluster.log import DeploymentLog
from runstream_server.cluster.settings import Deployment
from runstream_server.cluster.work import Around, Work
from runstream_server.feeding import Feeding
from runstream_server.store.open import open_store

# Each generation has a group of its own, with this name and its number.
_GROUP = "materialize"


class Materialize(Work):
    """Shares the partitions with all others of its kind, for each generation."""

    def __init__(self, deployment: Deployment, around: Around) -> None:
        """Raises SettingError and the errors of the log and the store."""
        settings, address = deployment.log(), deployment.store()
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            undo.callback(self._closing.close)
            log = DeploymentLog(settings, around.fault, open_archive(deployment))
            self._closing.callback(log.close)
            store = open_store(address)
            self._closing.callback(store.close)
            feeding = Feeding(log.logs, store, log.identity, around.fault, _GROUP)
            self._closing.callback(feeding.close)
            feeding.watch(around.telemetry)
            log.watch(around.telemetry)
            log.watch_archive(around.telemetry)
            undo.pop_all()

    def close(self) -> None:
        self._closing.close()
