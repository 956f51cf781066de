"""The end of a process: runs ended, spool closed, an agent alive, a wait where it is needed.

No thread and no fork here: both can raise while the interpreter goes down.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runstream import error_codes as codes
from runstream._access import tell_denied
from runstream._config import config

if TYPE_CHECKING:
    from runstream._process import Process
    from runstream.v1.spool_pb2 import AgentStatus

# How long to wait for a server that does not answer.
_AWAY_SECONDS = 3.0
# The number of the machine's first pid namespace (include/linux/proc_ns.h).
_FIRST_PID_NAMESPACE = "pid:[4026531836]"

# Batch systems that end every process of a job when it is over.
_JOB_STEPS = ("SLURM_STEP_ID", "PBS_JOBID", "LSB_JOBID")


def end_process(process: Process, status: str | None = None) -> None:
    """End what this process has open. Called at exit, once; never raises.

    Runs stay on their stacks: what `__del__` and daemon threads log after this
    still goes to them.
    """
    if process.exiting:
        return
    process.exiting = True
    try:
        _end_runs(process, status or _status_of_script())
        if process.has_spool():
            process.spool().close()
            _leave(process)
    except Exception as error:  # the exit of a training script fails for nothing of ours
        _say(f"the end of the runs of this process could not be logged: {error!r}")


def _end_runs(process: Process, status: str) -> None:
    from runstream._active_run import say_ended

    for entry in reversed(list(process.open_runs.values())):
        say_ended(entry.writer, status)
    for writer in list(process.writers.values()):
        writer.close()
    process.export_run(None)


def _status_of_script() -> str:
    from runstream._active_run import status_after

    if hasattr(sys, "ps1") or sys.flags.interactive:  # a traceback in a console ends nothing
        return "FINISHED"
    error = getattr(sys, "last_value", None)
    return status_after(error if isinstance(error, BaseException) else None)


def _leave(process: Process) -> None:
    settings = config()
    if not settings.online:
        return
    process.wake_agent()
    for uri in process.destinations:
        tell_denied(process, uri)
    wait = settings.exit_wait
    if wait == "never" or (wait == "auto" and _agent_goes_on()):
        return
    _wait(process, settings.exit_timeout_seconds)


def _agent_goes_on() -> bool:
    return is_multiprocessing_child() or agent_outlives(os.environ)


def agent_outlives(environ: Mapping[str, str]) -> bool:
    """Whether an agent goes on where this process ends: not in a container or a job step."""
    if os.getpid() == 1 or any(environ.get(name) for name in _JOB_STEPS):
        return False
    try:
        return os.readlink("/proc/self/ns/pid") == _FIRST_PID_NAMESPACE
    except OSError:  # no Linux, so no namespaces
        return True


def _wait(process: Process, timeout_seconds: float) -> None:
    """Until all is accepted: as long as servers answer, but not longer than that."""
    deadline = time.monotonic() + timeout_seconds
    missing = [uri for uri in sorted(process.destinations) if not _arrived(process, uri, deadline)]
    if missing:
        _say(
            f"{_pending_points(process)} points for {', '.join(missing)} are not accepted yet. "
            f"They lie in {process.folders().disk}; the next process of this user that uses "
            "Runstream here sends them, or `runstream agent drain`."
        )


def _arrived(process: Process, uri: str, deadline: float) -> bool:
    from runstream._flush import flush_uri
    from runstream.exceptions import MlflowException

    while True:
        left = deadline - time.monotonic()
        try:
            flush_uri(uri, "accepted", max(0.0, min(_AWAY_SECONDS, left)), everybody=True)
        except MlflowException as error:
            if error.error_code == codes.INVALID_PARAMETER_VALUE:  # all arrived, some refused
                _say(str(error))
                return True
            if left <= _AWAY_SECONDS or not _connected(process, uri):
                return False
        else:
            return True


def _connected(process: Process, uri: str) -> bool:
    status = _agent_status()
    return any(to.tracking_uri == uri and to.connected for to in status.destinations)


def _pending_points(process: Process) -> int:
    mine = process.spool().producer_id
    for other in _agent_status().processes:
        if other.producer_id == mine:
            return max(0, int(other.cells_spooled - other.cells_accepted))
    return int(process.spool().position()[0])


def _agent_status() -> AgentStatus:
    from runstream._agent_calls import ask
    from runstream.exceptions import MlflowException
    from runstream.v1 import spool_pb2

    request = spool_pb2.AgentRequest(status=spool_pb2.AgentStatusRequest())
    try:
        return ask(request, _AWAY_SECONDS).status
    except MlflowException:  # no agent: nothing is known
        return spool_pb2.AgentStatus()


def _say(text: str) -> None:
    """One line for the person at the terminal, where there is one."""
    stream = sys.stderr
    if stream is not None and not stream.closed:
        print(f"runstream: {text}", file=stream)


def end_with_child(process: Process) -> None:
    """See that a child of multiprocessing ends its runs.

    It leaves by `os._exit`, without `atexit`, but calls these finalizers before,
    with the exception that ends it in hand.
    """
    if is_multiprocessing_child():
        util = sys.modules["multiprocessing.util"]
        util.Finalize(None, _end_child, args=(process,), exitpriority=100)


def is_multiprocessing_child() -> bool:
    """Whether multiprocessing started this process."""
    module = sys.modules.get("multiprocessing.process")
    started = module is not None and module.parent_process() is not None
    return started and "multiprocessing.util" in sys.modules


def _end_child(process: Process) -> None:
    from runstream._active_run import status_after
    from runstream._process import mark

    if mark[0]:  # not a child of the child
        end_process(process, status_after(sys.exc_info()[1]))
