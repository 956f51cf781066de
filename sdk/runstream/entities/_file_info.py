"""Entries of a listing of artifacts."""

from __future__ import annotations

from dataclasses import dataclass

from runstream.entities._base import Entity


@dataclass(frozen=True)
class FileInfo(Entity):
    """A file or folder among the artifacts of a run.

    path: relative to the run's root.
    file_size: bytes; None for a folder.
    """

    path: str
    is_dir: bool
    file_size: int | None = None
