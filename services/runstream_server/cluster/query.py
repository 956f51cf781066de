"""The query role: reads over the tables, however far other processes have fed them."""

from __future__ import annotations

import contextlib

from runstream_server.calls import Services
from runstream_server.cluster.archive import open_archive
from runstream_server.cluster.log import DeploymentLog
from runstream_server.cluster.settings import Deployment
from runstream_server.cluster.work import Around, Work
from runstream_server.materialize.applied import check_identity
from runstream_server.query.service import QueryOptions, QueryService
from runstream_server.store.generations import live_generation
from runstream_server.store.open import open_store
from runstream_server.version import program_version

# How long one look at the state of the tables serves reads. It delays what a
# reader waits for by as much at most: a reader looks again until it is there.
_STALENESS_SECONDS = 0.1


class Query(Work):
    """Writes nothing: any number may run."""

    def __init__(self, deployment: Deployment, around: Around, http_address: str) -> None:
        """http_address: the gateway's, as clients reach it; empty: tickets need none.

        Raises SettingError and the errors of the log and the store.
        """
        settings, address = deployment.log(), deployment.store()
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            undo.callback(self._closing.close)
            log = DeploymentLog(settings, around.fault, open_archive(deployment))
            self._closing.callback(log.close)
            store = open_store(address)
            self._closing.callback(store.close)
            check_identity(store, live_generation(store), log.identity)
            log.watch(around.telemetry)
            self._query = QueryService(
                store,
                QueryOptions(
                    log_id=log.identity.log_id,
                    partitions=log.identity.partitions,
                    http_address=lambda: http_address,
                    end_offsets=log.end_offsets,
                    version=program_version(),
                    staleness_seconds=_STALENESS_SECONDS,
                ),
            )
            undo.pop_all()

    def services(self) -> Services:
        return Services(query=self._query)

    def stop_waiting(self) -> None:
        self._query.close()

    def close(self) -> None:
        self._query.close()
        self._closing.close()
