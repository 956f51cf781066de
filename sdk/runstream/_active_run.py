"""The run that `start_run` returns, and how it ends."""

from __future__ import annotations

from types import TracebackType

from runstream import _stack
from runstream._messages import spool_pb2
from runstream._process import this_process
from runstream._runs import open_writer
from runstream._stack import OpenRun
from runstream._writer import RunWriter, now_ms
from runstream.entities import Run, RunStatus

# Of a shared run, rank 0 says what its status is. The other ranks' start is an
# attempt older than any real one, so that it never beats rank 0's end; what
# they say when they fail is an attempt newer than rank 0's, so that it does.
OTHER_RANKS_ATTEMPT_MS = 1


class ActiveRun(Run):
    """A run that logging calls go to, until it ends.

    As a context manager it ends when the block does: FINISHED, or FAILED when
    an exception leaves it (leaving by `sys.exit(0)` is no failure). Its data is
    what was known when the run started.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run.info, run.data, run.inputs, run.outputs)

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        for entry in list(this_process().open_runs.values()):
            if entry.run is self:
                _end_with_inner(entry, status_after(exc_value))
        return exc_type is None


def status_after(error: BaseException | None) -> str:
    """How a run ends when this exception, or none, leaves its block or the script."""
    if error is None:
        return "FINISHED"
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return "FINISHED"
    return "FAILED"


def _end_with_inner(entry: OpenRun, status: str) -> None:
    runs = _stack.active_runs()
    inner = runs[runs.index(entry) :] if entry in runs else (entry,)
    for run in reversed(inner):
        end(run, status)


def end(entry: OpenRun, status: str) -> None:
    """End a run and take it off its stack."""
    say_ended(entry.writer, status)
    _stack.remove(entry)


def say_ended(writer: RunWriter, status: str) -> None:
    """Spool the end of a run."""
    RunStatus.from_string(status)
    if writer.definition.attempt_start_ms == OTHER_RANKS_ATTEMPT_MS:
        if status != "FINISHED":
            writer = _failing_attempt(writer)
            writer.update(status=status, end_time_ms=now_ms())
    else:
        writer.update(status=status, end_time_ms=now_ms())
    writer.close()


def _failing_attempt(writer: RunWriter) -> RunWriter:
    definition = spool_pb2.RunDefinition()
    definition.CopyFrom(writer.definition)
    definition.attempt_start_ms = now_ms()
    return open_writer(definition)
