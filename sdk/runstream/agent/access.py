"""How to come in at one tracking URI: credentials and TLS, left in the spool by its writers.

    access/NAME.json      for one tracking URI; 0600 in a folder that only its user can enter
    access/NAME.denied    why the server does not let us in, while that is so

The agent has no writer's environment, and may be needed when no writer lives.
A writer with another token replaces the file: the agent sees it at its next try.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

FOLDER = "access"


@dataclass(frozen=True)
class Access:
    """Empty fields: nothing was said.

    authorization: the value of the Authorization header.
    tls_ca: a PEM file of the certificates that are trusted; empty: the system's.
    tls_insecure: "true": any certificate is taken.
    tls_client_cert: a PEM file with our own certificate and its key.
    transport: auto, grpc or http.
    """

    authorization: str = field(default="", repr=False)
    tls_ca: str = ""
    tls_insecure: str = ""
    tls_client_cert: str = ""
    transport: str = ""

    @property
    def said(self) -> dict[str, str]:
        """What is not empty."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value}


Stamp = tuple[int, int, int] | None


@dataclass(frozen=True)
class AccessFile:
    """The file of one tracking URI in a scope's folder on disk."""

    folder: Path
    tracking_uri: str

    @property
    def path(self) -> Path:
        return self.folder / FOLDER / f"{self._name}.json"

    @property
    def denial(self) -> Path:
        return self.folder / FOLDER / f"{self._name}.denied"

    @property
    def _name(self) -> str:
        return hashlib.sha256(self.tracking_uri.encode()).hexdigest()[:20]

    def read(self) -> Access:
        """What writers said, here or in another scope of this user; nothing when none did."""
        said = _read(self.path)
        if said is not None:
            return said
        others = [
            (stamp, found)
            for path in self.folder.parent.glob(f"*/{FOLDER}/{self.path.name}")
            if (stamp := _stamp(path)) and (found := _read(path))
        ]
        return max(others, key=lambda other: other[0])[1] if others else Access()

    def stamp(self) -> Stamp:
        """Changes when a writer says something new here."""
        return _stamp(self.path)

    def save(self, access: Access) -> None:
        """Say this, in place of what was said before; only credentials stay. Raises OSError."""
        before = _read(self.path) or Access()
        after = replace(access, authorization=access.authorization or before.authorization)
        if after == before:
            return
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        with open(os.open(new, flags, 0o600), "w", encoding="utf-8") as file:
            json.dump({"tracking_uri": self.tracking_uri, **after.said}, file)
        os.replace(new, self.path)

    def deny(self, why: str) -> None:
        """Let writers know that the server does not let us in; empty: it does again."""
        with contextlib.suppress(OSError):  # a full disk: `agent status` says it too
            if why:
                self.path.parent.mkdir(mode=0o700, exist_ok=True)
                self.denial.write_text(why, encoding="utf-8")
            else:
                self.denial.unlink(missing_ok=True)

    def denied(self) -> str:
        """Why the server does not let us in; empty: nothing is known."""
        try:
            return self.denial.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""


def _read(path: Path) -> Access | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(said, dict):
        return None
    names = {each.name for each in fields(Access)}
    return Access(**{name: str(value) for name, value in said.items() if name in names})


def _stamp(path: Path) -> Stamp:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
