"""A backup of an embedded server's folder, taken while it is served.

First the log, then the artifacts: an artifact's bytes are whole before the log
names it, so all that the copied log names is there. The tables are not copied:
they are made from the log, and a copy of them in the middle of a merge is nothing.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from runstream_server.eventlog.sqlite_copy import copy_log
from runstream_server.folder import FolderError

# Uploads in hand: they are sent again.
_INCOMING = ".incoming"


class BackedUp(NamedTuple):
    """What a backup holds. A file with several names counts once."""

    log_bytes: int
    artifacts: int
    artifact_bytes: int


def back_up(source: Path, target: Path, with_artifacts: bool = True) -> BackedUp:
    """Copies the folder `source` to `target`, which appears when it is whole.

    Raises FolderError and LogUnavailableError; there is no `target` then.
    """
    if not (source / "FORMAT").exists() or not (source / "log.sqlite").exists():
        raise FolderError(f"{source} is no folder of a Runstream server: it has no event log.")
    if target.exists():
        raise FolderError(f"{target} exists already; name a new folder for each backup.")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.mkdir(parents=True)
        done = _copied(source, part, with_artifacts)
        # One call for thousands of small files; then the name, so that it is never half there.
        os.sync()
        part.rename(target)
    except OSError as error:
        raise FolderError(f"{target} could not be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return done


def _copied(source: Path, target: Path, with_artifacts: bool) -> BackedUp:
    shutil.copyfile(source / "FORMAT", target / "FORMAT")
    copy_log(source / "log.sqlite", target / "log.sqlite")
    log_bytes = (target / "log.sqlite").stat().st_size
    copied: dict[int, Path] = {}
    if with_artifacts:
        _copy_tree(source / "artifacts", target / "artifacts", copied)
    return BackedUp(log_bytes, len(copied), sum(path.stat().st_size for path in copied.values()))


def _copy_tree(source: Path, target: Path, copied: dict[int, Path]) -> None:
    """Copies a folder; names of one file stay names of one file.

    copied: the copies by the number of the file that they were made from.
    """
    target.mkdir(exist_ok=True)
    try:
        entries = list(os.scandir(source))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name == _INCOMING:
            continue
        if entry.is_dir(follow_symlinks=False):
            _copy_tree(Path(entry.path), target / entry.name, copied)
        elif entry.is_file(follow_symlinks=False):
            _copy_file(Path(entry.path), target / entry.name, copied)


def _copy_file(source: Path, target: Path, copied: dict[int, Path]) -> None:
    try:
        number = source.stat().st_ino
        if number in copied:
            os.link(copied[number], target)
        else:
            shutil.copy2(source, target)
            copied[number] = target
    except FileNotFoundError:
        # Purged, or its name given to a newer artifact: the log says which.
        return
