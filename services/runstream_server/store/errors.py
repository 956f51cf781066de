"""What the store raises.

    Exception
    └── StoreError              the engine refused or failed; the message is its own
        ├── StoreVersionError   the folder was written by a newer version
        └── StoreBusyError      another process, or another folder in this one, has the engine

Errors of the client library are translated in `engine.py` and nowhere else.
"""

from __future__ import annotations


class StoreError(Exception):
    """A statement failed. Whether a failed insert was written is not known."""


class StoreVersionError(StoreError):
    """The tables are newer than this program."""


class StoreBusyError(StoreError):
    """The engine could not be opened here."""
