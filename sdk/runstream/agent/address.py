"""From a tracking URI to where its server listens now."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import SplitResult, urlsplit

from runstream.agent.access import Access
from runstream.agent.http_way import HttpBase, way_to
from runstream.agent.limits import CONTROL_TIMEOUT_SECONDS
from runstream.agent.proxies import Proxy, ProxyError, proxy_for
from runstream.agent.tls import TlsError

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WELL_KNOWN = "/.well-known/runstream"
_ANSWER_MAX_BYTES = 64 * 1024
NOBODY = Access()


class AddressError(Exception):
    """The server of a tracking URI cannot be found now; the message says why."""


class DeniedError(AddressError):
    """It was found, and somebody in front of it does not let us in."""


@dataclass(frozen=True)
class Address:
    """Where one server listens, and how to come in."""

    # "host:port" or "unix:/path", as gRPC takes it.
    grpc_target: str
    secure: bool = False
    # Base of relative ticket URLs; empty: ask the server (GetServerInfo).
    http_base: str = ""
    # It is on this machine.
    local: bool = False
    access: Access = NOBODY
    # Of gRPC; None: none stands between.
    proxy: Proxy | None = None
    # Calls may go to http_base where gRPC is not reachable.
    may_fall_back: bool = False
    # Who answers reads, where they are others than `grpc_target`; any of them will do.
    query_targets: tuple[str, ...] = ()


def direct(
    tracking_uri: str, access: Access = NOBODY, environ: Mapping[str, str] = os.environ
) -> Address:
    """The address of grpc://host:port or grpcs://host:port. Raises AddressError."""
    parts = urlsplit(tracking_uri)
    secure = parts.scheme == "grpcs"
    if secure and access.tls_insecure == "true":
        raise AddressError(
            f"{tracking_uri}: gRPC always checks certificates; with RUNSTREAM_TLS_INSECURE use "
            "the server's https:// address, or set RUNSTREAM_TLS_CA"
        )
    return Address(
        _target(parts, parts.port),
        secure,
        local=_is_local(parts),
        access=access,
        proxy=_proxy(parts, parts.port, secure, environ),
    )


def well_known(tracking_uri: str, access: Access = NOBODY) -> Address:
    """Ask the HTTP address where its gRPC is. Raises AddressError."""
    parts = urlsplit(tracking_uri)
    try:
        way = way_to(HttpBase(tracking_uri, access), CONTROL_TIMEOUT_SECONDS)
    except (ProxyError, TlsError) as error:
        raise AddressError(f"{parts.netloc} cannot be reached: {error}") from error
    try:
        headers = {"Accept": "application/json", **way.headers}
        way.connection.request("GET", way.target + _WELL_KNOWN, headers=headers)
        response = way.connection.getresponse()
        body = response.read(_ANSWER_MAX_BYTES)
        return said(tracking_uri, response.status, body, access)
    except (OSError, HTTPException) as error:
        hint = (
            "; RUNSTREAM_TLS_CA names a CA to trust" if "CERTIFICATE_VERIFY" in str(error) else ""
        )
        raise AddressError(f"{parts.netloc} does not answer: {error}{hint}") from error
    finally:
        way.connection.close()


def said(
    tracking_uri: str,
    status: int,
    body: bytes,
    access: Access = NOBODY,
    environ: Mapping[str, str] = os.environ,
) -> Address:
    """The address in an answer to /.well-known/runstream. Raises AddressError."""
    parts = urlsplit(tracking_uri)
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    try:
        answer = json.loads(body) if status == 200 else None
    except ValueError:
        answer = None
    if status in (401, 403) or 300 <= status < 400:
        raise DeniedError(
            f"{base} does not let us in (HTTP {status}): set RUNSTREAM_TOKEN, or "
            "RUNSTREAM_USERNAME and RUNSTREAM_PASSWORD, to what it takes"
        )
    if not isinstance(answer, dict) or answer.get("product") != "runstream":
        raise AddressError(f"{base} is not a Runstream server: GET {_WELL_KNOWN} answered {status}")
    secure, port = parts.scheme == "https", answer.get("grpc_port")
    target = str(answer.get("grpc_address") or _target(parts, port))
    writers, readers = _listed(answer, "ingest_addresses"), _listed(answer, "query_addresses")
    return Address(
        # Any one of them: agents spread, and who loses the connection asks again.
        random.choice(writers) if writers else target,
        secure,
        base,
        _is_local(parts),
        # gRPC always checks certificates: HTTP is what can do without.
        access=_over_http(access) if secure and access.tls_insecure == "true" else access,
        proxy=_proxy(parts, port if isinstance(port, int) else None, secure, environ),
        may_fall_back=access.transport != "grpc" and not target.startswith("unix:"),
        query_targets=readers or ((target,) if writers else ()),
    )


def _listed(answer: Mapping[str, object], name: str) -> tuple[str, ...]:
    addresses = answer.get(name)
    return tuple(map(str, addresses)) if isinstance(addresses, list) else ()


def _over_http(access: Access) -> Access:
    return Access(**{**access.said, "transport": "http"})


def _proxy(
    parts: SplitResult, port: int | None, secure: bool, environ: Mapping[str, str]
) -> Proxy | None:
    try:
        return proxy_for("https" if secure else "http", parts.hostname or "", port, environ)
    except ProxyError as error:
        raise AddressError(f"{parts.netloc} cannot be reached: {error}") from error


def _target(parts: SplitResult, port: object) -> str:
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{port}"


def _is_local(parts: SplitResult) -> bool:
    return (parts.hostname or "") in _LOOPBACK
