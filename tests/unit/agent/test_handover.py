from __future__ import annotations

import contextlib
import os
import threading

import pytest

from runstream.agent.handover import ask
from runstream.agent.mailbox import Mailbox
from tests.unit.agent.helpers import eventually


def on_thread(mailbox: Mailbox, question: object) -> list[object]:
    answers: list[object] = []

    def run() -> None:
        try:
            answers.append(ask(mailbox, question))  # type: ignore[arg-type]
        except ValueError as error:
            answers.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: answers, mailbox)
    thread.join()
    return answers


def test_the_main_thread_answers(mailbox: Mailbox) -> None:
    assert on_thread(mailbox, threading.get_ident) == [threading.get_ident()]


def test_what_it_raises_is_raised_where_it_was_asked(mailbox: Mailbox) -> None:
    def bad() -> None:
        raise ValueError("no")

    (error,) = on_thread(mailbox, bad)
    assert isinstance(error, ValueError)


def test_a_full_pipe_does_not_block(mailbox: Mailbox) -> None:
    done: list[int] = []
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(mailbox._write_fd, bytes(65536))
    for number in range(100):
        mailbox.post(lambda number=number: done.append(number))  # type: ignore[misc]
    assert mailbox.run()
    assert done == list(range(100))
    assert not mailbox.run()


def test_work_posted_by_work_waits_for_the_next_round(mailbox: Mailbox) -> None:
    done: list[int] = []
    mailbox.post(lambda: mailbox.post(lambda: done.append(1)))
    mailbox.run()
    assert done == []
    mailbox.run()
    assert done == [1]


def test_errors_in_work_are_the_callers(mailbox: Mailbox) -> None:
    def bad() -> None:
        raise RuntimeError("seen")

    mailbox.post(bad)
    with pytest.raises(RuntimeError, match="seen"):
        mailbox.run()
