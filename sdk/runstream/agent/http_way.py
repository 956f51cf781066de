"""The way to an HTTP address: straight, through a proxy, or over a Unix socket."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from runstream.agent import tls
from runstream.agent.access import Access
from runstream.agent.proxies import proxy_for


class Way(NamedTuple):
    """A connection that is not open yet, and what every request on it needs.

    target: goes before the path: the whole address, where a proxy wants it.
    """

    connection: HTTPConnection
    target: str
    headers: dict[str, str]


class HttpBase(NamedTuple):
    """Where relative URLs of a server lead: "http://host:port/prefix" or "unix:/path"."""

    url: str
    access: Access = Access()


class UnixConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def way_to(base: HttpBase, timeout_seconds: float) -> Way:
    """The way to a server of ours, with our credentials. Raises ProxyError and TlsError."""
    if base.url.startswith("unix:"):
        return Way(UnixConnection(base.url.removeprefix("unix:"), timeout_seconds), "", {})
    way = way_out(base.url, base.access, timeout_seconds)
    if base.access.authorization:
        way.headers["Authorization"] = base.access.authorization
    prefix = urlsplit(base.url).path.rstrip("/")
    return way._replace(target=way.target + prefix)


def way_out(
    url: str,
    access: Access,
    timeout_seconds: float,
    *,
    foreign: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Way:
    """The way to the host of a URL, without credentials. Raises ProxyError and TlsError.

    foreign: not the server itself; it may have a certificate of another CA.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    proxy = proxy_for(parts.scheme, host, parts.port, environ)
    context = tls.context(access, more_roots=foreign) if secure else None
    if proxy is None:
        return Way(_connection(host, parts.port, timeout_seconds, context), "", {})
    connection = _connection(proxy.host, proxy.port, timeout_seconds, context)
    headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
    if context is None:
        return Way(connection, f"http://{parts.netloc.rpartition('@')[2]}", headers)
    connection.set_tunnel(host, parts.port or 443, headers)
    return Way(connection, "", {})


def _connection(
    host: str, port: int | None, timeout_seconds: float, context: ssl.SSLContext | None
) -> HTTPConnection:
    if context is None:
        return HTTPConnection(host, port, timeout=timeout_seconds)
    return HTTPSConnection(host, port, timeout=timeout_seconds, context=context)
