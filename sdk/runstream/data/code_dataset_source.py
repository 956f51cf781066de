"""Data whose source was not named: the code that made it."""

from __future__ import annotations

from typing import Any, NoReturn

from runstream.data.dataset_source import DatasetSource


class CodeDatasetSource(DatasetSource):
    """tags: the system tags of a run of that code: user, script, commit."""

    def __init__(self, tags: dict[str, str]) -> None:
        self._tags = tags

    @staticmethod
    def _get_source_type() -> str:
        return "code"

    def load(self, dst_path: str | None = None) -> NoReturn:
        """There is nothing to load: raises NotImplementedError."""
        raise NotImplementedError("A dataset made by code has no place that it could be read from.")

    def to_dict(self) -> dict[str, Any]:
        return {"tags": self._tags}

    @classmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> CodeDatasetSource:
        return cls(tags=source_dict.get("tags") or {})
