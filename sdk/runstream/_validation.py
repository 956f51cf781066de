"""What may be logged: names, lengths, text. Rules and key phrases as in MLflow.

Every refusal names the field, the value (shortened) and the limit.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from runstream import _limits as limits
from runstream._notices import warn
from runstream.exceptions import MlflowException

_NAME = re.compile(r"[/\w.\- :]+")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")
_OWN_RUN_ID = re.compile(r"[0-9a-f]{32}")
_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
_NOT_IN_MODEL_NAMES = "/:.%\"'"
_SOURCE = re.compile(r"[\w.\-]+=[\w.\-/:]*(,[\w.\-]+=[\w.\-/:]*)*")
_ALLOWED = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), "
    "spaces ( ), colons (:) and slashes (/)."
)


def shown(value: Any) -> str:
    """A value for a message: JSON where it can be, shortened."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    except Exception:  # foreign values raise what they like
        text = _repr(value)
    if len(text) <= limits.SHOWN_VALUE_CHARACTERS:
        return text
    return f"{text[: limits.SHOWN_VALUE_CHARACTERS]}…"


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def invalid_value(field: str, value: Any, reason: str) -> MlflowException:
    """The refusal of a value."""
    return MlflowException.invalid_parameter_value(
        f"Invalid value {shown(value)} for parameter '{field}' supplied: {reason}"
    )


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value == "")


def missing_value(field: str) -> MlflowException:
    """The refusal of nothing."""
    return MlflowException.invalid_parameter_value(
        f"Missing value for required parameter '{field}'."
    )


def check_length(field: str, value: str, limit: int) -> None:
    """Raises when `value` has more characters than `limit`."""
    if len(value) > limit:
        raise MlflowException.invalid_parameter_value(
            f"'{field}' exceeds the maximum length of {limit} characters: "
            f"{shown(value)} has {len(value)}."
        )


def check_key(key: Any, field: str = "key") -> str:
    """A key of a metric, param or tag."""
    if _is_missing(key):
        raise missing_value(field)
    if not isinstance(key, str):
        raise invalid_value(field, key, f"a name is a string, not {type(key).__name__}.")
    if not _NAME.fullmatch(key):
        raise invalid_value(field, key, _ALLOWED)
    resolved = posixpath.normpath(key)
    if resolved != key or key == "." or key.startswith(("..", "/")):
        raise invalid_value(
            field,
            key,
            "Names may be treated as files in certain cases, and must not resolve to other "
            f"names when treated as such. This name would resolve to {shown(resolved)}.",
        )
    check_length(field, key, limits.KEY_LENGTH_CHARACTERS)
    check_text(field, key)
    return key


def check_text(field: str, text: str) -> None:
    """Raises for text that has no UTF-8 form (a lone surrogate)."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise invalid_value(field, text, "it has no form in UTF-8.") from error


def param_value(key: str, value: Any, *, truncate: bool) -> str:
    """The text of a param's value."""
    return _text(f"value of param {key}", value, limits.PARAM_VALUE_LENGTH_CHARACTERS, truncate)


def tag_value(key: str, value: Any, *, truncate: bool) -> str:
    """The text of a tag's value."""
    return _text(f"value of tag {key}", value, limits.TAG_VALUE_LENGTH_CHARACTERS, truncate)


def as_text(field: str, value: Any) -> str:
    """`str(value)`. Raises INVALID_PARAMETER_VALUE for what has none."""
    try:
        return str(value)
    except Exception as error:  # foreign types raise what they like
        raise invalid_value(field, value, f"it has no form as text: {error!r}") from error


def check_string(field: str, given: Any) -> str:
    """Text that has a form in UTF-8. Raises INVALID_PARAMETER_VALUE for anything else."""
    if not isinstance(given, str):
        raise invalid_value(field, given, f"it must be a string, not {type(given).__name__}.")
    check_text(field, given)
    return given


def check_list(field: str, given: Any) -> list[Any]:
    """The items of a list or another sequence. Raises INVALID_PARAMETER_VALUE for no such thing."""
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise invalid_value(field, given, f"it must be a list, not {type(given).__name__}.")
    return list(given)


def check_mapping(field: str, given: Any) -> Mapping[Any, Any]:
    """Keys with values. Raises INVALID_PARAMETER_VALUE for anything else."""
    if not isinstance(given, Mapping):
        raise invalid_value(field, given, f"it must be a dict, not {type(given).__name__}.")
    return given


def _text(field: str, value: Any, limit: int, truncate: bool) -> str:
    text = as_text(field, value)
    if len(text) > limit:
        if not truncate:
            check_length(field, text, limit)
        warn(f"The {field} has {len(text)} characters and is cut to {limit}: {shown(text)}")
        text = text[:limit]
    check_text(field, text)
    return text


def check_run_id(run_id: Any) -> str:
    """A run id as MLflow takes one: to look for, not necessarily ours."""
    if _is_missing(run_id):
        raise missing_value("run_id")
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise invalid_value(
            "run_id", run_id, "it must be 32 hex characters, as a run's info.run_id."
        )
    return run_id


def check_own_run_id(run_id: Any) -> str:
    """A run id that can be written to: 32 hex characters."""
    text = check_run_id(run_id).lower()
    if not _OWN_RUN_ID.fullmatch(text):
        raise invalid_value(
            "run_id", run_id, "it must be 32 hex characters, as a run's info.run_id."
        )
    return text


def check_experiment_id(experiment_id: Any) -> str:
    """An experiment id as decimal digits; integers are taken too."""
    text = as_text("experiment_id", experiment_id)
    if not (text.isascii() and text.isdigit()):
        raise invalid_value("experiment_id", experiment_id, "it must be a valid integer.")
    if len(text) > limits.EXPERIMENT_ID_LENGTH_DIGITS:
        raise invalid_value(
            "experiment_id",
            experiment_id,
            f"it has at most {limits.EXPERIMENT_ID_LENGTH_DIGITS} digits.",
        )
    return text


def check_experiment_name(name: Any) -> str:
    """A name for an experiment."""
    if _is_missing(name):
        raise missing_value("name")
    if not isinstance(name, str):
        raise invalid_value("name", name, "the name of an experiment must be a string.")
    check_length("name", name, limits.EXPERIMENT_NAME_LENGTH_CHARACTERS)
    check_text("name", name)
    return name


def check_experiment_tag(key: Any, value: Any) -> tuple[str, str]:
    """A tag of an experiment, as text."""
    text = as_text("value", value)
    check_length("value", text, limits.EXPERIMENT_TAG_VALUE_LENGTH_CHARACTERS)
    check_text("value", text)
    return check_key(key), text


def check_model_id(model_id: Any) -> str:
    """The id of a logged model of ours."""
    if model_id is None or model_id == "":
        raise missing_value("model_id")
    if not isinstance(model_id, str) or not _MODEL_ID.fullmatch(model_id):
        raise invalid_value("model_id", model_id, 'it must be "m-" and 32 hex characters.')
    return model_id


def check_model_name(name: Any) -> str:
    """A name for a logged model: it becomes part of addresses."""
    if not isinstance(name, str) or any(character in _NOT_IN_MODEL_NAMES for character in name):
        raise MlflowException.invalid_parameter_value(
            f"Invalid model name ({shown(name)}) provided. Model name must be a non-empty string "
            f"and cannot contain the following characters: {' '.join(_NOT_IN_MODEL_NAMES)}"
        )
    check_length("name", name, limits.MODEL_NAME_LENGTH_CHARACTERS)
    check_text("name", name)
    return name


def check_source(source: str) -> str:
    """Which process of a run: "k=v[,k=v]", sorted by k."""
    if source == "":
        return source
    if not _SOURCE.fullmatch(source):
        raise invalid_value("source", source, 'it must look like "rank=3" or "node=1,rank=3".')
    parts = sorted(source.split(","), key=_name_of)
    names = [_name_of(part) for part in parts]
    if len(set(names)) < len(names):
        raise invalid_value("source", source, "every name may stand in it once.")
    check_length("source", source, limits.SOURCE_LENGTH_CHARACTERS)
    return ",".join(parts)


def _name_of(part: str) -> str:
    return part.partition("=")[0]


def check_artifact_path(path: str, field: str = "artifact_path") -> str:
    """A place among a run's artifacts: relative, normalised, forward slashes."""
    if isinstance(path, os.PathLike):
        path = os.fspath(path)
    if not isinstance(path, str):
        raise invalid_value(field, path, "it must be a string or a path.")
    names = path.split("/")
    bad = (
        path == ""
        or posixpath.normpath(path) != path
        or path.startswith("/")
        or names[0] in {"..", "."}
        or any(c == "\\" or ord(c) < 32 for c in path)
    )
    if bad:
        raise MlflowException.invalid_parameter_value(
            f"Invalid path: {shown(path)} for '{field}': it must be relative and normalised, "
            "without '..', backslashes and control characters."
        )
    check_text(field, path)
    if len(path.encode()) > limits.ARTIFACT_PATH_LENGTH_BYTES:
        raise MlflowException.invalid_parameter_value(
            f"'{field}' exceeds the maximum length of {limits.ARTIFACT_PATH_LENGTH_BYTES} bytes: "
            f"{shown(path)}."
        )
    longest = max(names, key=len)
    if len(longest.encode()) > limits.ARTIFACT_NAME_LENGTH_BYTES:
        raise MlflowException.invalid_parameter_value(
            f"Invalid path: {shown(path)} for '{field}': the name {shown(longest)} in it has more "
            f"than {limits.ARTIFACT_NAME_LENGTH_BYTES} bytes."
        )
    return path
