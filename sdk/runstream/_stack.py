"""Which runs are active: a stack per thread, and one per asyncio task.

A run that is started inside an asyncio task belongs to that task (and to the
tasks and threads that it starts); a cell of a notebook does not count as a
task. The innermost run of a thread is kept ready for the hot path.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from runstream._process import Process, this_process
from runstream._variables import text_of

if TYPE_CHECKING:
    from runstream._active_run import ActiveRun
    from runstream._writer import RunWriter
    from runstream.spool.series import RunSpool


@dataclass(frozen=True, eq=False)
class OpenRun:
    """A run on a stack.

    in_task: it lies on the stack of an asyncio task.
    """

    process: Process
    writer: RunWriter
    run: ActiveRun
    in_task: bool


class _ThreadRuns(threading.local):
    """One thread's stack, and the innermost run's points for the hot path.

    points: None where the hot path must not be taken: no run, runs of tasks are
        open in this thread, or points may belong to a model.
    stepped: where only the models that the run wrote are in the way of the hot
        path: its points, and the steps of these models.
    model_id: the model that was made active here; "": none; None: nobody said,
        so the environment counts.
    """

    points: RunSpool | None = None
    stepped: tuple[RunSpool, Mapping[int, list[str]]] | None = None
    runs: tuple[OpenRun, ...] = ()
    open_in_tasks: int = 0
    model_id: str | None = None


local = _ThreadRuns()
_task_runs: ContextVar[tuple[OpenRun, ...]] = ContextVar("runstream_runs", default=())


def active_runs() -> tuple[OpenRun, ...]:
    """The caller's stack, innermost last."""
    process = this_process()
    runs = _task_runs.get()
    if not runs or runs[-1].process is not process:
        runs = local.runs
    if any(id(entry) not in process.open_runs for entry in runs):  # ended by another thread
        runs = tuple(entry for entry in runs if id(entry) in process.open_runs)
    return runs


def push(entry: OpenRun) -> None:
    """Make a run the innermost one of the caller's stack."""
    entry.process.open_runs[id(entry)] = entry
    if entry.in_task:
        runs = _task_runs.get()
        mine = runs if runs and runs[-1].process is entry.process else local.runs
        _task_runs.set((*mine, entry))
        local.open_in_tasks += 1
    else:
        local.runs = (*local.runs, entry)
    refresh()
    _export(entry.process)


def remove(entry: OpenRun) -> None:
    """Take a run off the caller's stack, wherever in it it lies."""
    entry.process.open_runs.pop(id(entry), None)
    if entry.in_task:
        _task_runs.set(_without(_task_runs.get(), entry))
        local.open_in_tasks = max(0, local.open_in_tasks - 1)
    else:
        local.runs = _without(local.runs, entry)
    refresh()
    _export(entry.process)


def refresh() -> None:
    """Make the innermost run of this thread ready for the hot path."""
    local.points = local.stepped = None
    runs = local.runs
    if not runs or local.open_in_tasks or active_model_id():
        return
    writer = runs[-1].writer
    if writer.outputs:
        local.stepped = (writer.points, writer.outputs)
    else:
        local.points = writer.points


def active_model_id() -> str:
    """The model that points of this thread belong to; empty: none."""
    return text_of("ACTIVE_MODEL_ID") if local.model_id is None else local.model_id


def set_active_model_id(model_id: str | None) -> None:
    """Make a model active in this thread; "" none, None what the environment says."""
    local.model_id = model_id
    refresh()


def keep_ready(writer: RunWriter) -> None:
    """After the long way: see that the hot path does not meet a spool that is gone."""
    ready = local.stepped[0] if local.stepped is not None else local.points
    if ready is not None and ready is not writer.points:
        refresh()


def forget() -> None:
    """Nothing is active in this thread: a fork starts with no run."""
    local.runs = ()
    local.open_in_tasks = 0
    local.points = local.stepped = None
    local.model_id = None


def in_task() -> bool:
    """Whether the caller is code of an asyncio task, other than a notebook's cell."""
    asyncio = sys.modules.get("asyncio")  # nobody has a task who has not imported it
    if asyncio is None:
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no running event loop
        return False
    return task is not None and not _in_notebook_cell(sys._getframe())


def _in_notebook_cell(frame: FrameType | None) -> bool:
    """Whether IPython runs this code, from here down to the event loop."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module == "asyncio.events":
            return False
        if module.startswith(("IPython.", "ipykernel.")):
            return True
        frame = frame.f_back
    return False


def _without(runs: tuple[OpenRun, ...], entry: OpenRun) -> tuple[OpenRun, ...]:
    return tuple(run for run in runs if run is not entry)


def _export(process: Process) -> None:
    if threading.current_thread() is threading.main_thread():
        runs = local.runs
        process.export_run(runs[-1].writer.definition if runs else None)
