"""The server of a folder: found by its server.json, started when there is none."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runstream.agent.access import Access
from runstream.agent.address import NOBODY, Address, AddressError
from runstream.agent.limits import EMBEDDED_START_SECONDS

# The agent's own import path is the writer's: the server is found where the
# writer's packages are, whatever the environment says.
_BOOTSTRAP = """
import json, runpy, sys
sys.path[:] = json.loads(sys.argv[1])
sys.argv[:] = ["runstream_server", "server", sys.argv[2], "--for-agent"]
runpy.run_module("runstream_server", run_name="__main__", alter_sys=True)
"""
_PAUSE_SECONDS = 0.02
_GRACE_SECONDS = 2.0


def folder_of(tracking_uri: str) -> Path:
    """The folder of a file: URI."""
    return Path(unquote(urlsplit(tracking_uri).path))


def server_address(folder: Path, access: Access = NOBODY) -> Address | None:
    """What the folder's server.json says; None when there is none (yet)."""
    try:
        said = json.loads((folder / "server.json").read_text(encoding="utf-8"))
        grpc_address, http_address = str(said["grpc_address"]), str(said["http_address"])
        secure = said.get("tls") is True
        return Address(grpc_address, secure, http_address, local=True, access=access)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def listens(address: Address) -> bool:
    """Whether somebody accepts connections there."""
    target = address.grpc_target
    try:
        if target.startswith("unix:"):
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(5.0)
                probe.connect(target.removeprefix("unix:"))
            return True
        host, _, port = target.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), timeout=5.0):
            return True
    except (OSError, ValueError):
        return False


@dataclass
class EmbeddedServers:
    """Finds or starts the servers of folders. Blocking; call it on a thread of its own."""

    log_folder: Path
    command: Callable[[Path], list[str]] = field(
        default=lambda folder: [
            sys.executable,
            *("-I", "-S", "-c", _BOOTSTRAP, json.dumps(sys.path), str(folder)),
        ]
    )
    start_seconds: float = EMBEDDED_START_SECONDS
    # Those that were started and have not been seen to end.
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def find(self, tracking_uri: str, access: Access = NOBODY) -> Address:
        """The address of a server that listens. Raises AddressError.

        Several agents may come here at once: each starts a server, the lock of
        the folder lets one of them stay, and all find that one.
        """
        folder = folder_of(tracking_uri)
        address = server_address(folder, access)
        if address is not None and listens(address):
            return address
        self.started = [process for process in self.started if process.poll() is None]
        started = self._start(folder)
        self.started.append(started)
        return self._wait(folder, started, access)

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        name = f"server-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}.log"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            log = os.open(self.log_folder / name, flags, 0o600)
        except OSError:  # a full disk: better without messages than without a server
            log = os.open(os.devnull, os.O_WRONLY)
        try:
            return subprocess.Popen(
                self.command(folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                close_fds=True,
                start_new_session=True,
                cwd="/",
            )
        except OSError as error:
            raise AddressError(f"cannot start a server for {folder}: {error}") from error
        finally:
            os.close(log)

    def _wait(self, folder: Path, started: subprocess.Popen[bytes], access: Access) -> Address:
        deadline = time.monotonic() + self.start_seconds
        ended = False
        while time.monotonic() < deadline:
            address = server_address(folder, access)
            if address is not None and listens(address):
                return address
            if started.poll() is not None and not ended:
                # Another one holds the folder: it may be about to say where it listens.
                ended = True
                deadline = min(deadline, time.monotonic() + _GRACE_SECONDS)
            time.sleep(_PAUSE_SECONDS)
        status = started.poll()
        what = "did not answer in time" if status is None else f"ended with status {status}"
        raise AddressError(f"the server of {folder} {what}; its messages are in {self.log_folder}")
