"""A role as a process: doors first, then the work, with patience; and a clean end."""

from __future__ import annotations

import contextlib
import logging
import random
from collections.abc import Callable, Mapping
from typing import NamedTuple

from runstream_server.activity import Activity
from runstream_server.calls import Services, Watchers
from runstream_server.cluster.errors import RoleError
from runstream_server.cluster.work import Around, Begin, Work
from runstream_server.doors.authenticator import Authenticator
from runstream_server.doors.options import Policy
from runstream_server.doors.tls import Tls
from runstream_server.eventlog.port import LogUnavailableError
from runstream_server.gateway.app import Site, application
from runstream_server.gateway.server import HttpServer, tcp_socket
from runstream_server.listen import Listen
from runstream_server.rpc.server import AddressInUseError, RpcServer
from runstream_server.stopping import ENDING_SECONDS, STARTING_SECONDS, Stop
from runstream_server.store.errors import StoreUnavailableError
from runstream_server.telemetry import Telemetry

# Calls in hand get this long; a read that waits is told to come again.
_GRACE_SECONDS = 5
_LOOK_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0

#: What another process has to be started or mended for: it is waited for.
AWAY = (LogUnavailableError, StoreUnavailableError)

_log = logging.getLogger(__name__)

Say = Callable[[str], None]

NO_SERVICES = Services()


class Entry(NamedTuple):
    """Where a role listens, and whom it lets in."""

    listen: Listen
    policy: Policy


class Role:
    """One process of a cluster. `run` is its life.

    http: what is answered over HTTP as well, from the first moment.
    """

    def __init__(
        self, name: str, begin: Begin, entry: Entry, say: Say, http: Services = NO_SERVICES
    ) -> None:
        self._name = name
        self._begin = begin
        self._listen, policy = entry
        self._say = say
        self._http_services = http
        self._stop = Stop()
        self._waits_for = "it is starting"
        self._work: Work | None = None
        self._rpc: RpcServer | None = None
        self._watchers = Watchers(Telemetry(), Activity())
        policy.doors.check_binding(self._listen.host)
        self._authenticator: Authenticator | None = policy.doors.authenticator()
        self._tls: Tls | None = policy.doors.tls()
        self._around = Around(self._watchers, policy.limits, self._stop.fault, self._grpc_port)

    def run(self) -> None:
        """Until SIGTERM or SIGINT. Raises RoleError, and what ended it."""
        self._stop.limit(STARTING_SECONDS)
        with contextlib.ExitStack() as closing:
            closing.enter_context(self._stop.on_signals())
            # Whoever watches is answered while it is not ready as well.
            http = self._open_http(closing)
            work = self._persistently()
            if work is not None:
                closing.callback(work.close)
                self._serve(work, http, closing)
        if self._stop.reason:
            raise RoleError(self._stop.reason)
        self._say(f"{self._name}: stopped")

    def _open_http(self, closing: contextlib.ExitStack) -> HttpServer:
        host, port = self._listen.host, self._listen.port
        try:
            listener = tcp_socket(host, port)
        except OSError as error:
            raise RoleError(_taken("--port", host, port)) from error
        site = Site(
            self._well_known,
            lambda: self._stop.reason,
            self._watchers.telemetry,
            self._watchers.activity,
            services=self._http_services,
            authenticator=self._authenticator,
            unready=self._unready,
        )
        http = HttpServer(application(site), listener, _GRACE_SECONDS, self._tls)
        closing.callback(http.close)
        http.start()
        scheme = "https" if self._tls else "http"
        self._say(f"{self._name}: HTTP on {scheme}://{_joined(host, listener.getsockname()[1])}")
        return http

    def _persistently(self) -> Work | None:
        """The work, as soon as what it needs is there; None: stopped before."""
        pause = _FIRST_PAUSE_SECONDS
        while not self._stop.event.is_set():
            try:
                self._work = self._begin(self._around)
            except AWAY as error:
                self._waits_for = str(error)
                _log.warning("not ready, next try in %.1f s: %s", pause, error)
                self._stop.wait(pause * random.uniform(0.5, 1.0))
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            else:
                return self._work
        return None

    def _serve(self, work: Work, http: HttpServer, closing: contextlib.ExitStack) -> None:
        self._stop.limit(ENDING_SECONDS)
        if any(work.services()):
            self._open_rpc(work, closing)
        self._waits_for = ""
        self._say(f"{self._name}: ready")
        while not self._stop.wait(_LOOK_SECONDS):
            http.tend()
        self._waits_for = "it is stopping"
        work.stop_waiting()

    def _open_rpc(self, work: Work, closing: contextlib.ExitStack) -> None:
        host, port = self._listen.host, self._listen.grpc_port
        address = _joined(host, port)
        try:
            rpc = RpcServer(
                work.services(), self._watchers, address, self._authenticator, self._tls
            )
        except AddressInUseError as error:
            raise RoleError(_taken("--grpc-port", host, port)) from error
        closing.callback(rpc.close, _GRACE_SECONDS)
        self._rpc = rpc
        rpc.start()
        self._say(f"{self._name}: gRPC on {_joined(host, rpc.port)}")

    def _grpc_port(self) -> int:
        return self._rpc.port if self._rpc is not None else 0

    def _unready(self) -> str:
        if self._stop.reason or self._waits_for:
            return self._stop.reason or self._waits_for
        return self._work.unready() if self._work is not None else ""

    def _well_known(self) -> Mapping[str, object]:
        return self._work.well_known() if self._work is not None else {}


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _taken(flag: str, host: str, port: int) -> str:
    return f"Port {port} of {host} cannot be had: choose another with {flag}."
