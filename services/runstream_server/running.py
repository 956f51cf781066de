"""Starting and ending an embedded server as a process: doors, signals, lines."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from runstream_server.embedded import Doors, EmbeddedServer
from runstream_server.folder import DataFolder, FolderError
from runstream_server.folder_lock import FolderLock
from runstream_server.gateway.server import tcp_socket, unix_socket
from runstream_server.rpc.server import AddressInUseError

_LOOK_SECONDS = 1.0
_SOCKETS = "runstream-"


class Listen(NamedTuple):
    """Where a person wants the server."""

    host: str
    port: int
    grpc_port: int


def serve(path: Path, listen: Listen, say: Callable[[str], None]) -> None:
    """Serves a folder on TCP ports until SIGTERM or SIGINT.

    Raises FolderError and the errors of EmbeddedServer.
    """
    folder = DataFolder(path)
    lock = FolderLock(folder, "person")
    stop = Stop()
    with contextlib.ExitStack() as closing:
        closing.callback(lock.close)
        closing.enter_context(stop.on_signals())
        lock.refuse_if_served()
        doors = _tcp_doors(listen)
        closing.callback(doors.http.close)
        lock.take()
        server = _started(folder, doors, stop, listen)
        say(_welcome(folder, doors, server))
        while not stop.wait(_LOOK_SECONDS):
            server.tend()
        _end(server, folder, stop, say)


def serve_agent(path: Path, idle_seconds: float, say: Callable[[str], None]) -> None:
    """Serves a folder on Unix sockets of this user alone, until nobody calls.

    Raises as `serve` does.
    """
    folder = DataFolder(path)
    lock = FolderLock(folder, "agent")
    stop = Stop()
    with contextlib.ExitStack() as closing:
        closing.callback(lock.close)
        closing.enter_context(stop.on_signals())
        lock.take()
        _remove_left_sockets(folder)
        doors, sockets = _unix_doors()
        closing.callback(shutil.rmtree, sockets, ignore_errors=True)
        server = EmbeddedServer(folder, doors, "agent", stop.fault)
        while not stop.wait(_LOOK_SECONDS):
            if server.activity.idle_seconds() > idle_seconds:
                break
            server.tend()
        _end(server, folder, stop, say)


class Stop:
    """Why the process ends: a signal, or a fault."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.reason = ""

    def fault(self, reason: str) -> None:
        self.reason = reason
        self.event.set()

    def wait(self, timeout_seconds: float) -> bool:
        return self.event.wait(timeout_seconds)

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the process in good order; the second, at once."""

        def handle(number: int, _frame: object) -> None:
            if self.event.is_set():
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            self.event.set()

        before = {number: signal.signal(number, handle) for number in _ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


_ENDING = (signal.SIGTERM, signal.SIGINT)


def _started(folder: DataFolder, doors: Doors, stop: Stop, listen: Listen) -> EmbeddedServer:
    try:
        return EmbeddedServer(folder, doors, "person", stop.fault)
    except AddressInUseError as error:
        raise _in_use("--grpc-port", listen.host, listen.grpc_port) from error


def _end(
    server: EmbeddedServer, folder: DataFolder, stop: Stop, say: Callable[[str], None]
) -> None:
    drained = server.close()
    if stop.reason:
        raise FolderError(f"The server of {folder.path} ended: {stop.reason}")
    rest = (
        "everything accepted is in the tables"
        if drained
        else "what was accepted is safe in the log, and comes into the tables at the next start"
    )
    say(f"Stopped; {rest}.")


def _welcome(folder: DataFolder, doors: Doors, server: EmbeddedServer) -> str:
    return "\n".join(
        [
            f"Runstream {server.version}",
            f"  folder  {folder.path}",
            f"  HTTP    {doors.http_address}",
            f"  gRPC    {server.grpc_address()}",
            f"Log to it with RUNSTREAM_TRACKING_URI={doors.http_address}. Ctrl-C stops it.",
        ]
    )


def _tcp_doors(listen: Listen) -> Doors:
    http = _bound("--port", listen.host, listen.port)
    try:
        # Only to say early that it is taken; gRPC binds it by itself.
        _bound("--grpc-port", listen.host, listen.grpc_port).close()
    except FolderError:
        http.close()
        raise
    port = http.getsockname()[1]
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    local = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    public = host if local == host else socket.gethostname()
    return Doors(
        grpc_address=f"{host}:{listen.grpc_port}",
        http=http,
        http_address=f"http://{local}:{port}",
        public_http_address=f"http://{public}:{port}",
    )


def _bound(flag: str, host: str, port: int) -> socket.socket:
    try:
        return tcp_socket(host, port)
    except OSError as error:
        raise _in_use(flag, host, port, error) from error


def _in_use(flag: str, host: str, port: int, error: OSError | None = None) -> FolderError:
    why = "another program listens there" if error is None else error.strerror or str(error)
    return FolderError(
        f"Port {port} of {host} cannot be had: {why}. Choose another with {flag}, "
        f"for example {flag} {port + 10}."
    )


def _unix_doors() -> tuple[Doors, Path]:
    # Not in the data folder: its path may be too long for a socket.
    sockets = Path(tempfile.mkdtemp(prefix=_SOCKETS))
    http = sockets / "http.sock"
    address = f"unix:{http}"
    doors = Doors(f"unix:{sockets / 'grpc.sock'}", unix_socket(http), address, address)
    return doors, sockets


def _remove_left_sockets(folder: DataFolder) -> None:
    """The sockets of a server that was killed. Needs the folder's lock."""
    said = folder.announcement() or {}
    folder.withdraw()
    address = str(said.get("grpc_address", ""))
    sockets = Path(address.removeprefix("unix:")).parent
    ours = sockets.name.startswith(_SOCKETS) and sockets.parent == Path(tempfile.gettempdir())
    if address.startswith("unix:") and ours:
        shutil.rmtree(sockets, ignore_errors=True)
