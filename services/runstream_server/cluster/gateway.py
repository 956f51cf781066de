"""The gateway: one address for clients, in front of ingest and query."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.calls import Services
from runstream_server.cluster.work import Around, Work
from runstream_server.errors import ServiceError
from runstream_server.rpc.client import NO_CREDENTIALS, Access, RpcClient
from runstream_server.service import CallContext, QueryApi
from runstream_server.version import program_version

# Whoever asks where to write must not wait for who reads.
_ASK_SECONDS = 0.5

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GatewaySettings:
    """Whom a gateway calls, and what it tells clients.

    ingest, query: addresses of the processes, "host:port" each.
    public_ingest, public_query: where agents reach them directly; empty: agents
        come to the gateway, which passes their calls on.
    access: how the gateway calls them.
    """

    ingest: tuple[str, ...]
    query: tuple[str, ...]
    public_ingest: tuple[str, ...] = ()
    public_query: tuple[str, ...] = ()
    access: Access = NO_CREDENTIALS


class Gateway(Work):
    """Passes calls on. It holds nothing: any number of them may run.

    Whether the others answer says nothing about it: it is ready when it listens.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._ingest = RpcClient(settings.ingest, settings.access)
        self._query = RpcClient(settings.query, settings.access)
        self._log = LogName(self._query.query)
        self._grpc_port: Callable[[], int] = lambda: 0

    def begin(self, around: Around) -> Gateway:
        self._grpc_port = around.grpc_port
        return self

    def services(self) -> Services:
        return Services(self._ingest.ingest, self._query.query, self._ingest.artifacts)

    def well_known(self) -> Mapping[str, object]:
        said: dict[str, object] = {
            "product": "runstream",
            "version": program_version(),
            "log_id": self._log.read(),
            # The host is the one that the caller came to.
            "grpc_port": self._grpc_port(),
        }
        if self._settings.public_ingest:
            said["ingest_addresses"] = list(self._settings.public_ingest)
        if self._settings.public_query:
            said["query_addresses"] = list(self._settings.public_query)
        return said

    def close(self) -> None:
        self._query.close()
        self._ingest.close()


class LogName:
    """Which log this deployment has: asked until it is known, for ever then. Thread-safe."""

    def __init__(self, query: QueryApi) -> None:
        self._query = query
        self._asking = threading.Lock()
        self._log_id = ""

    def read(self) -> str:
        """Empty while no query process answers: nobody who writes has to wait for one."""
        if not self._log_id and self._asking.acquire(blocking=False):
            try:
                ctx = CallContext(None, time.monotonic() + _ASK_SECONDS)
                info = self._query.get_server_info(tracking.GetServerInfoRequest(), ctx)
                self._log_id = info.log_id
            except ServiceError as error:
                _log.warning("which log this is, is not known yet: %s", error)
            finally:
                self._asking.release()
        return self._log_id
