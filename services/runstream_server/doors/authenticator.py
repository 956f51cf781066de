"""Whose credentials are these? Read from the tokens file, anew when it changes.

Authorization: Bearer TOKEN            RUNSTREAM_TOKEN, MLFLOW_TRACKING_TOKEN
Authorization: Basic USER:TOKEN        any user name: tools that know Basic alone
Authorization: Basic USER:PASSWORD     a user of the tokens file
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from runstream.error_codes import UNAUTHENTICATED
from runstream_server.doors import tokens
from runstream_server.doors.tokens import Entry, TokensFileError
from runstream_server.errors import ServiceError

# Verdicts on passwords that are remembered: a scrypt per call would be a core per
# ten calls a second. Wrong ones have a list of their own, so that guessing
# cannot drive the right ones out.
_REMEMBERED = 1024
_MISSING = (
    "Credentials are missing: set RUNSTREAM_TOKEN (or MLFLOW_TRACKING_TOKEN, or "
    "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD)."
)
_WRONG = (
    "The server does not know these credentials, or they have expired or were revoked. "
    "Ask whoever runs it for a new token (runstream tokens create) and set RUNSTREAM_TOKEN."
)

_log = logging.getLogger(__name__)


class Caller(NamedTuple):
    """Who calls, and with what."""

    name: str = ""
    authorization: str = ""

    def __repr__(self) -> str:
        return f"Caller({self.name!r})"


class _Book(NamedTuple):
    """One reading of the file."""

    signature: tuple[int, ...] | None
    by_id: dict[str, Entry]
    users: dict[str, Entry]


class Authenticator:
    """Thread-safe. Raises TokensFileError when the file is no good at the start.

    Later, a file that is damaged leaves the last good one in force, and one that
    is gone lets nobody in; both are logged.
    """

    def __init__(self, path: Path, today: Callable[[], date] = date.today) -> None:
        self._path = path
        self._today = today
        self._key = os.urandom(32)
        self._lock = threading.Lock()
        # One password at a time: guessing costs one core and 32 MB, not all of them.
        self._slow = threading.Lock()
        self._right: OrderedDict[bytes, Entry] = OrderedDict()
        self._wrong: OrderedDict[bytes, None] = OrderedDict()
        self._nobody = tokens.slow_hash("")
        self._book = self._read(self._signature())

    def caller(self, authorization: str) -> str:
        """The name that belongs to an Authorization header.

        Raises ServiceError UNAUTHENTICATED; the message holds nothing of the header.
        """
        if not authorization:
            raise ServiceError(UNAUTHENTICATED, _MISSING)
        book = self._current()
        scheme, _, given = authorization.partition(" ")
        entry = None
        if scheme.lower() == "bearer":
            entry = _by_token(book, given.strip())
        elif scheme.lower() == "basic":
            user, _, password = _decoded(given.strip()).partition(":")
            entry = _by_token(book, password) or self._by_password(book, user, password)
        if entry is None or not entry.valid_on(self._today()):
            raise ServiceError(UNAUTHENTICATED, _WRONG)
        return entry.name

    def _by_password(self, book: _Book, user: str, password: str) -> Entry | None:
        if tokens.id_of(password):
            return None  # a token that is not valid: no need to take it for a password
        mark = hmac.digest(self._key, f"{user}\0{password}".encode(), "sha256")
        found, entry = self._remembered(mark)
        if found:
            return entry
        with self._slow:
            found, entry = self._remembered(mark)  # whoever waited before us may have found out
            if found:
                return entry
            entry = book.users.get(user)
            # An unknown user takes as long as a known one.
            stored = entry.scrypt if entry else self._nobody
            entry = entry if tokens.is_password(password, stored) else None
        self._remember(book, mark, entry)
        return entry

    def _remembered(self, mark: bytes) -> tuple[bool, Entry | None]:
        with self._lock:
            if mark in self._right:
                self._right.move_to_end(mark)
                return True, self._right[mark]
            return mark in self._wrong, None

    def _remember(self, book: _Book, mark: bytes, entry: Entry | None) -> None:
        with self._lock:
            if book is not self._book:
                return  # the file has changed meanwhile
            if entry is not None:
                self._right[mark] = entry
                while len(self._right) > _REMEMBERED:
                    self._right.popitem(last=False)
            else:
                self._wrong[mark] = None
                while len(self._wrong) > _REMEMBERED:
                    self._wrong.popitem(last=False)

    def _current(self) -> _Book:
        signature = self._signature()
        with self._lock:
            if signature == self._book.signature:
                return self._book
            try:
                self._book = self._read(signature)
                _log.info("%s: %d tokens and users", self._path, len(self._book.by_id))
            except TokensFileError as error:
                _log.error("the tokens file was changed, and is no good: %s", error)
                gone = signature is None
                by_id, users = ({}, {}) if gone else (self._book.by_id, self._book.users)
                self._book = _Book(signature, by_id, users)
            self._right.clear()
            self._wrong.clear()
            return self._book

    def _read(self, signature: tuple[int, ...] | None) -> _Book:
        entries = tokens.read_entries(self._path)
        by_id = {entry.id: entry for entry in entries}
        return _Book(signature, by_id, {entry.name: entry for entry in entries if entry.scrypt})

    def _signature(self) -> tuple[int, ...] | None:
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def _by_token(book: _Book, token: str) -> Entry | None:
    entry = book.by_id.get(tokens.id_of(token))
    if entry is None or not entry.sha256:
        return None
    same = hmac.compare_digest(tokens.fast_hash(token), entry.sha256)
    return entry if same else None


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (ValueError, binascii.Error):
        return ""
