"""Known errors as one sentence on the terminal."""

from __future__ import annotations

import click


def said(error: Exception) -> Exception:
    """A known error without its trace; others as they are."""
    # Imported when something went wrong: `--help` need not wait for the engine's modules.
    from runstream_server.cluster.errors import RoleError
    from runstream_server.doors.settings import DoorError
    from runstream_server.eventlog.port import LogMismatchError, LogUnavailableError
    from runstream_server.folder import FolderError
    from runstream_server.store.errors import StoreError

    known = (
        DoorError,
        FolderError,
        LogMismatchError,
        LogUnavailableError,
        RoleError,
        StoreError,
    )
    return click.ClickException(str(error)) if isinstance(error, known) else error
