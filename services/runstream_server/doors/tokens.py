"""The tokens file: who may come in, with nothing in it that would let anybody in.

A *token* is 256 random bits. Nobody can guess one, so a fast hash (SHA-256) is
all that its place in the file needs, and checking costs a microsecond. A
*password* was thought up by a person and may be guessed: it is stored as a salted
scrypt, which makes each guess cost 32 MB and some 100 ms.

    {"format": 1, "tokens": [
      {"id": "k7…", "name": "ci", "created": "2026-01-31", "expires": "", "sha256": "…"},
      {"id": "p2…", "name": "ana", …, "scrypt": "32768$8$1$SALT$HASH"}]}
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

FORMAT = 1
PREFIX = "rst_"
_ID_BYTES = 6
_SECRET_BYTES = 32

_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**15, 8, 1
_SCRYPT_MAX_BYTES = 256 * 1024 * 1024
_SALT_BYTES = 16


class TokensFileError(Exception):
    """The tokens file cannot be read, or is none; the message says which and why."""


@dataclass(frozen=True)
class Entry:
    """One token, or one user with a password.

    expires: the last day on which it is valid, as an ISO date; empty: no end.
    """

    id: str
    name: str
    created: str
    expires: str = ""
    sha256: str = field(default="", repr=False)
    scrypt: str = field(default="", repr=False)

    @property
    def kind(self) -> str:
        return "password" if self.scrypt else "token"

    def valid_on(self, day: date) -> bool:
        """Whether it has not expired."""
        return not self.expires or day <= date.fromisoformat(self.expires)


def new_token(name: str, today: date, expires: str = "") -> tuple[Entry, str]:
    """A new entry, and the token itself: nobody can ever show it again."""
    own_id = secrets.token_hex(_ID_BYTES)
    token = f"{PREFIX}{own_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return Entry(own_id, name, today.isoformat(), expires, sha256=fast_hash(token)), token


def new_password(name: str, password: str, today: date, expires: str = "") -> Entry:
    """An entry for a user with a password of their own."""
    own_id = secrets.token_hex(_ID_BYTES)
    return Entry(own_id, name, today.isoformat(), expires, scrypt=slow_hash(password))


def id_of(token: str) -> str:
    """The id inside a token; empty when it is none of ours."""
    if not token.startswith(PREFIX):
        return ""
    return token.removeprefix(PREFIX).partition("_")[0]


def fast_hash(token: str) -> str:
    """How a token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def slow_hash(password: str, salt: bytes | None = None) -> str:
    """How a password is stored: its costs, salt and scrypt."""
    salt = os.urandom(_SALT_BYTES) if salt is None else salt
    made = _scrypt(password, salt, _SCRYPT_N, _SCRYPT_R, _SCRYPT_P)
    return f"{_SCRYPT_N}${_SCRYPT_R}${_SCRYPT_P}${salt.hex()}${made.hex()}"


def is_password(password: str, stored: str) -> bool:
    """Whether it is the one that was stored; takes as long when it is not."""
    n, r, p, salt, expected = stored.split("$")
    made = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(made, bytes.fromhex(expected))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, dklen=32, maxmem=_SCRYPT_MAX_BYTES
    )


# What becomes of the entries of a file.
Edit = Callable[[tuple[Entry, ...]], tuple[Entry, ...]]


def read_entries(path: Path) -> tuple[Entry, ...]:
    """All entries of a file. Raises TokensFileError."""
    try:
        said = json.loads(path.read_bytes())
        if said["format"] != FORMAT:
            raise TokensFileError(
                f"{path} has format {said['format']}; this version reads {FORMAT}"
            )
        entries = tuple(Entry(**entry) for entry in said["tokens"])
        for entry in entries:
            _check(entry)
    except FileNotFoundError as error:
        raise TokensFileError(
            f"There is no tokens file {path}. Make it with: runstream tokens create NAME "
            f"--tokens-file {path}"
        ) from error
    except OSError as error:
        raise TokensFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        # Not with the content: it may hold what somebody pasted by mistake.
        raise TokensFileError(f"{path} is no tokens file ({type(error).__name__})") from error
    return entries


def _check(entry: Entry) -> None:
    """Raises ValueError when an entry could not be compared later."""
    if entry.scrypt:
        n, r, p, salt, expected = entry.scrypt.split("$")
        _ = int(n), int(r), int(p), bytes.fromhex(salt), bytes.fromhex(expected)
    elif len(bytes.fromhex(entry.sha256)) != hashlib.sha256().digest_size:
        raise ValueError("an entry has neither sha256 nor scrypt")
    entry.valid_on(date.min)


def change(path: Path, edit: Edit) -> None:
    """Replace the file by what `edit` makes of its entries; made when missing.

    Two commands at once take turns; a reader sees the old file or the new one.
    Raises TokensFileError and OSError.
    """
    with _turn(path):
        entries = edit(read_entries(path) if path.exists() else ())
        text = json.dumps({"format": FORMAT, "tokens": [_shown(e) for e in entries]}, indent=1)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)


def _shown(entry: Entry) -> dict[str, str]:
    return {key: value for key, value in asdict(entry).items() if value or key == "expires"}


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
