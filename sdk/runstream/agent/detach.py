"""A worker's own process: nothing left of the one that started the agent."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import signal
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType

from runstream.agent import places
from runstream.agent.limits import LOG_MAX_BYTES

# Descriptors for hundreds of processes' files.
_FILES_WANTED = 65536
# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# Larger than any buffer of a batch; about what a few batches need together.
_KEPT_BUFFER_BYTES = 16 * 1024 * 1024
_KEPT_HEAP_BYTES = 32 * 1024 * 1024
_LIMITS = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_RSS", "RLIMIT_STACK")


def reset_limits() -> None:
    """Soft limits up to the hard ones, all processors, no core dumps."""
    for name in _LIMITS:
        number = getattr(resource, name, None)
        if number is not None:
            _raise_limit(number, resource.getrlimit(number)[1])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    unlimited = hard == resource.RLIM_INFINITY
    _raise_limit(resource.RLIMIT_NOFILE, _FILES_WANTED if unlimited else min(hard, _FILES_WANTED))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if hasattr(os, "sched_setaffinity"):
        try:
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
        except OSError:  # a container that allows fewer: keep what there is
            return


def reuse_memory() -> None:
    """Have the C library keep the memory of batches, where it can be told to.

    By default each buffer of a megabyte is mapped and unmapped, and its page
    faults cost a third of the agent's time under load.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None and sys.platform.startswith("linux"):
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BUFFER_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_HEAP_BYTES)


def _raise_limit(number: int, soft: int) -> None:
    try:
        resource.setrlimit(number, (soft, resource.getrlimit(number)[1]))
    except (OSError, ValueError):  # macOS names hard limits that it does not allow
        return


def open_log(folder: Path) -> None:
    """Log to the scope's own file; a full disk loses lines, nothing else."""
    logging.raiseExceptions = False
    handler = RotatingFileHandler(
        folder / places.LOG, maxBytes=LOG_MAX_BYTES, backupCount=1, delay=True
    )
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    sys.excepthook = lambda kind, error, trace: logging.critical(
        "the worker ends", exc_info=(kind, error, trace)
    )


class Terminated:
    """Set by SIGTERM: the machine or its user wants the agent to end."""

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        """Handle SIGTERM and SIGINT; ignore what a terminal says."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)
        for number in (signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
