"""Data in files: on this machine, or in a store known by the scheme of its address."""

from __future__ import annotations

from typing import Any

from runstream.data.dataset_source import DatasetSource
from runstream.exceptions import MlflowException

#: The schemes that MLflow knows stores for; the type of the source is the scheme.
STORE_SCHEMES = ("s3", "r2", "b2", "gs", "wasb", "wasbs", "abfss", "ftp", "sftp", "hdfs", "viewfs")


class FileSystemDatasetSource(DatasetSource):
    """uri: a path or an address, as it was given."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    @property
    def uri(self) -> str:
        return self._uri

    def load(self, dst_path: str | None = None) -> str:
        """The path of the data on this machine, fetched where it has to be."""
        from runstream.artifacts import download_artifacts

        return download_artifacts(artifact_uri=self._uri, dst_path=dst_path)

    def to_dict(self) -> dict[str, Any]:
        return {"uri": self._uri}

    @classmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> FileSystemDatasetSource:
        uri = source_dict.get("uri")
        if uri is None:
            raise MlflowException.invalid_parameter_value(
                f'Failed to parse {cls.__name__}. Missing expected key: "uri"'
            )
        return cls(uri)


class LocalArtifactDatasetSource(FileSystemDatasetSource):
    """A path of this machine, or a file: address."""

    @staticmethod
    def _get_source_type() -> str:
        return "local"


def store_source(scheme: str) -> type[FileSystemDatasetSource]:
    """The class for addresses of a scheme, the same one each time."""
    return _STORES[scheme]


def _class_for(scheme: str) -> type[FileSystemDatasetSource]:
    def source_type() -> str:
        return scheme

    name = f"{scheme.capitalize()}ArtifactDatasetSource"
    members = {"_get_source_type": staticmethod(source_type), "__module__": __name__}
    return type(name, (FileSystemDatasetSource,), members)


_STORES = {scheme: _class_for(scheme) for scheme in STORE_SCHEMES}
