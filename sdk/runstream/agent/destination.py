"""One tracking URI: its connection, its waits, the position of what it accepted."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from runstream.agent.access import AccessFile
from runstream.agent.address import Address, AddressError, DeniedError
from runstream.agent.answer import UNAUTHENTICATED, UNAVAILABLE, Answer
from runstream.agent.denial import Denial
from runstream.agent.limits import DESTINATION_MAX_BYTES
from runstream.agent.mailbox import Mailbox
from runstream.agent.outcome import Accepted, Failed, Outcome
from runstream.agent.position import MergedPosition
from runstream.agent.retry import RetryPolicy
from runstream.agent.tls import TlsError
from runstream.agent.transport import Transport, Transports
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
        self,
        tracking_uri: str,
        resolve: Callable[[str], Address],
        mailbox: Mailbox,
        access: AccessFile | None = None,
    ) -> None:
        self.tracking_uri = tracking_uri
        self.denial = Denial(access, tracking_uri)
        self.health = Health()
        self.position = MergedPosition()
        self._resolve = resolve
        self._mailbox = mailbox
        self._retry = RetryPolicy()
        self._transports = Transports()
        self._changed = threading.Condition()
        self._sender: Transport | None = None
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

    @property
    def transport(self) -> str:
        """grpc or http; empty without a connection."""
        sender = self._sender
        return sender.name if sender is not None else ""

    def ready(self, now: float) -> bool:
        """Whether a batch may be sent now."""
        with self._changed:
            if self._sender is not None:
                self._improve(self._sender)
                return now >= self._ready_at
            if self.denial.renewed:
                self._ready_at = 0.0
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
            answered(Failed(UNAVAILABLE, "not connected", away=True))
            return
        try:
            sender.append(payload, answered)
        except ValueError as error:  # the channel was closed by another thread
            answered(Failed(UNAVAILABLE, str(error), away=True))

    def call(self, method: str, request: bytes, deadline: float, position: bytes = b"") -> Answer:
        """A unary call over the connection; waits for one until `deadline` (monotonic)."""
        while True:
            sender = self._wait_for_sender(deadline)
            if sender is None:
                why = self.denial.why
                return Answer(UNAUTHENTICATED if why else UNAVAILABLE, why or self._why_not())
            answer = sender.call(method, request, deadline - time.monotonic(), position)
            if answer.denied:
                renewed = self.denial.renewed
                self._denied(sender, answer.message)
                if renewed and time.monotonic() < deadline:
                    continue  # it was asked with what was said before
                return answer
            if not answer.away:
                self._failures = 0
                self.denial.clear()
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

    def _answered(self, sender: Transport | None, outcome: Outcome, on_outcome: OnOutcome) -> None:
        now = time.monotonic()
        if isinstance(outcome, Accepted):
            self._failures = 0
            self.denial.clear()
            self.health.last_accepted_ms = time.time_ns() // 1_000_000
            self.position.merge(outcome.position)
        elif isinstance(outcome, Failed):
            if outcome.denied:
                self._denied(sender, outcome.message)
            elif outcome.away:
                self._lost(sender, outcome.message)
            self._note(outcome.message)
        on_outcome(outcome, now)

    def _denied(self, sender: Transport | None, message: str) -> None:
        """Our credentials are not taken: try again when there are others, or much later."""
        self.denial.note(message)
        self._lost(sender, message)

    def _lost(self, sender: Transport | None, message: str) -> None:
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
        self.denial.looking()
        try:
            address = self._resolve(self.tracking_uri)
            sender = self._transports.open(address)
        except DeniedError as error:
            self.denial.note(str(error))
            self._note(str(error))
        except (AddressError, TlsError) as error:
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

    def _improve(self, sender: Transport) -> None:
        """Look for a way by gRPC beside the one by HTTP that works."""
        address = self._address
        if address is None or self._resolving or self._closed:
            return
        if not self._transports.may_improve(sender, address):
            return
        self._resolving = True
        threading.Thread(target=self._replace, args=(sender,), name="improve", daemon=True).start()

    def _replace(self, old: Transport) -> None:
        better = address = None
        try:
            # Those who take writes may be others than those that were not reached.
            address = self._resolve(self.tracking_uri)
            better = self._transports.improve(address)
        except (AddressError, TlsError) as error:
            _log.warning("%s by gRPC: %s", self.tracking_uri, error)
            self._transports.put_off()
        with self._changed:
            self._resolving = False
            if better is not None and (self._sender is not old or self._closed):
                better.close()
                better = None
            if better is not None:
                self._sender, self._address = better, address
        if better is not None:
            _log.info("%s is reachable by gRPC (again)", self.tracking_uri)
            old.close()  # what is under way goes on to its end

    def _wait_for_sender(self, deadline: float) -> Transport | None:
        with self._changed:
            while self._sender is None and not self._closed:
                now = time.monotonic()
                if now >= deadline or (self.denial.why and not self._resolving):
                    return None
                if self.denial.renewed:
                    self._ready_at = 0.0
                if now >= self._ready_at:
                    self._begin_resolving()
                    self._changed.wait(deadline - now)
                else:
                    self._changed.wait(min(deadline, self._ready_at) - now)
            return self._sender

    def _why_not(self) -> str:
        return self.health.last_error or f"{self.tracking_uri} was not found in time"

    def _note(self, message: str) -> None:
        if message not in (self.health.last_error, self.denial.message):
            _log.warning("%s: %s", self.tracking_uri, message)
        self.health.last_error = message
        self.health.last_error_ms = time.time_ns() // 1_000_000
