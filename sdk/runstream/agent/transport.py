"""gRPC where it is reachable, else HTTP; and back to gRPC when that becomes reachable."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from runstream.agent.address import Address, AddressError
from runstream.agent.answer import DEADLINE_EXCEEDED, Answer
from runstream.agent.http_sender import HttpSender
from runstream.agent.http_way import HttpBase
from runstream.agent.limits import (
    GRPC_AGAIN_MAX_SECONDS,
    GRPC_AGAIN_SECONDS,
    GRPC_PROBE_SECONDS,
)
from runstream.agent.outcome import Outcome
from runstream.agent.sender import Sender

_HEALTH = "/grpc.health.v1.Health/Check"
_INFO = "/runstream.v1.Query/GetServerInfo"


class Transport(Protocol):
    """A connection to one server. Thread-safe.

    `append` gives its outcome once, on some thread; `call` waits and raises
    nothing for a failed call; `close` may be called twice.
    """

    name: str

    def append(self, payload: bytes, on_outcome: Callable[[Outcome], None]) -> None: ...

    def call(
        self, method: str, request: bytes, timeout_seconds: float, position: bytes = b""
    ) -> Answer: ...

    def close(self) -> None: ...


class Transports:
    """Opens the connections of one tracking URI.

    gRPC counts as reachable when its health service answers: a proxy that
    takes connections and knows no HTTP/2 does not. Where it did not answer it
    is asked again after `again_seconds`, then after twice as long, up to ten
    minutes, beside the HTTP that works meanwhile.
    """

    def __init__(self, again_seconds: float | None = None) -> None:
        self._first = again_from_environment() if again_seconds is None else again_seconds
        self._wait = self._first
        self._again_at = 0.0

    def open(self, address: Address) -> Transport:
        """The best connection now; blocks for a probe. Raises TlsError and AddressError."""
        if not address.may_fall_back:
            return Sender(address)
        http = HttpSender(HttpBase(address.http_base, address.access))
        if address.access.transport == "http" or self._too_early():
            return http
        sender = self._probed(address)
        if sender is not None:
            http.close()
            return sender
        answer = http.call(_INFO, b"", GRPC_PROBE_SECONDS)
        if answer.away or answer.code == DEADLINE_EXCEEDED:
            # Nobody answers at all: that says nothing about gRPC.
            http.close()
            self._wait, self._again_at = self._first, 0.0
            raise AddressError(answer.message)
        return http

    def may_improve(self, transport: Transport, address: Address) -> bool:
        """Whether gRPC should be tried again."""
        return (
            transport.name == "http"
            and address.access.transport != "http"
            and not self._too_early()
        )

    def improve(self, address: Address) -> Transport | None:
        """A gRPC connection that works, or None. Blocks."""
        return self._probed(address)

    def put_off(self) -> None:
        """gRPC is not to be had now: the next try is later, and later each time."""
        self._again_at = time.monotonic() + self._wait
        self._wait = min(2 * self._wait, GRPC_AGAIN_MAX_SECONDS)

    def _too_early(self) -> bool:
        return time.monotonic() < self._again_at

    def _probed(self, address: Address) -> Sender | None:
        sender = Sender(address)
        if sender.call(_HEALTH, b"", GRPC_PROBE_SECONDS).code == 0:
            self._wait, self._again_at = self._first, 0.0
            return sender
        sender.close()
        self.put_off()
        return None


def again_from_environment(environ: Mapping[str, str] = os.environ) -> float:
    """RUNSTREAM_AGENT_GRPC_SECONDS; a bad value is a ValueError that names it."""
    text = environ.get("RUNSTREAM_AGENT_GRPC_SECONDS") or str(GRPC_AGAIN_SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise ValueError(f"RUNSTREAM_AGENT_GRPC_SECONDS is {text!r}; it must be seconds, above 0")
    return seconds
