"""What can go wrong with a spool.

SpoolError              a RunstreamError
├── SpoolUnusable   no folder where a spool could be made
├── SpoolFull       no room, and the policy is to raise; an MlflowException as well
├── SpoolLost       its files were taken away: make a new one
├── WrongProcess    this spool belongs to the parent process: make a new one
└── SpoolInUse      its writer lives, so nobody else may change it
"""

from __future__ import annotations

import errno

from runstream.error_codes import RESOURCE_EXHAUSTED
from runstream.exceptions import MlflowException, RunstreamError


class SpoolError(RunstreamError):
    """Base of all errors of the spool."""


class SpoolUnusable(SpoolError):  # noqa: N818
    """There is no folder in which a spool can be made safely."""


class SpoolFull(SpoolError, MlflowException):  # noqa: N818
    """The spool cannot grow. What was logged before is safe; this call is not in it."""

    def __init__(self, message: object) -> None:
        MlflowException.__init__(self, message, RESOURCE_EXHAUSTED)

    def __reduce__(self) -> tuple[object, ...]:
        return SpoolFull, (self.message,)

    def __str__(self) -> str:
        return f"{self.error_code}: {super().__str__()}"


class SpoolLost(SpoolError):  # noqa: N818
    """The files of this spool were removed while it was in use."""


class WrongProcess(SpoolError):  # noqa: N818
    """The spool was made by another process (this one is a fork of it)."""


class SpoolInUse(SpoolError):  # noqa: N818
    """The process that writes this spool is alive."""


# What an operating system says when a file cannot grow now but may later.
CANNOT_GROW = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EAGAIN,
    }
)
