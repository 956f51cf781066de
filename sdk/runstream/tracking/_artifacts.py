"""The client's part for artifacts."""

from __future__ import annotations

import os
from typing import Any

from runstream import _artifacts, _downloads
from runstream._artifact_text import dict_as_text, stream_as_bytes, text_as_bytes
from runstream._downloads import Place
from runstream._validation import check_run_id
from runstream.entities import FileInfo
from runstream.tracking._base import ClientBase


class ArtifactCalls(ClientBase):
    """Artifacts of a run by its id."""

    def log_artifact(
        self,
        run_id: str,
        local_path: str | os.PathLike[str],
        artifact_path: str | os.PathLike[str] | None = None,
    ) -> None:
        """Log a file or folder as it is now; see `runstream.log_artifact`."""
        _artifacts.log_path(self._writer(run_id), local_path, artifact_path)

    def log_artifacts(
        self,
        run_id: str,
        local_dir: str | os.PathLike[str],
        artifact_path: str | os.PathLike[str] | None = None,
    ) -> None:
        """Log the files below a folder as they are now."""
        _artifacts.log_folder(self._writer(run_id), local_dir, artifact_path)

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Log text as a file, in UTF-8."""
        _artifacts.log_bytes(self._writer(run_id), text_as_bytes(text), artifact_file)

    def log_dict(self, run_id: str, dictionary: Any, artifact_file: str) -> None:
        """Log a dictionary or list: as YAML to .yml and .yaml, else as JSON."""
        text = dict_as_text(dictionary, artifact_file)
        _artifacts.log_bytes(self._writer(run_id), text.encode(), artifact_file)

    def log_stream(self, run_id: str, stream: Any, artifact_file: str) -> None:
        """Log what is left in an open binary stream as a file."""
        _artifacts.log_bytes(self._writer(run_id), stream_as_bytes(stream), artifact_file)

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """What lies directly in a folder; nothing for a file or what is not there."""
        return _downloads.list_files(self._tracking_uri, run_id, path)

    def download_artifacts(
        self, run_id: str, path: str = "", dst_path: str | os.PathLike[str] | None = None
    ) -> str:
        """Fetch a file or folder; its local path. See `runstream.artifacts`."""
        place = Place(check_run_id(run_id), (path or "").strip("/"))
        return _downloads.download(self._tracking_uri, place, dst_path)
