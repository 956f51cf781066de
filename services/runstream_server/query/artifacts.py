"""The artifacts of a run, or of a logged model, as a tree."""

from __future__ import annotations

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.query.model_ids import hex_of, is_model_id
from runstream_server.query.models import model_artifact_uri, read_model_row
from runstream_server.query.run_rows import artifact_uri
from runstream_server.query.runs import read_run_row
from runstream_server.query.sql import Parameters
from runstream_server.query.view import View
from runstream_server.store.schema.tables import TABLE_BY_NAME


def list_artifacts(
    view: View, request: tracking.ListArtifactsRequest
) -> tracking.ListArtifactsResponse:
    """What lies directly in a folder, or with `recursive` all files below it.

    Paths are relative to the run's root and sorted. A path that is not there,
    or is a file, has no content. Raises ServiceError.
    """
    folder = _checked(request.path)
    if is_model_id(request.run_id):
        model = read_model_row(view, request.run_id, allow_deleted=True)
        root, table, owner = model_artifact_uri(model), "model_artifacts", hex_of(model.model_id)
    else:
        row = read_run_row(view, request.run_id)
        root, table, owner = artifact_uri(row), "artifacts", row.run_id
    response = tracking.ListArtifactsResponse(root_uri=root)
    files = _files_below(view, table, owner, folder)
    response.files.extend(files if request.recursive else _direct(files, folder))
    return response


def _checked(path: str) -> str:
    """The folder as a prefix: empty, or ending in a slash."""
    parts = path.split("/") if path else []
    if parts and parts[-1] == "":
        parts.pop()
    if any(part in ("", ".", "..") for part in parts):
        raise ServiceError(
            INVALID_PARAMETER_VALUE,
            f"Invalid path {path!r}: it has to be relative to the run's root, without '..'.",
            ErrorPlace(field="path"),
        )
    return "".join(f"{part}/" for part in parts)


def _files_below(view: View, table: str, owner: str, folder: str) -> list[tracking.FileInfo]:
    """The newest upload of each path."""
    parameters = Parameters()
    owner_column = TABLE_BY_NAME[table].order_by[0]
    rows = view.rows(
        "SELECT path, argMax(size, version), argMax(object_key, version), "
        "hex(argMax(sha256, version)) "
        f"FROM {view.table(table)} WHERE {owner_column} = {parameters.run(owner)} "
        f"AND startsWith(path, {parameters.text(folder)}) GROUP BY path ORDER BY path",
        parameters.values,
    )
    return [
        tracking.FileInfo(
            path=path, file_size=size, object_key=object_key, sha256=bytes.fromhex(sha256)
        )
        for path, size, object_key, sha256 in rows
    ]


def _direct(files: list[tracking.FileInfo], folder: str) -> list[tracking.FileInfo]:
    """Files right in the folder, and one entry for each folder in it."""
    entries: dict[str, tracking.FileInfo] = {}
    for file in files:
        name, below, _ = file.path[len(folder) :].partition("/")
        if below:
            path = folder + name
            entries.setdefault(path, tracking.FileInfo(path=path, is_dir=True))
        else:
            entries[file.path] = file
    return [entries[path] for path in sorted(entries)]
