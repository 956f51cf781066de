"""How far a large transfer is: told to whoever listens, else a quiet line on stderr.

A file below LARGE_BYTES is not worth a line. A terminal gets one line that is
written over and taken away at the end; anything else a line now and then.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from runstream._config import config

if TYPE_CHECKING:
    from runstream._agent_calls import OnProgress
    from runstream.v1 import spool_pb2

LARGE_BYTES = 8 * 1024 * 1024
# A log file wants to know that it goes on, not more.
_LINE_SECONDS = 30.0
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


class Transfer(NamedTuple):
    """A file, or the files of one call. what: the path in the run; may be empty."""

    verb: str
    what: str
    done_bytes: int
    total_bytes: int


Listener = Callable[[Transfer], None]
_listener: ContextVar[Listener | None] = ContextVar("_listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell `listener` instead of writing lines, for calls inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def told(verb: str) -> Iterator[OnProgress]:
    """What to hand to a request that may take long. verb: "uploading", "downloading"."""
    line = _Line()
    listener = _listener.get() or (line.show if config().progress else _nothing)

    def hear(progress: spool_pb2.AgentProgress) -> None:
        if progress.total >= LARGE_BYTES:
            done = min(progress.done, progress.total)
            listener(Transfer(verb, progress.what, done, progress.total))

    try:
        yield hear
    finally:
        line.close()


def sentence(transfer: Transfer, seconds: float) -> str:
    """For example "uploading model.bin: 45 % of 1.2 GB, 180.0 MB/s"."""
    what = f" {transfer.what}" if transfer.what else ""
    share = 100 * transfer.done_bytes // max(transfer.total_bytes, 1)
    rate = f", {size(transfer.done_bytes / seconds)}/s" if seconds > 0 else ""
    return f"{transfer.verb}{what}: {share} % of {size(transfer.total_bytes)}{rate}"


def size(count: float) -> str:
    """Bytes for people, in powers of 1000."""
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count /= 1000
        unit += 1
    return f"{count:.0f} bytes" if unit == 0 else f"{count:.1f} {_UNITS[unit]}"


class _Line:
    """On stderr."""

    def __init__(self) -> None:
        self._began = self._said = time.monotonic()
        self._shown = False

    def show(self, transfer: Transfer) -> None:
        now = time.monotonic()
        text = f"runstream: {sentence(transfer, now - self._began)}"
        if _is_terminal():
            self._write(f"\r\x1b[K{text}")
            self._shown = True
        elif now - self._said >= _LINE_SECONDS:
            self._said = now
            self._write(f"{text}\n")

    def close(self) -> None:
        if self._shown:
            self._write("\r\x1b[K")

    @staticmethod
    def _write(text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):  # closed: a line less
            return


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _nothing(transfer: Transfer) -> None:
    return
