"""Tracking URIs: what a user may give, to the canonical form.

file:///abs/folder             an embedded folder
http://host:port[/prefix]      a server by its HTTP door; https:// too
grpc://host:port               a server by its gRPC door; grpcs:// too
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from runstream._access import without_credentials
from runstream._notices import warn_once
from runstream._validation import shown
from runstream.exceptions import MlflowException

DEFAULT_FOLDER = "runstream-data"

_SERVERS = ("http", "https", "grpc", "grpcs")
_CREDENTIALS = re.compile(r"//[^/]*@")
_DATABASES = ("postgresql", "postgres", "mysql", "mssql", "oracle")
_HOSTED = ("databricks", "databricks-uc", "uc")


def canonical_uri(uri: str | os.PathLike[str]) -> str:
    """The canonical form of a tracking URI; relative folders become absolute now.

    Raises INVALID_PARAMETER_VALUE for what Runstream cannot write to, and says
    what to do instead.
    """
    text = os.fspath(uri).strip()
    scheme = _scheme(text)
    if scheme in _SERVERS:
        return _server(text, scheme)
    if scheme == "sqlite":
        return _sqlite(text)
    if scheme == "file":
        return _folder(Path(_file_path(text)))
    if scheme == "":
        return _folder(Path(text or DEFAULT_FOLDER).expanduser())
    raise _refused(text, scheme)


def folder_of(uri: str) -> Path:
    """The folder of a canonical `file:` URI."""
    return Path(unquote(urlsplit(uri).path))


def is_embedded(uri: str) -> bool:
    """Whether a canonical URI is a folder."""
    return uri.startswith("file:")


def file_location(location: str) -> str | None:
    """A folder as an absolute `file:` URI; None for an address of another kind."""
    scheme = _scheme(location)
    if scheme == "file":
        return _file_uri(Path(os.path.abspath(_file_path(location))))
    if scheme == "" and ":" not in location.split("/", 1)[0]:
        return _file_uri(Path(os.path.abspath(location)))
    return None


def _scheme(text: str) -> str:
    if text.split(":", 1)[0].lower() in _HOSTED:
        return text.split(":", 1)[0].lower()
    head, colon, rest = text.partition(":")
    if head.lower() == "file":
        return "file"  # file:folder as well: relative to where the program stands
    is_scheme = bool(colon) and head.isascii() and head.replace("+", "").replace("-", "").isalnum()
    return head.lower() if is_scheme and rest.startswith("/") else ""


def _server(text: str, scheme: str) -> str:
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError as error:
        raise _invalid(text, "its port is not a number from 0 to 65535") from error
    if not parts.hostname:
        raise _invalid(text, "it names no host")
    if parts.query or parts.fragment:
        raise _invalid(text, "it may have no query and no fragment")
    if scheme.startswith("grpc") and port is None:
        raise _invalid(text, "a gRPC address needs a port, for example grpc://host:5001")
    return without_credentials(f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}")


def _sqlite(text: str) -> str:
    _, _, path = text.partition(":///")
    path = path.partition("?")[0]
    if not path or path == ":memory:":
        raise _invalid(text, "a database in memory cannot be tracked to; use a folder")
    database = Path(os.path.abspath(path))
    folder = database.with_name(f"{database.name}.runstream")
    warn_once(
        f"sqlite {database}",
        f"{text}: Runstream keeps its data in the folder {folder} and does not write to the "
        f"database.{_import_line(database) if database.exists() else ''}",
    )
    return _file_uri(folder)


def _file_path(text: str) -> str:
    parts = urlsplit(text)
    if parts.netloc not in {"", "localhost"}:
        raise _invalid(text, "a file: URI may name no other host; three slashes, then the path")
    return unquote(parts.path)


def _folder(folder: Path) -> str:
    folder = Path(os.path.abspath(folder))
    if folder.exists() and not folder.is_dir():
        raise _invalid(str(folder), "it is a file, not a folder")
    if not _is_mlflow_store(folder):
        return _file_uri(folder)
    own = folder / ".runstream"
    store = folder / "mlflow.db" if (folder / "mlflow.db").is_file() else folder
    warn_once(
        f"mlflow {folder}",
        f"{folder} is an MLflow store: Runstream does not write to it and keeps its data in "
        f"{own}.{_import_line(store)}",
    )
    return _file_uri(own)


def _is_mlflow_store(folder: Path) -> bool:
    if (folder / "FORMAT").exists():
        return False
    if (folder / "mlflow.db").is_file():
        return True
    try:
        return any((entry / "meta.yaml").is_file() for entry in folder.iterdir())
    except OSError:
        return False


def _import_line(store: Path) -> str:
    return f" To bring what is there: runstream import mlflow {store}"


def _file_uri(folder: Path) -> str:
    return f"file://{quote(str(folder))}"


def _refused(text: str, scheme: str) -> MlflowException:
    if scheme in _HOSTED:
        return _invalid(
            text,
            "Runstream does not write to Databricks; start `runstream server DIR` and give its "
            "address, for example http://127.0.0.1:5000, or give a folder",
        )
    if scheme.split("+", maxsplit=1)[0] in _DATABASES:
        return _invalid(
            text,
            "Runstream writes to no SQL database; start `runstream server DIR` and give its "
            "address, for example http://127.0.0.1:5000, or give a folder",
        )
    return _invalid(text, "known are a folder, file:, sqlite:, http(s)://, grpc(s)://")


def _invalid(text: str, reason: str) -> MlflowException:
    text = _CREDENTIALS.sub("//***@", text)
    return MlflowException.invalid_parameter_value(
        f"Invalid value {shown(text)} for parameter 'tracking_uri': {reason}."
    )
