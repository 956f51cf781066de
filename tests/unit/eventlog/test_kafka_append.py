"""Appending through a producer that answers as it is told to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kafka.errors import MessageSizeTooLargeError, RequestTimedOutError
from kafka.future import Future

from runstream_server.eventlog.kafka.append import Appender, Room
from runstream_server.eventlog.port import LogFullError, LogUnavailableError, NewRecord

RECORD = NewRecord(0, b"x" * 10)


class Producer:
    """error: what every record is answered with; None: an offset. silent: with nothing."""

    def __init__(self, error: Exception | None = None, silent: bool = False) -> None:
        self.sent: list[bytes] = []
        self.futures: list[Any] = []
        self._error = error
        self._silent = silent

    def send(self, _topic: str, value: bytes, partition: int) -> Any:
        future = _Answer()
        self.futures.append(future)
        self.sent.append(value)
        if self._error is not None:
            future.failure(self._error)
        elif not self._silent:
            future.success(SimpleNamespace(offset=len(self.sent) - 1))
        return future

    def close(self, timeout: float) -> None:
        """Nothing is held."""


class _Answer(Future):  # type: ignore[misc]
    __slots__ = ()

    def get(self, timeout: float) -> Any:
        if not self.is_done:
            raise RequestTimedOutError
        if self.exception:
            raise self.exception
        return self.value


def appender(*producers: Producer, room: Room, seconds: float = 5.0) -> Appender:
    left = list(producers)
    return Appender(lambda: left.pop(0), room, seconds)


def test_after_an_error_a_new_producer_sends_the_same() -> None:
    room = Room(100)
    broken, good = Producer(RequestTimedOutError()), Producer()
    log = appender(broken, good, room=room)
    assert log.append("t", [RECORD, RECORD]) == [0, 1]
    assert broken.sent == good.sent
    assert room.taken_bytes() == 0
    log.close()
    with pytest.raises(LogUnavailableError, match="closed"):
        log.append("t", [RECORD])


def test_what_cannot_get_better_is_not_tried_again() -> None:
    broken, unused = Producer(MessageSizeTooLargeError()), Producer()
    log = appender(broken, unused, room=Room(100))
    with pytest.raises(LogUnavailableError, match=r"max\.message\.bytes"):
        log.append("t", [RECORD])
    assert len(broken.sent) == 1


def test_bytes_count_until_their_answer_comes() -> None:
    room = Room(15)
    silent = Producer(silent=True)
    log = appender(silent, Producer(), room=room, seconds=0.0)
    with pytest.raises(LogUnavailableError):
        log.append("t", [RECORD])
    assert room.taken_bytes() == 10
    with pytest.raises(LogFullError):
        log.append("t", [RECORD])
    silent.futures[0].success(SimpleNamespace(offset=0))
    assert room.taken_bytes() == 0
    assert log.append("t", [RECORD]) == [0]


def test_an_empty_room_takes_any_size() -> None:
    Room(1).take(1000)
