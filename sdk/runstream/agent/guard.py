"""The guard: starts the worker again whenever it dies. Run as a script, alone.

It shares the locked descriptor with the worker, so the agent's lock outlives
either of them. It imports next to nothing, so next to nothing can break it.

    guard.py LOCK_FD PYTHON WORKER_ARGUMENT...
"""

import os
import signal
import sys
import time

# As in `limits`, which is not imported here.
RESTART_FIRST_SECONDS = 0.1
RESTART_MAX_SECONDS = 30.0
# A worker that lived this long was well: the waits begin anew.
WELL_SECONDS = 60.0
# So many deaths in a row, about eight minutes: the next writer may try afresh.
MAX_DEATHS = 20


def start(command: list[str], lock_fd: int) -> int:
    """Fork and become the worker; the child's process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.set_inheritable(lock_fd, True)
        os.execv(command[0], command)
    finally:
        os._exit(127)


def guard(command: list[str], lock_fd: int) -> None:
    """Return when a worker has left in order, or none can live."""
    wait, deaths = RESTART_FIRST_SECONDS, 0
    while deaths < MAX_DEATHS:
        began = time.monotonic()
        _, status = os.waitpid(start(command, lock_fd), 0)
        if status == 0:
            return
        if time.monotonic() - began >= WELL_SECONDS:
            wait, deaths = RESTART_FIRST_SECONDS, 0
        deaths += 1
        time.sleep(wait)
        wait = min(2 * wait, RESTART_MAX_SECONDS)


def reset() -> None:
    """Undo what the starter may have set: ignored and blocked signals, umask."""
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            try:
                signal.signal(number, signal.SIG_DFL)
            except (OSError, ValueError):  # reserved by the C library
                continue
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.chdir("/")
    os.umask(0o077)


def main() -> None:
    """Leave the parent, then guard."""
    if os.fork():
        os._exit(0)
    reset()
    guard(sys.argv[2:], int(sys.argv[1]))


if __name__ == "__main__":
    main()
