"""Artifacts of runs: listing and downloading them."""

from __future__ import annotations

import os

from runstream import _downloads
from runstream._addresses import canonical_uri
from runstream._downloads import Place
from runstream._tracking_uri import get_tracking_uri
from runstream._validation import check_run_id
from runstream.entities import FileInfo
from runstream.exceptions import MlflowException

__all__ = ["download_artifacts", "list_artifacts"]


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | os.PathLike[str] | None = None,
    tracking_uri: str | None = None,
) -> str:
    """Fetch a file or a folder of a run; returns its local path.

    artifact_uri: for example "runs:/RUN_ID/model"; or `run_id` and `artifact_path`.
    dst_path: a folder, made when missing; not given, a new temporary one.

    Sees everything that any process of this user on this machine logged
    before. Raises RESOURCE_DOES_NOT_EXIST for what is not there.
    """
    uri = _uri(tracking_uri)
    if artifact_uri is not None:
        if run_id is not None or artifact_path is not None:
            raise _one_of()
        return _downloads.download_uri(uri, str(artifact_uri), dst_path)
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
        found = _downloads.place_of(str(artifact_uri))
        if found is None:
            raise _one_of()
        where = found
    return _downloads.list_files(_uri(tracking_uri), where.run_id, where.path)


def place(run_id: str, artifact_path: str | None) -> Place:
    """A checked place among the artifacts of a run."""
    return Place(check_run_id(run_id), (artifact_path or "").strip("/"))


def _uri(tracking_uri: str | None) -> str:
    return get_tracking_uri() if tracking_uri is None else canonical_uri(tracking_uri)


def _one_of() -> MlflowException:
    return MlflowException.invalid_parameter_value(
        "Exactly one of `artifact_uri` (a runs: or mlflow-artifacts: URI where artifacts are "
        "listed) or `run_id` must be specified."
    )
