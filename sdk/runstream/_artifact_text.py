"""Dictionaries as text files."""

from __future__ import annotations

import importlib
import json
from pathlib import PurePosixPath
from typing import Any

from runstream._validation import invalid_value


def dict_as_text(dictionary: Any, artifact_file: str) -> str:
    """YAML for .yml and .yaml, else JSON.

    Without PyYAML the YAML file holds JSON, which is YAML too.
    """
    try:
        if PurePosixPath(artifact_file).suffix in {".yml", ".yaml"}:
            return _yaml(dictionary)
        return json.dumps(dictionary, indent=2)
    except (TypeError, ValueError) as error:
        raise invalid_value("dictionary", dictionary, f"it has no form as text: {error}") from error


def _yaml(dictionary: Any) -> str:
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        return json.dumps(dictionary, indent=2)
    text: str = yaml.safe_dump(dictionary, indent=2, default_flow_style=False, sort_keys=False)
    return text
