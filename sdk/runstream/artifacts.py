"""Artifacts of runs: listing and downloading them."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from runstream import _downloads, _images
from runstream._addresses import canonical_uri
from runstream._downloads import Place
from runstream._tracking_uri import get_tracking_uri
from runstream._validation import check_run_id, check_string
from runstream.entities import FileInfo
from runstream.error_codes import BAD_REQUEST
from runstream.exceptions import MlflowException

__all__ = ["download_artifacts", "list_artifacts", "load_dict", "load_image", "load_text"]


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | os.PathLike[str] | None = None,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
) -> str:
    """Fetch a file or a folder of a run; returns its local path.

    artifact_uri: for example "runs:/RUN_ID/model"; or `run_id` and `artifact_path`.
    dst_path: a folder, made when missing; not given, a new temporary one.
    registry_uri: taken for MLflow's sake; not used.

    Sees everything that any process of this user on this machine logged
    before. Raises RESOURCE_DOES_NOT_EXIST for what is not there.
    """
    uri = _uri(tracking_uri)
    if artifact_uri is not None:
        if run_id is not None or artifact_path is not None:
            raise _one_of()
        return _downloads.download_uri(uri, check_string("artifact_uri", artifact_uri), dst_path)
    if run_id is None:
        raise _one_of()
    return _downloads.download(uri, place(run_id, artifact_path), dst_path)


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """What lies directly in a folder of a run's artifacts."""
    if (artifact_uri is None) == (run_id is None):
        raise _one_of()
    if artifact_uri is None:
        where = place(run_id or "", artifact_path)
    else:
        found = _downloads.place_of(check_string("artifact_uri", artifact_uri))
        if found is None:
            raise _one_of()
        where = found
    return _downloads.list_files(_uri(tracking_uri), where.run_id, where.path)


def load_text(artifact_uri: str) -> str:
    """The text of an artifact, for example of "runs:/RUN_ID/note.txt".

    Raises RESOURCE_DOES_NOT_EXIST for what is not there, BAD_REQUEST for what is
    not UTF-8.
    """
    try:
        return _content(artifact_uri).decode()
    except UnicodeDecodeError as error:
        raise MlflowException(
            f"The artifact {artifact_uri!r} is not UTF-8: download it with "
            "`runstream.artifacts.download_artifacts` and open it in its encoding.",
            BAD_REQUEST,
        ) from error


def load_dict(artifact_uri: str) -> Any:
    """What `log_dict` wrote as JSON. Errors as in `load_text`, BAD_REQUEST for other text."""
    try:
        return json.loads(load_text(artifact_uri))
    except ValueError as error:
        raise MlflowException(
            f"The artifact {artifact_uri!r} is no JSON: {error}", BAD_REQUEST
        ) from error


def load_image(artifact_uri: str) -> Any:
    """A PIL image of an artifact. Errors as in `load_text`; ImportError without Pillow."""
    content = _content(artifact_uri)
    try:
        return _images.decoded(content)
    except (OSError, ValueError) as error:
        raise MlflowException(
            f"The artifact {artifact_uri!r} is no image that Pillow knows: {error}", BAD_REQUEST
        ) from error


def _content(artifact_uri: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="runstream-") as folder:
        path = Path(download_artifacts(artifact_uri, dst_path=folder))
        if path.is_dir():
            raise MlflowException.invalid_parameter_value(
                f"The artifact {artifact_uri!r} is a folder, not a file."
            )
        return path.read_bytes()


def place(run_id: str, artifact_path: str | None) -> Place:
    """A checked place among the artifacts of a run."""
    path = "" if artifact_path is None else check_string("artifact_path", artifact_path)
    return Place(check_run_id(run_id), path.strip("/"))


def _uri(tracking_uri: str | None) -> str:
    return get_tracking_uri() if tracking_uri is None else canonical_uri(tracking_uri)


def _one_of() -> MlflowException:
    return MlflowException.invalid_parameter_value(
        "Exactly one of `artifact_uri` (a runs: or mlflow-artifacts: URI where artifacts are "
        "listed) or `run_id` must be specified."
    )
