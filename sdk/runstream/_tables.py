"""Tables that grow by calls of `log_table`, and reading them.

A table of a run that this process made is kept here: adding rows needs no
server. Of other runs it is read first.
"""

from __future__ import annotations

import importlib
import io
import json
import posixpath
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runstream import _artifacts, _downloads, _images, _server
from runstream._config import config
from runstream._downloads import Place
from runstream._ids import new_upload_id
from runstream._system_tags import LOGGED_ARTIFACTS
from runstream._validation import check_artifact_path, invalid_value
from runstream._writer import RunWriter
from runstream.error_codes import RESOURCE_DOES_NOT_EXIST
from runstream.exceptions import MlflowException

if TYPE_CHECKING:
    import pandas as pd

_IMAGE_FOLDER = "table_images"


class RunTables:
    """What is known of the tables of one run.

    frames: path → all rows.
    listed: what the tag says is logged; None: not known yet.
    """

    def __init__(self, *, own: bool) -> None:
        self.own = own
        self.frames: dict[str, pd.DataFrame] = {}
        self.listed: list[Any] | None = [] if own else None


def log_table(writer: RunWriter, data: Any, artifact_file: str) -> None:
    """Add rows to the table `artifact_file` of a run."""
    path = check_artifact_path(artifact_file, "artifact_file")
    _check_ending(path)
    rows = _with_images_stored(writer, _frame(data), path)
    with writer.process.lock:
        tables = _tables_of(writer)
        before = tables.frames.get(path) if tables.own else _logged(writer, path)
        if before is not None:
            rows = _pandas().concat([before, rows], ignore_index=True)
        _artifacts.log_bytes(writer, _written(rows, path), path)
        if tables.own:
            tables.frames[path] = rows
        _note(writer, tables, path)


def read_table(path: str | Path) -> pd.DataFrame:
    """The table in a file that `log_table` wrote."""
    pandas = _pandas()
    table: pd.DataFrame
    if str(path).endswith(".parquet"):
        table = pandas.read_parquet(path)
    else:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        table = pandas.DataFrame(content["data"], columns=content["columns"])
    return table


def lists_table(tag: str, artifact_file: str) -> bool:
    """Whether the tag `mlflow.loggedArtifacts` names the table."""
    return {"path": artifact_file, "type": "table"} in _parsed(tag)


def _tables_of(writer: RunWriter) -> RunTables:
    known = writer.process.tables
    key = (writer.tracking_uri, writer.run_id)
    if key not in known:
        known[key] = RunTables(own=key in writer.process.made_runs)
    return known[key]


def _logged(writer: RunWriter, path: str) -> pd.DataFrame | None:
    if config().disabled:
        return None
    place = Place(writer.run_id, path)
    with tempfile.TemporaryDirectory(prefix="runstream-") as folder:
        try:
            return read_table(_downloads.download(writer.tracking_uri, place, folder))
        except MlflowException as error:
            if error.error_code != RESOURCE_DOES_NOT_EXIST:
                raise
            return None


def _note(writer: RunWriter, tables: RunTables, path: str) -> None:
    """See that the run's tag names the table."""
    listed = tables.listed
    if listed is None:
        listed = [] if config().disabled else _listed(writer)
    entry = {"path": path, "type": "table"}
    if entry not in listed:
        listed = [*listed, entry]
        writer.set_tags({LOGGED_ARTIFACTS: json.dumps(listed)})
    tables.listed = listed if tables.own else None


def _listed(writer: RunWriter) -> list[Any]:
    tags = _server.get_run(writer.tracking_uri, writer.run_id).data.tags
    return _parsed(tags.get(LOGGED_ARTIFACTS, ""))


def _parsed(tag: str) -> list[Any]:
    try:
        listed = json.loads(tag or "[]")
    except ValueError:  # somebody else's tag, or one that was cut
        return []
    return listed if isinstance(listed, list) else []


def _frame(data: Any) -> pd.DataFrame:
    pandas = _pandas()
    if isinstance(data, pandas.DataFrame):
        frame: pd.DataFrame = data
    elif isinstance(data, dict):
        try:
            frame = pandas.DataFrame(data)
        except ValueError:  # one row, not columns
            frame = pandas.DataFrame([data])
    else:
        raise MlflowException.invalid_parameter_value(
            "data must be a pandas.DataFrame or a dictionary"
        )
    return frame


def _written(table: pd.DataFrame, path: str) -> bytes:
    try:
        if path.endswith(".parquet"):
            buffer = io.BytesIO()
            table.to_parquet(buffer, index=False)
            return buffer.getvalue()
        text: str = table.to_json(orient="split", index=False, date_format="iso")
        return text.encode()
    except ImportError:
        raise
    except Exception as error:  # foreign values raise what they like
        raise invalid_value(
            "data", type(table).__name__, f"it has no form as {path}: {error}"
        ) from error


def _check_ending(path: str) -> None:
    if not path.endswith((".json", ".parquet")):
        raise ValueError(
            f"Invalid artifact file path '{path}'. A table has a file name with either '.json' or "
            "'.parquet' extension."
        )


def _with_images_stored(writer: RunWriter, table: pd.DataFrame, path: str) -> pd.DataFrame:
    """Images in cells become files of their own; the cells say where they lie."""
    columns = [
        name for name in table.columns if any(isinstance(v, _images.Image) for v in table[name])
    ]
    if columns:
        table = table.copy()
    for name in columns:
        table[name] = [_stored(writer, cell, path) for cell in table[name]]
    return table


def _stored(writer: RunWriter, cell: Any, path: str) -> Any:
    if not isinstance(cell, _images.Image):
        return cell
    folder = posixpath.join(_IMAGE_FOLDER, posixpath.splitext(path)[0])
    name = posixpath.join(folder, new_upload_id())
    _artifacts.log_bytes(writer, _images.encoded(cell.to_pil(), "PNG"), f"{name}.png")
    _artifacts.log_bytes(writer, _images.preview(cell.to_pil()), f"{name}.webp")
    return {"type": "image", "filepath": f"{name}.png", "compressed_filepath": f"{name}.webp"}


def _pandas() -> Any:
    try:
        return importlib.import_module("pandas")
    except ImportError as error:
        raise ImportError("Tables need the package pandas: pip install pandas") from error
