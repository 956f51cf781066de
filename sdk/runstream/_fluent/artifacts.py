"""Artifacts of runs: writing them."""

from __future__ import annotations

import os
import posixpath
from typing import Any
from urllib.parse import urlsplit

from runstream import _artifacts
from runstream._artifact_text import dict_as_text, stream_as_bytes, text_as_bytes
from runstream._fluent._current import writer_for
from runstream._fluent.runs import active_run, start_run
from runstream._validation import check_artifact_path


def log_artifact(
    local_path: str | os.PathLike[str],
    artifact_path: str | os.PathLike[str] | None = None,
    run_id: str | None = None,
) -> None:
    """Log a file (or a folder, under its name) as it is now.

    artifact_path: the folder among the run's artifacts; not given, the root.

    Returns when the bytes are in the spool; files above
    RUNSTREAM_SPOOL_ARTIFACT_MAX when the server has them. Raises OSError for a
    file that cannot be read, RESOURCE_EXHAUSTED where there is no room.
    """
    _artifacts.log_path(writer_for(run_id), local_path, artifact_path)


def log_artifacts(
    local_dir: str | os.PathLike[str],
    artifact_path: str | os.PathLike[str] | None = None,
    run_id: str | None = None,
) -> None:
    """Log the files below a folder as they are now; empty folders are left out."""
    _artifacts.log_folder(writer_for(run_id), local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Log text as the file `artifact_file` of the run, in UTF-8."""
    _artifacts.log_bytes(writer_for(run_id), text_as_bytes(text), artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Log a dictionary or list: as YAML to .yml and .yaml, else as JSON."""
    text = dict_as_text(dictionary, artifact_file)
    _artifacts.log_bytes(writer_for(run_id), text.encode(), artifact_file)


def log_stream(stream: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Log what is left in an open binary stream as the file `artifact_file` of the run.

    Raises INVALID_PARAMETER_VALUE for what is no binary stream.
    """
    _artifacts.log_bytes(writer_for(run_id), stream_as_bytes(stream), artifact_file)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """The address of the active run's artifacts, or of one of them.

    Starts a run when none is active.
    """
    run = active_run() or start_run()
    root = run.info.artifact_uri or ""
    if artifact_path is None:
        return root
    path = check_artifact_path(artifact_path)
    parts = urlsplit(root)
    return parts._replace(path=posixpath.join(parts.path, path)).geturl()
