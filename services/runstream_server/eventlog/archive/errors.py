"""What goes wrong with an archive.

Exception
├── ArchiveSettingError                     a setting cannot be used; the message names it
├── LogUnavailableError
│   └── ArchiveUnavailableError             the storage cannot take or give objects now
└── LogMismatchError
    ├── ArchiveMismatchError                it is another log's, damaged, or unfit
    └── RestoreError                        the topics that were to be restored into are unfit
"""

from __future__ import annotations

from runstream_server.eventlog.port import LogMismatchError, LogUnavailableError


class ArchiveSettingError(Exception):
    """RUNSTREAM_ARCHIVE cannot be used; the message says why."""


class ArchiveUnavailableError(LogUnavailableError):
    """The storage could not take or give an object now; asking again is safe."""


class ArchiveMismatchError(LogMismatchError):
    """What the archive holds is not what it should be: nothing may go on."""


class RestoreError(LogMismatchError):
    """Topics cannot be restored into; the message says what to do."""
