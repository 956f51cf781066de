"""Images, figures and tables as artifacts of a run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from runstream import _artifacts, _figures, _images
from runstream._flush import wait_accepted
from runstream._ids import new_upload_id
from runstream._system_tags import LOGGED_IMAGES
from runstream._validation import check_artifact_path, shown
from runstream._values import as_step, as_timestamp_ms
from runstream._writer import RunWriter, now_ms

_IMAGE_KEY = re.compile(r"[a-zA-Z0-9_\-./ ]+")
# Names of files: a slash in a key must not make a folder.
_SLASH = "~"


def log_image_file(writer: RunWriter, image: Any, artifact_file: str) -> None:
    """An image as a file; its kind goes by the ending."""
    path = check_artifact_path(artifact_file, "artifact_file")
    _artifacts.log_bytes(writer, _images.encoded_as(_images.as_pil(image), path), path)


def log_image_of_series(writer: RunWriter, image: Any, key: str, step: Any, timestamp: Any) -> None:
    """An image of a series of them: whole, and as a small copy."""
    if not isinstance(key, str) or not _IMAGE_KEY.fullmatch(key):
        raise ValueError(
            "The `key` parameter may only contain alphanumerics, underscores (_), dashes (-), "
            f"periods (.), spaces ( ) and slashes (/). The key is {shown(key)}."
        )
    time_ms = as_timestamp_ms(timestamp) if timestamp else now_ms()
    name = "+".join(
        (key.replace("/", _SLASH), "step", str(as_step(step)), "timestamp", str(time_ms),
         new_upload_id())
    )  # fmt: skip
    path = check_artifact_path(posixpath.join("images", f"{name}.png"), "key")
    small = check_artifact_path(posixpath.join("images", f"{name}+compressed.webp"), "key")
    picture = _images.as_pil(image)
    whole, preview = _images.encoded(picture, "PNG"), _images.preview(picture)
    _artifacts.log_bytes(writer, preview, small)
    _artifacts.log_bytes(writer, whole, path)
    writer.set_tags({LOGGED_IMAGES: "True"})


def check_image_arguments(artifact_file: Any, key: Any, step: Any, timestamp: Any) -> None:
    """Either a file, or a key with step and time. TypeError for anything else."""
    if (artifact_file is None) == (key is None):
        raise TypeError(
            "Invalid arguments: Please specify exactly one of `artifact_file` or `key`. Use `key` "
            "for a series of images, `artifact_file` for a single one."
        )
    if artifact_file is not None and (step is not None or timestamp is not None):
        raise TypeError(
            "The `artifact_file` parameter cannot be used in conjunction with `key`, `step`, or "
            "`timestamp` parameters."
        )


def log_figure(
    writer: RunWriter, figure: Any, artifact_file: str, save_kwargs: Mapping[str, Any] | None
) -> None:
    """A figure of matplotlib or plotly as a file."""
    path = check_artifact_path(artifact_file, "artifact_file")
    _artifacts.log_bytes(writer, _figures.encoded(figure, path, save_kwargs or {}), path)


def waited(writer: RunWriter, synchronous: bool | None) -> None:
    """Wait until it is accepted, where that was asked for."""
    if synchronous:
        wait_accepted(writer.tracking_uri)
