"""Data at a web address."""

from __future__ import annotations

from typing import Any

from runstream.data.dataset_source import DatasetSource
from runstream.exceptions import MlflowException


class HTTPDatasetSource(DatasetSource):
    """url: an http:// or https:// address."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def url(self) -> str:
        return self._url

    @staticmethod
    def _get_source_type() -> str:
        return "http"

    def load(self, dst_path: str | None = None) -> str:
        """Fetch it into a folder (a new temporary one when not given); the path of the file."""
        from runstream.artifacts import download_artifacts

        return download_artifacts(artifact_uri=self._url, dst_path=dst_path)

    def to_dict(self) -> dict[str, Any]:
        return {"url": self._url}

    @classmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> HTTPDatasetSource:
        url = source_dict.get("url")
        if url is None:
            raise MlflowException.invalid_parameter_value(
                'Failed to parse HTTPDatasetSource. Missing expected key: "url"'
            )
        return cls(url)
