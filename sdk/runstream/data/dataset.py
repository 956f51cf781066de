"""What all datasets have in common."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

from runstream.data.dataset_source import DatasetSource
from runstream.entities import Dataset as DatasetEntity


class Dataset(ABC):
    """A description of data: name, digest, source, schema and profile.

    A subclass sets what its digest is made from, then calls this constructor.
    """

    def __init__(
        self, source: DatasetSource, name: str | None = None, digest: str | None = None
    ) -> None:
        self._source = source
        self._name = name
        self._digest = digest or self._compute_digest()

    @abstractmethod
    def _compute_digest(self) -> str:
        """A short hash of the data, at most 36 characters."""

    @property
    @abstractmethod
    def profile(self) -> Any | None:
        """Sizes and the like; plain JSON values."""

    @property
    @abstractmethod
    def schema(self) -> Any | None:
        """Names and types; None where they cannot be told."""

    @property
    def name(self) -> str:
        return "dataset" if self._name is None else self._name

    @property
    def digest(self) -> str:
        return self._digest

    @property
    def source(self) -> DatasetSource:
        return self._source

    def to_dict(self) -> dict[str, Any]:
        """What is logged, as text."""
        return {
            "name": self.name,
            "digest": self.digest,
            "source": self.source.to_json(),
            "source_type": self.source._get_source_type(),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def _to_mlflow_entity(self) -> DatasetEntity:
        fields = self.to_dict()
        return DatasetEntity(
            name=fields["name"],
            digest=fields["digest"],
            source_type=fields["source_type"],
            source=fields["source"],
            schema=fields.get("schema"),
            profile=fields.get("profile"),
        )
