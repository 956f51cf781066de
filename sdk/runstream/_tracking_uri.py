"""Which server or folder calls without a tracking URI go to."""

from __future__ import annotations

import os

from runstream._addresses import DEFAULT_FOLDER, canonical_uri
from runstream._exports import export
from runstream._process import this_process
from runstream._variables import text_of

_VARIABLE = "RUNSTREAM_TRACKING_URI"

# What set_tracking_uri was given, canonical; forks inherit it.
_given: str | None = None
# What the environment said → canonical, made absolute at the first use.
_resolved: dict[str, str] = {}


def set_tracking_uri(uri: str | os.PathLike[str] | None) -> None:
    """Where runs go from now on, here and in child processes started later.

    uri: a folder, `http(s)://host:port[/prefix]` or `grpc(s)://host:port`.
        None or "" goes back to what the environment says.

    Raises MlflowException INVALID_PARAMETER_VALUE for what Runstream cannot
    write to, with what to do instead.
    """
    global _given
    if uri is None or os.fspath(uri) == "":
        _given = None
        export(_VARIABLE, None)
        return
    _given = canonical_uri(uri)
    # As it was given: children need the credentials in it.
    export(_VARIABLE, os.fspath(uri).strip() if "@" in os.fspath(uri) else _given)


def get_tracking_uri() -> str:
    """Where runs go: an absolute URI."""
    if _given is not None:
        return _given
    text = text_of("TRACKING_URI")
    inherited = this_process().inherited
    if not text and inherited is not None:
        return inherited.tracking_uri
    if text not in _resolved:
        _resolved[text] = canonical_uri(text or DEFAULT_FOLDER)
    return _resolved[text]


def is_tracking_uri_set() -> bool:
    """Whether a call or the environment has set one."""
    return _given is not None or bool(text_of("TRACKING_URI"))


def forget() -> None:
    """Be as before the first call; for tests."""
    global _given
    _given = None
    _resolved.clear()
