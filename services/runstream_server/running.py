"""Starting and ending an embedded server as a process: doors, signals, lines."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from runstream_server.doors.options import Policy
from runstream_server.doors.settings import is_loopback
from runstream_server.embedded import Doors, EmbeddedServer, Entrance
from runstream_server.folder import DataFolder, FolderError
from runstream_server.folder_lock import FolderLock
from runstream_server.gateway.server import tcp_socket, unix_socket
from runstream_server.listen import Listen
from runstream_server.rpc.server import AddressInUseError
from runstream_server.stopping import Stop

_LOOK_SECONDS = 1.0
_SOCKETS = "runstream-"


def serve(path: Path, listen: Listen, policy: Policy, say: Callable[[str], None]) -> None:
    """Serves a folder on TCP ports until SIGTERM or SIGINT.

    Raises DoorError, FolderError and the errors of EmbeddedServer.
    """
    policy.doors.check_binding(listen.host)
    entrance = Entrance(policy.doors.authenticator(), policy.doors.tls(), policy.limits)
    folder = DataFolder(path)
    lock = FolderLock(folder, "person")
    stop = Stop()
    with contextlib.ExitStack() as closing:
        closing.callback(lock.close)
        closing.enter_context(stop.on_signals())
        lock.refuse_if_served()
        doors = _tcp_doors(listen, entrance)
        closing.callback(doors.http.close)
        lock.take()
        server = _started(folder, doors, stop, listen)
        _warn(listen, entrance, say)
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


def _warn(listen: Listen, entrance: Entrance, say: Callable[[str], None]) -> None:
    if is_loopback(listen.host):
        return
    if entrance.authenticator is None:
        say(f"Everybody who reaches {listen.host} can read and write all runs (--insecure).")
    elif entrance.tls is None:
        say("Tokens travel in the clear: give --tls-cert and --tls-key, or let a proxy do TLS.")


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


def _tcp_doors(listen: Listen, entrance: Entrance) -> Doors:
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
    scheme = "https" if entrance.tls else "http"
    public = host if local == host else socket.gethostname()
    return Doors(
        grpc_address=f"{host}:{listen.grpc_port}",
        http=http,
        http_address=f"{scheme}://{local}:{port}",
        public_http_address=f"{scheme}://{public}:{port}",
        entrance=entrance,
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
