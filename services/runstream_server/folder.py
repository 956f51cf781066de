"""The folder of an embedded server: whose it is, and in which format.

FORMAT         the number of the format
server.lock    locked while a process has the folder; says which one
server.json    where that process listens; there while it answers
log.sqlite     the event log: the truth
store/         the tables, made from the log
artifacts/     the artifacts, as plain files

Exception
└── FolderError          a sentence for the person who started the server
    └── FolderServedError    another process serves the folder and stays
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

FORMAT = 1
#: From a format to the next: what has to be done to the folder, by the number
#: it comes from. Run under the lock, in order, each as often as it takes.
MIGRATIONS: Mapping[int, Callable[[Path], None]] = MappingProxyType({})

# SQLite's WAL needs memory that all openers share, which these do not give.
_NETWORK_TYPES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ncpfs", "afs", "ceph", "lustre", "gpfs"}
    | {"beegfs", "glusterfs", "panfs", "orangefs", "pvfs2", "wekafs", "ocfs2", "gfs2"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone"}
    | {"fuse.beegfs", "fuse.juicefs", "fuse.mount-s3", "fuse.cvmfs", "fuse.gvfsd-fuse"}
)
_OCTAL = re.compile(r"\\([0-7]{3})")


class FolderError(Exception):
    """The folder cannot be served; the message says why and what to do."""


class FolderServedError(FolderError):
    """Another process serves the folder, and stays."""


class DataFolder:
    """The places in a folder. Makes the folder when it is missing.

    Raises FolderError for a network file system, and for a folder that is no
    folder of ours and not empty of our names.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FolderError(f"{self.path} cannot be made: {error.strerror}.") from error
        _refuse_network(self.path)

    @property
    def lock(self) -> Path:
        return self.path / "server.lock"

    @property
    def log(self) -> Path:
        return self.path / "log.sqlite"

    @property
    def store(self) -> Path:
        return self.path / "store"

    @property
    def artifacts(self) -> Path:
        return self.path / "artifacts"

    def bring_up_to_date(self, migrations: Mapping[int, Callable[[Path], None]]) -> None:
        """Refuses a newer format, migrates an older one. Needs the lock.

        Raises FolderError; nothing was changed then.
        """
        number = self._format()
        if number > FORMAT:
            raise FolderError(
                f"{self.path} was written by a newer Runstream (format {number}; this one knows "
                f"up to {FORMAT}). Upgrade with: pip install -U runstream. Nothing was changed."
            )
        while number and number < FORMAT:
            migrations[number](self.path)
            number += 1
            _replace(self.path / "FORMAT", f"{number}\n")
        if not number:
            _replace(self.path / "FORMAT", f"{FORMAT}\n")

    def announcement(self) -> dict[str, Any] | None:
        """What server.json says; None when nobody announced itself."""
        try:
            said = json.loads((self.path / "server.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return said if isinstance(said, dict) else None

    def announce(self, said: Mapping[str, Any]) -> None:
        """From now on clients find the server. Atomic."""
        _replace(self.path / "server.json", json.dumps(dict(said), indent=2) + "\n")

    def withdraw(self) -> None:
        """From now on clients find no server. May be called twice."""
        (self.path / "server.json").unlink(missing_ok=True)

    def request_rebuild(self, only: str | None) -> None:
        """Asks whoever serves the folder; only: one view. Asking again changes nothing."""
        _replace(self.path / "rebuild.request", only or "")

    def requested_rebuild(self) -> str | None:
        """What is asked for: the name of a view, "" for all; None: nothing."""
        try:
            return (self.path / "rebuild.request").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None

    def take_rebuild_request(self) -> None:
        """The request was taken, or withdrawn."""
        (self.path / "rebuild.request").unlink(missing_ok=True)

    def _format(self) -> int:
        try:
            text = (self.path / "FORMAT").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            if self.log.exists():
                raise FolderError(
                    f"{self.path} holds an event log but no FORMAT file, which says how to read "
                    f"it. If it was lost, write it again: echo {FORMAT} > {self.path / 'FORMAT'}"
                ) from None
            return 0
        if not text.isdecimal() or not int(text):
            raise FolderError(f"{self.path / 'FORMAT'} holds {text[:40]!r}, and not a number.")
        return int(text)


def filesystem_type(mountinfo: str, path: str) -> str:
    """The type of the file system under an absolute path; "" when it cannot be told.

    mountinfo: the text of /proc/self/mountinfo.
    """
    best, found = -1, ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), fields[4]).rstrip("/")
        # The longest mount point wins; of several mounts on one, the last.
        if len(point) >= best and f"{path}/".startswith(f"{point}/"):
            best, found = len(point), after.split(" ")[0]
    return found


def _refuse_network(path: Path) -> None:
    try:
        mountinfo = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
    except OSError:
        return
    kind = filesystem_type(mountinfo, os.path.realpath(path))
    if kind in _NETWORK_TYPES:
        raise FolderError(
            f"{path} lies on a network file system ({kind}), where the event log cannot be kept "
            "safely: SQLite's write-ahead log does not work there. Serve a folder on a local "
            "disk, and let other machines log to its address."
        )


def _replace(path: Path, text: str) -> None:
    """Writes a file whole or not at all, and forces it to the disk."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
