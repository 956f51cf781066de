"""Rules for single values. Each raises RuleError; phrases are MLflow's.

A fault names the field, the value (shortened) and the limit.
"""

from __future__ import annotations

import json
import posixpath
import re
from functools import lru_cache

from runstream_server.events import limits

_NAME = re.compile(r"[/\w.\- :]+")
_SOURCE = re.compile(r"[\w.\-]+=[\w.\-/:]*(,[\w.\-]+=[\w.\-/:]*)*")
_ALLOWED = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), "
    "spaces ( ), colons (:) and slashes (/)."
)
_NOT_IN_MODEL_NAMES = "/:.%\"'"
_PATH_RULE = "it must be relative and normalised, without '..', backslashes and control characters."


class RuleError(Exception):
    """A value breaks a rule. `limit` is empty where no limit was passed."""

    def __init__(self, field: str, message: str, limit: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.limit = limit


def shown(value: object) -> str:
    """A value for a message: as JSON, shortened."""
    text = value.hex() if isinstance(value, bytes) else value
    if isinstance(text, str):
        text = json.dumps(text[: limits.SHOWN_VALUE_CHARACTERS + 1])
    text = str(text)
    if len(text) <= limits.SHOWN_VALUE_CHARACTERS:
        return text
    return f"{text[: limits.SHOWN_VALUE_CHARACTERS]}…"


def invalid(field: str, value: object, reason: str, limit: str = "") -> RuleError:
    """The fault of a value."""
    return RuleError(
        field, f"Invalid value {shown(value)} for parameter '{field}' supplied: {reason}", limit
    )


def required(field: str, value: str | bytes) -> None:
    """Something has to stand there."""
    if not value:
        raise RuleError(field, f"Missing value for required parameter '{field}'.")


def at_most(field: str, value: str, characters: int) -> None:
    """A text has a greatest length."""
    if len(value) > characters:
        raise RuleError(
            field,
            f"'{field}' exceeds the maximum length of {characters} characters: "
            f"{shown(value)} has {len(value)}.",
            f"{characters} characters",
        )


def not_negative(field: str, value: int) -> None:
    """Times and sizes count from 0."""
    if value < 0:
        raise invalid(field, value, "it must not be negative.", "0 or more")


def exact_bytes(field: str, value: bytes, size: int) -> None:
    """A binary id or checksum has one length."""
    if len(value) != size:
        raise invalid(field, value, f"it must be {size} bytes, not {len(value)}.", f"{size} bytes")


def key(field: str, value: str) -> None:
    """A key of a metric, param or tag."""
    required(field, value)
    at_most(field, value, limits.KEY_CHARACTERS)
    reason = _key_fault(value)
    if reason:
        raise invalid(field, value, reason)


@lru_cache(maxsize=65_536)
def _key_fault(value: str) -> str:
    if not _NAME.fullmatch(value):
        return _ALLOWED
    resolved = posixpath.normpath(value)
    if resolved != value or value == "." or value.startswith(("..", "/")):
        return (
            "Names may be treated as files in certain cases, and must not resolve to other "
            f"names when treated as such. This name would resolve to {shown(resolved)}."
        )
    return ""


def source(field: str, value: str) -> None:
    """Which process of a run: "k=v[,k=v]", sorted by k; empty for one process."""
    if not value:
        return
    at_most(field, value, limits.SOURCE_CHARACTERS)
    names = [part.partition("=")[0] for part in value.split(",")]
    if not _SOURCE.fullmatch(value) or sorted(set(names)) != names:
        raise invalid(
            field, value, 'it must look like "rank=3" or "node=1,rank=3", sorted, each name once.'
        )


def experiment_id(field: str, value: str) -> None:
    """Decimal digits."""
    if not (value.isascii() and value.isdigit() and len(value) <= limits.ID_DIGITS):
        raise invalid(field, value, "Experiment ID must be a valid integer.")


def experiment_name(field: str, value: str) -> None:
    """Any text that is not empty, slashes and newlines included."""
    required(field, value)
    at_most(field, value, limits.EXPERIMENT_NAME_CHARACTERS)


def model_name(field: str, value: str) -> None:
    """Of a logged model: it becomes part of addresses. Need not be unique."""
    required(field, value)
    at_most(field, value, limits.NAME_CHARACTERS)
    if any(character in _NOT_IN_MODEL_NAMES for character in value):
        raise invalid(
            field,
            value,
            f"Invalid model name: it must not contain any of {' '.join(_NOT_IN_MODEL_NAMES)}",
        )


def artifact_path(field: str, value: str) -> None:
    """A place among a run's artifacts: relative, normalised, forward slashes."""
    required(field, value)
    if len(value.encode()) > limits.ARTIFACT_PATH_BYTES:
        raise RuleError(
            field,
            f"'{field}' exceeds the maximum length of {limits.ARTIFACT_PATH_BYTES} bytes: "
            f"{shown(value)}.",
            f"{limits.ARTIFACT_PATH_BYTES} bytes",
        )
    if _escapes(value) or any(c == "\\" or ord(c) < 32 for c in value):
        raise RuleError(field, f"Invalid path: {shown(value)} for '{field}': {_PATH_RULE}")
    if any(len(part.encode()) > limits.ARTIFACT_NAME_BYTES for part in value.split("/")):
        raise RuleError(
            field,
            f"Invalid path: {shown(value)} for '{field}': a name in it is longer than "
            f"{limits.ARTIFACT_NAME_BYTES} bytes.",
            f"{limits.ARTIFACT_NAME_BYTES} bytes",
        )


def _escapes(path: str) -> bool:
    first = path.split("/", 1)[0]
    return posixpath.normpath(path) != path or path.startswith("/") or first in {"..", "."}
