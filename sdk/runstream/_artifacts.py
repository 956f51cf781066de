"""Artifacts of a run as this process writes them.

Bytes are copied into the spool and travel later. What is too large for it is
uploaded before the call returns; runs of an experiment whose artifacts lie in
a `file:` folder are written there directly.
"""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runstream import error_codes as codes
from runstream._addresses import folder_of
from runstream._agent_calls import ask, is_away
from runstream._blobs import Blob, digest_of, store_bytes, store_file, waiting_bytes
from runstream._config import config
from runstream._ids import new_upload_id
from runstream._messages import spool_pb2
from runstream._progress import told
from runstream._validation import check_artifact_path, invalid_value
from runstream._writer import RunWriter, now_ms
from runstream.exceptions import MlflowException

_UPLOAD_SECONDS = 24 * 3600.0
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def log_path(
    writer: RunWriter, local_path: str | os.PathLike[str], folder: str | os.PathLike[str] | None
) -> None:
    """A file, or a folder under its own name, into `folder` of the run's artifacts."""
    source = _path("local_path", local_path)
    if source.is_dir():
        name = source.resolve().name
        log_folder(writer, source, _joined(folder, name))
    else:
        log_file(writer, source, _joined(folder, source.name))


def log_folder(
    writer: RunWriter, local_dir: str | os.PathLike[str], folder: str | os.PathLike[str] | None
) -> None:
    """The files below a local folder, into `folder` of the run's artifacts."""
    root = _path("local_dir", local_dir)
    if not root.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(root))
    for file in _files(root):
        log_file(writer, file, _joined(folder, file.relative_to(root).as_posix()))


def log_bytes(writer: RunWriter, content: bytes, path: str) -> None:
    """Bytes as the artifact `path`."""
    path = check_artifact_path(path, "artifact_file")
    local = _local_root(writer)
    if local is not None:
        _parent_made(local / path).write_bytes(content)
    elif not config().disabled:
        name = new_upload_id()
        try:
            blob = store_bytes(content, writer.blobs_folder(), name)
        except OSError as error:
            raise _no_room(path, len(content), error) from error
        writer.log_artifact(_spooled(path, name, blob))


def log_file(writer: RunWriter, source: Path, path: str) -> None:
    """One file as the artifact `path`."""
    path = check_artifact_path(path)
    local = _local_root(writer)
    if local is not None:
        shutil.copyfile(source, _parent_made(local / path))
        return
    size = os.stat(source).st_size
    if config().disabled:
        return
    name = new_upload_id()
    if not _fits(writer, size):
        _upload(writer, source, path, name)
        return
    try:
        blob = store_file(source, writer.blobs_folder(), name)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _upload(writer, source, path, name)
        return
    writer.log_artifact(_spooled(path, name, blob))


def _upload(writer: RunWriter, source: Path, path: str, upload_id: str) -> None:
    """Store a file from where it lies, now."""
    size, digest = digest_of(source)
    upload = spool_pb2.AgentUpload(
        tracking_uri=writer.tracking_uri,
        run_id=writer.run_id,
        path=path,
        upload_id=upload_id,
        source=os.path.abspath(source),
        size_bytes=size,
        sha256=digest,
        timeout_ms=int(_UPLOAD_SECONDS * 1000),
    )
    try:
        with told("uploading") as on_progress:
            ask(spool_pb2.AgentRequest(upload=upload), _UPLOAD_SECONDS, on_progress)
    except MlflowException as error:
        if is_away(error):
            raise _no_room(path, size, error) from error
        raise
    writer.log_artifact(_spooled(path, upload_id, Blob("", size, digest)))


def _spooled(path: str, upload_id: str, blob: Blob) -> spool_pb2.SpooledArtifact:
    return spool_pb2.SpooledArtifact(
        path=path,
        upload_id=upload_id,
        blob=blob.name,
        size_bytes=blob.size_bytes,
        sha256=blob.sha256,
        time_ms=now_ms(),
    )


def _fits(writer: RunWriter, size: int) -> bool:
    settings = config()
    if size > settings.spool_artifact_max_bytes:
        return False
    waiting = waiting_bytes(writer.blobs_folder())
    return waiting + size <= settings.spool_artifact_total_max_bytes


def _no_room(path: str, size: int, error: Exception) -> MlflowException:
    settings = config()
    return MlflowException(
        f"Artifact {path!r} of {size} bytes was not logged: it does not fit into the spool "
        f"(RUNSTREAM_SPOOL_ARTIFACT_MAX is {settings.spool_artifact_max_bytes} bytes a file, "
        f"RUNSTREAM_SPOOL_ARTIFACT_TOTAL_MAX {settings.spool_artifact_total_max_bytes} bytes in "
        f"all, and the disk must have room), and it could not be sent at once: {error}",
        codes.RESOURCE_EXHAUSTED,
    )


def _local_root(writer: RunWriter) -> Path | None:
    if not writer.artifact_uri.startswith("file:"):
        return None
    return folder_of(writer.artifact_uri)


def _path(field: str, path: Any) -> Path:
    try:
        found = Path(os.fsdecode(path))
        found.exists()
    except (TypeError, ValueError) as error:  # no path, or one with a NUL
        raise invalid_value(field, path, "it must be a path of a file or folder.") from error
    return found


def _joined(folder: str | os.PathLike[str] | None, name: str) -> str:
    if folder is None or folder == "":
        return name
    try:
        return posixpath.join(os.fspath(folder), name)
    except TypeError as error:
        raise invalid_value("artifact_path", folder, "it must be a string or a path.") from error


def _parent_made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            yield Path(folder) / name
