"""Dictionaries as text files."""

from __future__ import annotations

import importlib
import json
from pathlib import PurePosixPath
from typing import Any

from runstream._validation import check_text, invalid_value


def text_as_bytes(text: Any) -> bytes:
    """Text in UTF-8. Raises INVALID_PARAMETER_VALUE for what is no text."""
    if not isinstance(text, str):
        raise invalid_value("text", text, f"it must be a string, not {type(text).__name__}.")
    check_text("text", text)
    return text.encode()


def stream_as_bytes(stream: Any) -> bytes:
    """What is left in a binary stream. Raises INVALID_PARAMETER_VALUE for what is none."""
    read = getattr(stream, "read", None)
    content = read() if callable(read) else None
    if not isinstance(content, bytes | bytearray | memoryview):
        raise invalid_value("stream", type(stream).__name__, "it must be an open binary stream.")
    return bytes(content)


def dict_as_text(dictionary: Any, artifact_file: str) -> str:
    """YAML for .yml and .yaml, else JSON.

    Without PyYAML the YAML file holds JSON, which is YAML too.
    """
    try:
        if PurePosixPath(artifact_file).suffix in {".yml", ".yaml"}:
            return _yaml(dictionary)
        return json.dumps(dictionary, indent=2)
    except Exception as error:  # foreign values raise what they like
        raise invalid_value(
            "dictionary", type(dictionary).__name__, f"it has no form as text: {error}"
        ) from error


def _yaml(dictionary: Any) -> str:
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        return json.dumps(dictionary, indent=2)
    text: str = yaml.safe_dump(dictionary, indent=2, default_flow_style=False, sort_keys=False)
    return text
