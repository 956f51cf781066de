"""Which version of the program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """The version of the installed distribution."""
    try:
        return version("runstream")
    except PackageNotFoundError:
        return "unknown"
