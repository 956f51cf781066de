"""The gRPC server: addresses, threads, limits, health and reflection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from runstream_server.doors.authenticator import Authenticator
from runstream_server.doors.tls import Tls
from runstream_server.events.limits import MESSAGE_MAX_BYTES
from runstream_server.rpc.adapters import Services, Watchers, handlers
from runstream_server.rpc.credentials import credentials
from runstream_server.rpc.guard import Guard

# A thread per batch that waits for its commit; with fewer, a commit would
# gather fewer batches than have arrived.
_WRITE_THREADS = 32
# Reads that wait for a position hold one each.
_READ_THREADS = 32

_OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_MAX_BYTES),
    ("grpc.max_send_message_length", MESSAGE_MAX_BYTES),
    # A second server on the same port is an error, not a silent half of the calls.
    ("grpc.so_reuseport", 0),
    # Agents keep idle connections alive through firewalls.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
]


class AddressInUseError(Exception):
    """Another process listens there, or the address is not this machine's."""


class RpcServer:
    """Serves the given services on one address.

    address: "host:port" or "unix:/path". authenticator: asked about every call
    but health; None lets everybody in. Listens after `start`; `close` lets the
    calls in hand finish.
    """

    def __init__(
        self,
        services: Services,
        watchers: Watchers,
        address: str,
        authenticator: Authenticator | None = None,
        tls: Tls | None = None,
    ) -> None:
        self._writes = ThreadPoolExecutor(_WRITE_THREADS, thread_name_prefix="write")
        self._reads = ThreadPoolExecutor(_READ_THREADS, thread_name_prefix="read")
        guards: list[Any] = [Guard(authenticator, watchers.telemetry)] if authenticator else []
        self._server = grpc.server(self._reads, options=_OPTIONS, interceptors=guards)
        served = handlers(services, watchers, self._writes)
        self._server.add_generic_rpc_handlers(tuple(served.values()))
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = [*served, health.SERVICE_NAME, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(names, self._server)
        self._names = ["", *served]
        try:
            #: The port that was bound; 1 for a Unix socket.
            self.port = self._bind(address, tls)
        except RuntimeError as error:
            self._release()
            raise AddressInUseError(address) from error

    def start(self) -> None:
        """Calls are answered from now on; health says SERVING."""
        self._server.start()
        for name in self._names:
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    def close(self, grace_seconds: float) -> None:
        """Takes no new call, waits for those in hand, at most that long.

        May be called twice.
        """
        self._health.enter_graceful_shutdown()
        self._server.stop(grace_seconds).wait()
        self._release()

    def _bind(self, address: str, tls: Tls | None) -> int:
        if tls is None:
            return self._server.add_insecure_port(address)
        return self._server.add_secure_port(address, credentials(tls))

    def _release(self) -> None:
        # Also of calls whose callers were cut off: what they use is closed next.
        self._writes.shutdown()
        self._reads.shutdown()
