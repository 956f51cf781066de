"""The run that a logging call without a run id means."""

from __future__ import annotations

from runstream._process import this_process
from runstream._runs import inherited_writer, writer_of
from runstream._stack import active_runs
from runstream._tracking_uri import get_tracking_uri
from runstream._writer import RunWriter


def writer_for(run_id: str | None = None) -> RunWriter:
    """Of that run, else the innermost active one, else the inherited one, else a new one."""
    if run_id is not None:
        return writer_of(run_id, uri_of(run_id))
    runs = active_runs()
    if runs:
        return runs[-1].writer
    process = this_process()
    if process.inherited is not None:
        return inherited_writer(process)
    from runstream._fluent.runs import start_run

    start_run()
    return active_runs()[-1].writer


def uri_of(run_id: str) -> str:
    """Where a run is: at its active run's server, else at the current one."""
    for entry in active_runs():
        if entry.writer.run_id == run_id:
            return entry.writer.tracking_uri
    return get_tracking_uri()
