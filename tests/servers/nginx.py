"""A real nginx: Debian's, from the system or unpacked from its package without root."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / "build" / "servers" / "nginx"
_PATIENCE_SECONDS = 30.0

_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    {temporary}
    client_max_body_size {body};
    {servers}
}}
"""
_HTTP = """
    server {{
        listen 127.0.0.1:{port};
        location / {{
            {auth}
            proxy_pass http://{upstream};
        }}
    }}
"""
_GRPC = """
    server {{
        listen 127.0.0.1:{port} http2;
        location / {{ grpc_pass grpc://{upstream}; }}
    }}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class NoNginxError(Exception):
    """There is none here, and none can be fetched; the message says why."""


def find_nginx() -> Path:
    """The program; fetched from Debian's package when there is none. Raises NoNginxError."""
    installed = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if installed:
        return Path(installed)
    program = UNPACKED / "usr" / "sbin" / "nginx"
    if not program.exists():
        _fetch()
    return program


def _fetch() -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise NoNginxError("nginx is not installed, and this is no Debian to fetch it from")
    packages = UNPACKED / "package"
    packages.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(
            ["apt-get", "download", "nginx"], cwd=packages, check=True, capture_output=True
        )
        (package,) = packages.glob("nginx_*.deb")
        subprocess.run(["dpkg", "-x", package, UNPACKED], check=True, capture_output=True)
    except (subprocess.CalledProcessError, ValueError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        raise NoNginxError(f"Debian's nginx cannot be fetched: {said.decode()[-300:]}") from error


@dataclass
class Nginx:
    """In front of one server.

    folder: its own. upstream: "host:port" of HTTP. users: name → password, for
    auth_basic. bearer: the one token that it lets through; both empty: no login.
    grpc: port here and "host:port" there of gRPC that it passes on as well.
    """

    folder: Path
    port: int
    upstream: str
    users: dict[str, str] = field(default_factory=dict, repr=False)
    bearer: str = field(default="", repr=False)
    grpc: tuple[int, str] | None = None
    body: str = "8m"
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Nginx:
        program = find_nginx()
        self.folder.mkdir(exist_ok=True)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(self._configuration())
        with open(self.folder / "output.log", "ab") as log:
            self.process = subprocess.Popen(
                [program, "-c", configuration, "-p", self.folder, "-e", self.folder / "error.log"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait()
        return self

    def stop(self) -> None:
        """SIGQUIT: answers what is under way, then ends."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """kill -9, and start again."""
        self.kill()
        self.start()

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=_PATIENCE_SECONDS)
            self.process = None

    def _wait(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                said = (self.folder / "output.log").read_text()
                raise RuntimeError(f"nginx ended with {self.process.returncode}: {said[-1000:]}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("nginx does not listen")

    def _configuration(self) -> str:
        servers = _HTTP.format(port=self.port, auth=self._auth(), upstream=self.upstream)
        if self.grpc is not None:
            servers += _GRPC.format(port=self.grpc[0], upstream=self.grpc[1])
        temporary = " ".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in _TEMPORARY)
        return _CONFIGURATION.format(
            folder=self.folder, temporary=temporary, servers=servers, body=self.body
        )

    def _auth(self) -> str:
        if self.users:
            passwords = self.folder / "htpasswd"
            passwords.write_text(
                "".join(f"{user}:{{PLAIN}}{word}\n" for user, word in self.users.items())
            )
            return f"auth_basic runstream; auth_basic_user_file {passwords};"
        if self.bearer:
            return f'if ($http_authorization != "Bearer {self.bearer}") {{ return 401; }}'
        return ""
