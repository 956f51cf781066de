"""A process that tests start, hurt and end."""

from __future__ import annotations

import contextlib
import signal
import subprocess


class Child:
    """Base of the servers that are processes. Whoever derives from it starts `process`.

    The process is kept after its end, for its exit status.
    """

    #: It is ended by kill -9 when it was told to end and did not for so long.
    end_seconds = 30.0
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process; also when it has ended."""
        assert self.process is not None, f"{self!r} was not started"
        return self.process.pid

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int:
        """In good order (SIGTERM); its exit status. Idempotent."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """As the machine's power would: kill -9. Idempotent."""
        return self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Stand still (SIGSTOP): connections stay open, nothing is answered."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> int:
        process = self.process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(how)
            # One that stands still would not hear of it.
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
        try:
            return process.wait(self.end_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
