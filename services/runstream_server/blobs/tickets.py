"""Signed tokens: what a ticket allows, readable by nobody but us to change.

A token is base64url(JSON) "." base64url(HMAC-SHA-256). The key lives as long
as the process: after a restart clients ask for new tickets.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from typing import Any

VALID_MS = 60 * 60 * 1000


class TicketError(Exception):
    """The token is not ours, was changed, or has expired."""


class Signer:
    """Makes and reads tokens. Thread-safe."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or os.urandom(32)

    def token(self, claims: dict[str, Any], expires_ms: int) -> str:
        """A token that allows what the claims say until then."""
        text = json.dumps({**claims, "expires_ms": expires_ms}, separators=(",", ":"))
        body = _encoded(text.encode())
        return f"{body}.{self._mark(body)}"

    def claims(self, token: str, now_ms: int) -> dict[str, Any]:
        """What a token allows. Raises TicketError."""
        body, _, mark = token.partition(".")
        if not hmac.compare_digest(mark.encode(), self._mark(body).encode()):
            raise TicketError("this server has not made the ticket, or it was changed")
        try:
            claims: dict[str, Any] = json.loads(_decoded(body))
        except (ValueError, binascii.Error) as error:
            raise TicketError("the ticket cannot be read") from error
        if now_ms > claims["expires_ms"]:
            raise TicketError("the ticket has expired; ask for a new one")
        return claims

    def _mark(self, body: str) -> str:
        return _encoded(hmac.new(self._key, body.encode(), hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
