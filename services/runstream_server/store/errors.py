"""What the store raises.

    Exception
    └── StoreError                 the engine refused or failed; the message is its own
        ├── StoreVersionError      the tables were written by a newer version
        ├── StoreBusyError         another process, or another folder in this one, has the engine
        ├── StoreUnavailableError  the engine is away or overloaded: the same may work later
        └── RowsRefusedError       these rows are refused, and would be again

Errors of the client library are translated by the engines and nowhere else.
Which code of ClickHouse is which stands in `codes.py`.
"""

from __future__ import annotations

from runstream_server.errors import AwayError


class StoreError(Exception):
    """A statement failed. Whether a failed insert was written is not known.

    code: ClickHouse's number of the error; 0 where there is none.
    """

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class StoreVersionError(StoreError):
    """The tables are newer than this program."""


class StoreBusyError(StoreError):
    """The engine could not be opened here."""


class StoreUnavailableError(StoreError, AwayError):
    """It was tried again for a while; it may be tried again later."""

    said = (
        "The tables cannot be read now: ClickHouse is away or overloaded. Nothing is lost, and "
        "writes go on; every read may be repeated. Try again in a moment."
    )


class RowsRefusedError(StoreError):
    """An insert failed because of what was in it."""
