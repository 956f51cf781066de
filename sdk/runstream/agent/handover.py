"""Asking the main thread from another one, and waiting for the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from runstream.agent.mailbox import Mailbox

T = TypeVar("T")
# The main thread answers within a poll; it is gone when it does not for so long.
_TIMEOUT_SECONDS = 60.0


class AgentLeftError(Exception):
    """The main thread does not answer any more."""


class _Question(Generic[T]):
    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
        self._over = threading.Event()
        self._answer: list[T] = []
        self._error: Exception | None = None

    def work(self) -> None:
        try:
            self._answer.append(self._question())
        except Exception as error:
            self._error = error  # raised again where it was asked
        self._over.set()

    def wait(self) -> T:
        if not self._over.wait(_TIMEOUT_SECONDS):
            raise AgentLeftError("the agent does not answer")
        if self._error is not None:
            raise self._error
        return self._answer[0]


def ask(mailbox: Mailbox, question: Callable[[], T]) -> T:
    """The value of `question()`, called on the main thread; what it raises is raised here."""
    asked = _Question(question)
    mailbox.post(asked.work)
    return asked.wait()
