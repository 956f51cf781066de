"""Where a dataset comes from: the base of all sources."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any


class DatasetSource(ABC):
    """A place that data was read from.

    Sources of one's own are subclasses; an instance is given as `source=`.
    """

    @staticmethod
    @abstractmethod
    def _get_source_type() -> str:
        """The kind of source, for example "http"."""

    @abstractmethod
    def load(self, dst_path: str | None = None) -> Any:
        """Fetch the data, or say where it lies on this machine."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """What `from_dict` makes the source from again; plain JSON values."""

    @classmethod
    @abstractmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> DatasetSource:
        """The source that `to_dict` described."""

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, source_json: str) -> DatasetSource:
        return cls.from_dict(json.loads(source_json))
