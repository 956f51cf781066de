"""The run of a parent process: what a child logs to when it has none of its own.

It travels in RUNSTREAM_INHERITED_RUN: run id, start of the attempt, source and
tracking URI, separated by blanks; the last may hold some itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from runstream._exports import export

VARIABLE = "RUNSTREAM_INHERITED_RUN"
_NO_SOURCE = "-"


class InheritedRun(NamedTuple):
    """A run that another process started and will end."""

    run_id: str
    tracking_uri: str
    attempt_start_ms: int
    source: str


def inherited_run(environ: Mapping[str, str]) -> InheritedRun | None:
    """What stands in the environment; None when there is nothing, or nothing of ours."""
    parts = environ.get(VARIABLE, "").split(" ", 3)
    if len(parts) < 4 or not parts[1].isdigit():
        return None
    run_id, attempt, source, uri = parts
    return InheritedRun(run_id, uri, int(attempt), "" if source == _NO_SOURCE else source)


def export_inherited(run: InheritedRun | None) -> None:
    """Set it for child processes, or take it away."""
    if run is None:
        export(VARIABLE, None)
        return
    parts = (run.run_id, str(run.attempt_start_ms), run.source or _NO_SOURCE, run.tracking_uri)
    export(VARIABLE, " ".join(parts))
