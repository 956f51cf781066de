"""Artifacts of runs: listing and fetching them."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import tempfile
import urllib.request
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from runstream import _server
from runstream._addresses import folder_of
from runstream._agent_calls import ask
from runstream._messages import spool_pb2
from runstream._progress import told
from runstream._validation import check_artifact_path, check_model_id, check_run_id, shown
from runstream.entities import FileInfo
from runstream.error_codes import RESOURCE_DOES_NOT_EXIST
from runstream.exceptions import MlflowException

# Large models take their time; a lost agent is noticed by its socket.
_DOWNLOAD_SECONDS = 24 * 3600.0
_S3_PLACE = re.compile(r"/(?P<run>(m-)?[0-9a-f]{32})/artifacts/(?P<path>.*)")


class Place(NamedTuple):
    """A file or folder among the artifacts of a run or a logged model; path "" is the root."""

    run_id: str
    path: str


def place_of(artifact_uri: str) -> Place | None:
    """What a `runs:`, `models:`, `mlflow-artifacts:` or `s3:` URI means; None for another one."""
    parts = urlsplit(artifact_uri)
    path = unquote(parts.path).strip("/")
    if parts.scheme == "runs":
        # runs:/ID/path, and runs://ID/path as some write it
        run_id, _, rest = posixpath.join(parts.netloc, path).partition("/")
        return Place(check_run_id(run_id), _checked(rest))
    if parts.scheme == "models":
        model_id, _, rest = posixpath.join(parts.netloc, path).partition("/")
        return Place(check_model_id(model_id), _checked(rest))
    if parts.scheme == "mlflow-artifacts":
        steps = path.split("/")
        if steps[1:2] == ["models"]:
            del steps[1]
        if len(steps) < 3 or steps[2] != "artifacts":
            raise _not_understood(artifact_uri)
        return Place(check_run_id(steps[1]), _checked("/".join(steps[3:])))
    if parts.scheme == "s3":
        # …/RUN/artifacts/PATH below the location of an experiment.
        found = _S3_PLACE.search(f"/{path}/")
        if found is None:
            raise _not_understood(artifact_uri)
        return Place(found["run"], _checked(found["path"]))
    return None


def list_files(uri: str, run_id: str, path: str | None) -> list[FileInfo]:
    """What lies directly in a folder; nothing for a file or what is not there."""
    folder = _checked("" if path is None else path)
    root, files = _server.list_artifacts(uri, check_run_id(run_id), folder)
    return _list_local(folder_of(root), folder) if root.startswith("file:") else files


def download(uri: str, place: Place, destination: str | os.PathLike[str] | None) -> str:
    """Fetch a file or folder; the local path of it.

    destination: a folder, made when missing; not given, a new temporary one.
    """
    target = _destination(destination)
    root = _server.list_artifacts(uri, place.run_id, "")[0]
    if root.startswith("file:"):
        return _copied(folder_of(root) / place.path, target / place.path)
    request = spool_pb2.AgentDownload(
        tracking_uri=uri,
        run_id=place.run_id,
        path=place.path,
        destination=str(target),
        timeout_ms=int(_DOWNLOAD_SECONDS * 1000),
    )
    with told("downloading") as on_progress:
        ask(spool_pb2.AgentRequest(download=request), _DOWNLOAD_SECONDS, on_progress)
    return str(target / place.path) if place.path else str(target)


def download_uri(uri: str, artifact_uri: str, destination: str | os.PathLike[str] | None) -> str:
    """The same, by the address of the artifact."""
    place = place_of(artifact_uri)
    if place is not None:
        return download(uri, place, destination)
    parts = urlsplit(artifact_uri)
    if parts.scheme in {"", "file"}:
        source = Path(unquote(parts.path)) if parts.scheme else Path(artifact_uri)
        if destination is None:
            return _existing(source)
        return _copied(source, _destination(destination) / source.name)
    if parts.scheme in {"http", "https"}:
        return _fetched(artifact_uri, _destination(destination))
    raise _not_understood(artifact_uri)


def _fetched(url: str, target: Path) -> str:
    path = target / (posixpath.basename(unquote(urlsplit(url).path)) or "artifact")
    try:
        with urllib.request.urlopen(url) as answer, open(path, "xb") as file:
            shutil.copyfileobj(answer, file)
    except OSError as error:
        raise MlflowException(f"{shown(url)} could not be fetched: {error}") from error
    return str(path)


def _copied(source: Path, target: Path) -> str:
    _existing(source)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return str(target)


def _existing(source: Path) -> str:
    try:
        found = source.exists()
    except (OSError, ValueError):  # no name that a file can have
        found = False
    if not found:
        raise MlflowException(f"There is no artifact {source}.", RESOURCE_DOES_NOT_EXIST)
    return str(source.absolute())


def _list_local(root: Path, folder: str) -> list[FileInfo]:
    place = root / folder
    if not place.is_dir():
        return []
    return [
        FileInfo(
            path=entry.relative_to(root).as_posix(),
            is_dir=entry.is_dir(),
            file_size=None if entry.is_dir() else entry.stat().st_size,
        )
        for entry in sorted(place.iterdir())
    ]


def _destination(folder: str | os.PathLike[str] | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="runstream-"))
    target = Path(folder).absolute()
    target.mkdir(parents=True, exist_ok=True)
    return target


def _checked(path: str) -> str:
    if isinstance(path, str):
        path = path.strip("/")
        if path == "":
            return path
    return check_artifact_path(path, "path")


def _not_understood(artifact_uri: str) -> MlflowException:
    return MlflowException.invalid_parameter_value(
        f"Invalid value {shown(artifact_uri)} for parameter 'artifact_uri' supplied: known are "
        "runs:/RUN_ID/PATH, models:/MODEL_ID/PATH, "
        "mlflow-artifacts:/EXPERIMENT_ID/RUN_ID/artifacts/PATH, the same below "
        "an experiment's s3: location, file: and http(s):."
    )
