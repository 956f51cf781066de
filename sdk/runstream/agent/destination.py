"""One tracking URI: its connection, its waits, the position of what it accepted."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from runstream.agent.address import Address, AddressError
from runstream.agent.limits import DESTINATION_MAX_BYTES
from runstream.agent.mailbox import Mailbox
from runstream.agent.outcome import Accepted, Failed, Outcome
from runstream.agent.position import MergedPosition
from runstream.agent.retry import RetryPolicy
from runstream.agent.sender import Answer, Sender
from runstream.agent.workshop import OnOutcome

_log = logging.getLogger(__name__)


@dataclass
class Health:
    """What `agent status` shows of a destination."""

    last_error: str = ""
    last_error_ms: int = 0
    last_accepted_ms: int = 0


class Destination:
    """Route of all lanes of one tracking URI, and the way of calls that other threads make.

    `ready`, `room`, `append`, `hold` and `position` are for the main thread;
    `call` and `address` block and may be used from any other.
    """

    def __init__(
        self, tracking_uri: str, resolve: Callable[[str], Address], mailbox: Mailbox
    ) -> None:
        self.tracking_uri = tracking_uri
        self.health = Health()
        self.position = MergedPosition()
        self._resolve = resolve
        self._mailbox = mailbox
        self._retry = RetryPolicy()
        self._changed = threading.Condition()
        self._sender: Sender | None = None
        self._address: Address | None = None
        self._resolving = False
        self._failures = 0
        self._ready_at = 0.0
        self._held_bytes = 0
        self._closed = False

    @property
    def connected(self) -> bool:
        """Whether a server was found and has not failed since."""
        return self._sender is not None and self._failures == 0

    def ready(self, now: float) -> bool:
        """Whether a batch may be sent now."""
        with self._changed:
            if self._sender is not None:
                return now >= self._ready_at
            if now >= self._ready_at:
                self._begin_resolving()
            return False

    def room(self) -> bool:
        """Whether another cut may be built."""
        return self._held_bytes < DESTINATION_MAX_BYTES

    def hold(self, size_bytes: int) -> None:
        """A lane keeps this much more (or, negative, less) for this destination."""
        self._held_bytes += size_bytes

    def append(self, payload: bytes, on_outcome: OnOutcome) -> None:
        """Send a batch; the answer comes to `on_outcome` on the main thread."""
        sender = self._sender

        def answered(outcome: Outcome) -> None:
            self._mailbox.post(lambda: self._answered(sender, outcome, on_outcome))

        if sender is None:
            answered(Failed(14, "not connected", away=True))
            return
        try:
            sender.append(payload, answered)
        except ValueError as error:  # the channel was closed by another thread
            answered(Failed(14, str(error), away=True))

    def call(self, method: str, request: bytes, deadline: float, position: bytes = b"") -> Answer:
        """A unary call over the connection; waits for one until `deadline` (monotonic)."""
        while True:
            sender = self._wait_for_sender(deadline)
            if sender is None:
                return Answer(14, self._why_not())
            answer = sender.call(method, request, deadline - time.monotonic(), position)
            if not answer.away:
                self._failures = 0
                return answer
            if time.monotonic() >= deadline:
                return answer
            self._lost(sender, answer.message)

    def address(self, deadline: float) -> Address | None:
        """Where the server is; None when it is not found until `deadline`."""
        return self._address if self._wait_for_sender(deadline) else None

    def close(self) -> None:
        """Give up the connection."""
        with self._changed:
            self._closed = True
            if self._sender is not None:
                self._sender.close()
                self._sender = None
            self._changed.notify_all()

    def _answered(self, sender: Sender | None, outcome: Outcome, on_outcome: OnOutcome) -> None:
        now = time.monotonic()
        if isinstance(outcome, Accepted):
            self._failures = 0
            self.health.last_accepted_ms = time.time_ns() // 1_000_000
            self.position.merge(outcome.position)
        elif isinstance(outcome, Failed):
            self._note(outcome.message)
            if outcome.away:
                self._lost(sender, outcome.message)
        on_outcome(outcome, now)

    def _lost(self, sender: Sender | None, message: str) -> None:
        """The connection failed: find the server anew, after a wait that grows."""
        with self._changed:
            if sender is not self._sender or self._closed:
                return  # others have said so before
            self._sender = None
            self._wait_longer()
        if sender is not None:
            sender.close()
        self._note(message)

    def _wait_longer(self) -> None:
        self._failures += 1
        wait = self._retry.wait_seconds(self._failures, 0.0, random.random())
        self._ready_at = time.monotonic() + wait

    def _begin_resolving(self) -> None:
        if self._resolving or self._closed:
            return
        self._resolving = True
        threading.Thread(target=self._find, name="resolve", daemon=True).start()

    def _find(self) -> None:
        sender = address = None
        try:
            address = self._resolve(self.tracking_uri)
            sender = Sender(address)
        except AddressError as error:
            self._note(str(error))
        except Exception as error:  # a bad URI must not end the thread unseen
            _log.exception("cannot connect to %s", self.tracking_uri)
            self._note(str(error))
        with self._changed:
            self._resolving = False
            self._sender, self._address = sender, address
            if sender is None:
                self._wait_longer()
            self._changed.notify_all()
        self._mailbox.wake()

    def _wait_for_sender(self, deadline: float) -> Sender | None:
        with self._changed:
            while self._sender is None and not self._closed:
                now = time.monotonic()
                if now >= deadline:
                    return None
                if now >= self._ready_at:
                    self._begin_resolving()
                    self._changed.wait(deadline - now)
                else:
                    self._changed.wait(min(deadline, self._ready_at) - now)
            return self._sender

    def _why_not(self) -> str:
        return self.health.last_error or f"{self.tracking_uri} was not found in time"

    def _note(self, message: str) -> None:
        if message != self.health.last_error:
            _log.warning("%s: %s", self.tracking_uri, message)
        self.health.last_error = message
        self.health.last_error_ms = time.time_ns() // 1_000_000
