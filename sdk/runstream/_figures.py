"""Figures of matplotlib and plotly as files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

_PLOTLY_IMAGES = (".png", ".jpeg", ".webp", ".svg", ".pdf")


def encoded(figure: Any, artifact_file: str, options: Mapping[str, Any]) -> bytes:
    """The bytes of the file; its kind goes by the ending of the name.

    Raises TypeError for another kind of figure and what plotly cannot write,
    and what the library raises.
    """
    save = _saver(figure, artifact_file)
    with tempfile.TemporaryDirectory(prefix="runstream-") as folder:
        path = Path(folder) / PurePosixPath(artifact_file).name
        save(path, options)
        return path.read_bytes()


def _saver(figure: Any, artifact_file: str) -> Any:
    if _comes_from(figure, "matplotlib"):
        return lambda path, options: figure.savefig(path, **options)
    if not _comes_from(figure, "plotly"):
        raise TypeError(f"Unsupported figure object type: '{type(figure)}'")
    ending = PurePosixPath(artifact_file).suffix
    if ending == ".html":
        defaults = {"include_plotlyjs": "cdn", "auto_open": False}
        return lambda path, options: figure.write_html(str(path), **{**defaults, **options})
    if ending in _PLOTLY_IMAGES:
        return lambda path, options: figure.write_image(str(path), **options)
    raise TypeError(
        f"Unsupported file extension for plotly figure: '{ending}'. One of .html, "
        f"{', '.join(_PLOTLY_IMAGES)}."
    )


def _comes_from(figure: Any, library: str) -> bool:
    """Whether its class is the library's, or made from one of them."""
    return any(kind.__module__.partition(".")[0] == library for kind in type(figure).__mro__)
