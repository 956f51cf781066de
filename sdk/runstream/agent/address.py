"""From a tracking URI to where its server listens now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from runstream.agent.limits import CONTROL_TIMEOUT_SECONDS

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WELL_KNOWN = "/.well-known/runstream"
_ANSWER_MAX_BYTES = 64 * 1024


class AddressError(Exception):
    """The server of a tracking URI cannot be found now; the message says why."""


@dataclass(frozen=True)
class Address:
    """Where one server listens."""

    # "host:port" or "unix:/path", as gRPC takes it.
    grpc_target: str
    secure: bool = False
    # Base of relative ticket URLs; empty: ask the server (GetServerInfo).
    http_base: str = ""
    # No proxy stands between.
    local: bool = False


def direct(tracking_uri: str) -> Address:
    """The address of grpc://host:port or grpcs://host:port."""
    parts = urlsplit(tracking_uri)
    return Address(_target(parts, parts.port), parts.scheme == "grpcs", local=_is_local(parts))


def well_known(tracking_uri: str) -> Address:
    """Ask the HTTP address where its gRPC is. Raises AddressError."""
    parts = urlsplit(tracking_uri)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=CONTROL_TIMEOUT_SECONDS)
    path = parts.path.rstrip("/") + _WELL_KNOWN
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        response = connection.getresponse()
        return said(tracking_uri, response.status, response.read(_ANSWER_MAX_BYTES))
    except (OSError, HTTPException) as error:
        raise AddressError(f"{parts.netloc} does not answer: {error}") from error
    finally:
        connection.close()


def said(tracking_uri: str, status: int, body: bytes) -> Address:
    """The address in an answer to /.well-known/runstream. Raises AddressError."""
    parts = urlsplit(tracking_uri)
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    try:
        answer = json.loads(body) if status == 200 else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or answer.get("product") != "runstream":
        raise AddressError(f"{base} is not a Runstream server: GET {_WELL_KNOWN} answered {status}")
    target = answer.get("grpc_address") or _target(parts, answer.get("grpc_port"))
    return Address(str(target), parts.scheme == "https", base, _is_local(parts))


def _target(parts: SplitResult, port: object) -> str:
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{port}"


def _is_local(parts: SplitResult) -> bool:
    return (parts.hostname or "") in _LOOPBACK
