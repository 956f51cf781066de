"""Params and tags of runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runstream._fluent._current import writer_for
from runstream._flush import RunOperations, finished
from runstream._validation import check_key


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log an input of the active run, once and for all.

    value: becomes text; over 6000 characters it is cut, with a warning.

    Returns the value (a handle with `.wait()` for `synchronous=False`). Raises
    INVALID_PARAMETER_VALUE for a bad key, and where this process logged another
    value before. Starts a run when none is active.
    """
    writer = writer_for()
    writer.log_params({check_key(key): value})
    return finished(writer.tracking_uri, synchronous, value)


def log_params(
    params: Mapping[str, Any], synchronous: bool | None = None, run_id: str | None = None
) -> RunOperations | None:
    """Log many params; none of them when one is refused. See `log_param`."""
    writer = writer_for(run_id)
    writer.log_params(params)
    return finished(writer.tracking_uri, synchronous, None)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
    """Set a tag of the active run; the last value wins.

    value: becomes text; over 8000 characters it is cut, with a warning.
    """
    writer = writer_for()
    writer.set_tags({check_key(key): value})
    return finished(writer.tracking_uri, synchronous, None)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> RunOperations | None:
    """Set many tags; none of them when one is refused."""
    writer = writer_for()
    writer.set_tags(tags)
    return finished(writer.tracking_uri, synchronous, None)


def delete_tag(key: str) -> None:
    """Delete a tag of the active run; one that is not there is no error."""
    writer_for().delete_tag(key)
