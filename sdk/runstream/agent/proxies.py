"""Which proxy leads to a host: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY. Pure.

The names in lower case beat those in upper case, as in curl. This machine is
never reached through a proxy.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy. authorization: for Proxy-Authorization; empty: it asks for none."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)
    # As gRPC takes it: with user and password.
    url: str = field(default="", repr=False)


class ProxyError(Exception):
    """A proxy variable cannot be understood; the message names it, not its value."""


def proxy_for(scheme: str, host: str, port: int | None, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for http or https to that host; None: go straight. Raises ProxyError."""
    if _is_loopback(host) or _excepted(host, port, _value("no_proxy", environ)):
        return None
    for name in (f"{scheme}_proxy", "all_proxy"):
        value = _value(name, environ)
        if value:
            return _parsed(name, value)
    return None


def _value(name: str, environ: Mapping[str, str]) -> str:
    return environ.get(name) or environ.get(name.upper(), "")


def _parsed(name: str, value: str) -> Proxy:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        port = parts.port or 80
    except ValueError as error:
        raise ProxyError(f"{name.upper()} is no address of a proxy") from error
    if parts.scheme != "http" or not parts.hostname:
        raise ProxyError(f"{name.upper()} must be http://host:port; other proxies are not known")
    authorization = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return Proxy(parts.hostname, port, authorization, f"http://{parts.netloc}")


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _excepted(host: str, port: int | None, no_proxy: str) -> bool:
    return any(
        _matches(entry.strip().lower(), host.lower(), port)
        for entry in no_proxy.replace(" ", ",").split(",")
        if entry.strip()
    )


def _matches(entry: str, host: str, port: int | None) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if address is not None and "/" in entry:
        try:
            return address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, colon, its_port = entry.rpartition(":")
    if colon and its_port.isdecimal() and ":" not in name:
        if its_port != str(port):
            return False
        entry = name
    suffix = entry.lstrip("*").lstrip(".")
    return host in (entry.strip("[]"), suffix) or host.endswith(f".{suffix}")
