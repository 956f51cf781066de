"""Is this still the process that made the object?

`os.getpid` is a system call. A page that the kernel wipes in every child, also
when C code forks without handlers, answers by reading one byte.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading

from runstream.spool.errors import WrongProcess

# From Linux' mman-common.h; the mmap module does not name it.
_MADV_WIPEONFORK = 18
_PAGE_BYTES = mmap.PAGESIZE


class ProcessMark:
    """`mark.view[0]` is 1 in the process that made it and 0 in every fork of it.

    Where the kernel cannot wipe pages (macOS, Linux before 4.14), an at-fork
    handler clears the byte; `current` then also compares process ids, which
    sees a fork made by C code.
    """

    __slots__ = ("_pid", "view", "wiped_by_kernel")

    def __init__(self) -> None:
        wiped = _wiped_page()
        self.wiped_by_kernel = wiped is not None
        self.view: memoryview = memoryview(bytearray(1)) if wiped is None else wiped
        self._pid = os.getpid()
        self.view[0] = 1
        if wiped is None:
            _clear_in_children(self.view)

    def current(self) -> bool:
        """Whether the caller is the process that made the mark."""
        if not self.view[0]:
            return False
        return self.wiped_by_kernel or self._pid == os.getpid()


class Ownership:
    """The lock of what one process made: no fork ever waits for it.

    A fork may find it held by a thread that it does not have. It is an RLock:
    a signal handler may come while its own thread holds it.
    """

    def __init__(self, mark: ProcessMark) -> None:
        self.mark = mark
        self.lock = threading.RLock()

    def locked(self) -> threading.RLock:
        """The lock, for `with`. Raises WrongProcess in a fork."""
        if not self.mark.current():
            raise WrongProcess("this spool was made by the parent process")
        return self.lock


def _wiped_page() -> memoryview | None:
    if not sys.platform.startswith("linux"):
        return None
    page = mmap.mmap(-1, _PAGE_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:
        page.madvise(_MADV_WIPEONFORK)
    except OSError:
        page.close()
        return None
    return memoryview(page)


def _clear_in_children(view: memoryview) -> None:
    def clear() -> None:
        view[0] = 0

    os.register_at_fork(after_in_child=clear)
