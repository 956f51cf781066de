"""Everything in one process: logs, ingest, tables, queries, artifacts, doors."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from runstream_server.activity import Activity
from runstream_server.blobs.local import LocalBlobs
from runstream_server.blobs.port import Blobs
from runstream_server.blobs.service import ArtifactsService
from runstream_server.calls import Services, Watchers
from runstream_server.doors.authenticator import Authenticator
from runstream_server.doors.tls import Tls
from runstream_server.eventlog.genesis import LogIdentity, establish
from runstream_server.eventlog.sqlite import SqliteLogs
from runstream_server.feeding import Feeding
from runstream_server.folder import MIGRATIONS, DataFolder
from runstream_server.folder_lock import StartedBy
from runstream_server.gateway.app import Site, application
from runstream_server.gateway.server import HttpServer
from runstream_server.ingest.service import IngestService
from runstream_server.materialize.rebuild import request_rebuild
from runstream_server.query.service import QueryOptions, QueryService
from runstream_server.quota import Limits, Quota
from runstream_server.rpc.server import RpcServer
from runstream_server.store.boot import boot_id
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.open import open_store
from runstream_server.telemetry import LOG_RECORDS, Telemetry
from runstream_server.version import program_version

# Enough for some cores to share the work of folding; never changes in a folder.
PARTITIONS = 4
# Calls in hand get this long; a read that waits is told to come again.
_GRACE_SECONDS = 5
# What is accepted is in the log and safe: the tables catch up at the next start.
_DRAIN_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Entrance(NamedTuple):
    """What is asked of those who come in. Nothing: only this user can reach the doors."""

    authenticator: Authenticator | None = None
    tls: Tls | None = None
    limits: Limits = Limits()


_OPEN = Entrance()


@dataclass(frozen=True)
class Doors:
    """Where a server listens.

    grpc_address: "host:port" or "unix:/path", to bind; port 0 is any.
    http: a listening socket.
    http_address: what clients on this machine use.
    public_http_address: what clients anywhere use.
    """

    grpc_address: str
    http: socket.socket
    http_address: str
    public_http_address: str
    entrance: Entrance = _OPEN


class EmbeddedServer:
    """A folder and its server. The caller holds the folder's lock.

    on_fault: told once, from any thread, that the server must end.
    Raises FolderError, LogUnavailableError, LogMismatchError, StoreError and
    AddressInUseError; everything is closed again then.
    """

    def __init__(
        self,
        folder: DataFolder,
        doors: Doors,
        started_by: StartedBy,
        on_fault: Callable[[str], None],
    ) -> None:
        self.activity = Activity()
        self.version = program_version()
        self._folder = folder
        self._doors = doors
        self._started_by = started_by
        self._on_fault = on_fault
        self._fault = ""
        self._telemetry = Telemetry()
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            undo.callback(self._closing.close)
            self._open()
            undo.pop_all()

    def close(self) -> bool:
        """Takes nothing new, finishes what is in hand, brings the tables to the
        end of the log and closes. False when the tables are still behind."""
        self._folder.withdraw()
        self._query.close()
        self._rpc.close(_GRACE_SECONDS)
        self._http.close()
        drained = self._feeding.drain(_DRAIN_SECONDS)
        self._closing.close()
        return drained

    def tend(self) -> None:
        """One look at what was asked for through the folder. Call it now and then."""
        self._http.tend()
        only = self._folder.requested_rebuild()
        if only is None:
            return
        try:
            request_rebuild(self._store, only or None)
        except StoreError as error:
            _log.warning("the tables are not built again: %s", error)
        self._folder.take_rebuild_request()

    def grpc_address(self) -> str:
        """Where gRPC is answered, with the port that was bound."""
        address = self._doors.grpc_address
        if address.startswith("unix:"):
            return address
        return f"{address.rpartition(':')[0]}:{self._rpc.port}"

    def _open(self) -> None:
        self._folder.bring_up_to_date(MIGRATIONS)
        # The engine needs most of the time to start: meanwhile the rest.
        with ThreadPoolExecutor(1) as beside:
            opening = beside.submit(open_store, self._folder.store)
            logs = SqliteLogs(self._folder.log, PARTITIONS)
            self._closing.callback(logs.close)
            identity = establish(logs.events, logs.registry)
            quota = Quota(self._doors.entrance.limits, self._telemetry)
            ingest = IngestService(
                logs.events, logs.registry, identity, self._telemetry, quota=quota
            )
            self._closing.callback(ingest.close)
            blobs = LocalBlobs(self._folder.artifacts)
            self._closing.callback(blobs.close)
            self._store = store = opening.result()
        self._closing.callback(store.close)
        self._feeding = Feeding(logs, store, identity, self._failed)
        self._closing.callback(self._feeding.close)
        self._query = self._query_service(logs, store, identity)
        self._closing.callback(self._query.close)
        self._watch(logs)
        services = Services(ingest, self._query, ArtifactsService(blobs, quota))
        self._open_doors(services, identity, blobs)
        self._folder.announce(self._announcement(identity))
        self._closing.callback(self._folder.withdraw)

    def _open_doors(self, services: Services, identity: LogIdentity, blobs: Blobs) -> None:
        watchers = Watchers(self._telemetry, self.activity)
        doors, (authenticator, tls, _) = self._doors, self._doors.entrance
        self._rpc = RpcServer(services, watchers, doors.grpc_address, authenticator, tls)
        self._closing.callback(self._rpc.close, 0)
        site = self._site(identity, blobs, services)
        self._http = HttpServer(application(site), doors.http, _GRACE_SECONDS, tls)
        self._closing.callback(self._http.close)
        self._rpc.start()
        self._http.start()

    def _query_service(self, logs: SqliteLogs, store: Store, identity: LogIdentity) -> QueryService:
        def end_offsets() -> dict[tuple[str, int], int]:
            return {
                (log.log, partition): end
                for log in (logs.events, logs.registry)
                for partition, end in log.end_offsets().items()
            }

        return QueryService(
            store,
            QueryOptions(
                log_id=identity.log_id,
                partitions=identity.partitions,
                http_address=lambda: self._doors.public_http_address,
                end_offsets=end_offsets,
                version=self.version,
            ),
        )

    def _site(self, identity: LogIdentity, blobs: Blobs, services: Services) -> Site:
        well_known: dict[str, object] = {
            "product": "runstream",
            "version": self.version,
            "log_id": identity.log_id,
        }
        if self.grpc_address().startswith("unix:"):
            well_known["grpc_address"] = self.grpc_address()
        else:
            # The host is the one that the caller came to.
            well_known["grpc_port"] = self._rpc.port
        door = blobs if isinstance(blobs, LocalBlobs) else None
        return Site(
            lambda: well_known,
            lambda: self._fault,
            self._telemetry,
            self.activity,
            door,
            services,
            self._doors.entrance.authenticator,
        )

    def _announcement(self, identity: LogIdentity) -> dict[str, str | int]:
        return {
            "pid": os.getpid(),
            "boot_id": boot_id(),
            "grpc_address": _reachable(self.grpc_address()),
            "http_address": self._doors.http_address,
            "tls": self._doors.entrance.tls is not None,
            "log_id": identity.log_id,
            "started_by": self._started_by,
            "version": self.version,
        }

    def _watch(self, logs: SqliteLogs) -> None:
        self._feeding.watch(self._telemetry)
        self._telemetry.watch(
            LOG_RECORDS,
            lambda: {
                log.log: float(sum(log.end_offsets().values()))
                for log in (logs.events, logs.registry)
            },
        )

    def _failed(self, reason: str) -> None:
        self._fault = reason
        self._on_fault(reason)


def _reachable(address: str) -> str:
    """Where a client on this machine finds what is bound to every address."""
    for wildcard, loopback in (("0.0.0.0:", "127.0.0.1:"), ("[::]:", "[::1]:")):
        if address.startswith(wildcard):
            return loopback + address.removeprefix(wildcard)
    return address
