"""A training machine: a spool, its agent, and trainers that are replaced when they die."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.faults.ledger import Ledger
from tests.e2e.harness import PATIENCE_SECONDS, eventually, is_alive

ROOT = Path(__file__).resolve().parents[3]
_DISK_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Work:
    """What trainers do. calls: per run."""

    calls_per_second: float = 600.0
    calls: int = 6000


@dataclass
class Trainer:
    process: subprocess.Popen[bytes]
    ledger: Ledger
    # We killed it: it owes no good end.
    killed: bool = False


@dataclass
class Node:
    """A user on a machine of its own: nothing is shared but the server.

    first: number of its first trainer; numbers are never used twice.
    """

    name: str
    folder: Path
    uri: str
    environment: dict[str, str]
    work: Work
    first: int
    places: int = 1
    trainers: list[Trainer] = field(default_factory=list)
    _mounted: bool = False
    _filling: threading.Lock = field(default_factory=threading.Lock)

    @property
    def spool(self) -> Path:
        return Path(self.environment["RUNSTREAM_SPOOL_DIR"])

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def mount(self) -> str:
        """Gives the spool a small disk of its own; why that cannot be, else empty."""
        self.spool.mkdir(parents=True, exist_ok=True)
        size = f"size={_DISK_BYTES}"
        command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(self.spool)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self._mounted = done.returncode == 0
        return "" if self._mounted else f"cannot mount a tmpfs: {done.stderr.strip()}"

    @contextlib.contextmanager
    def full_disk(self) -> Iterator[None]:
        """No room is left while this lasts."""
        assert self._mounted
        filler = self.spool / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        try:
            yield
        finally:
            filler.unlink()

    def fill(self) -> None:
        """As many trainers as there are places. Any thread: two at once start one each."""
        with self._filling:
            while len(self.working()) < self.places:
                self._start()

    def working(self) -> list[Trainer]:
        return [one for one in self.trainers if one.process.poll() is None]

    def failed(self) -> list[Trainer]:
        """Those that ended badly by themselves."""
        return [one for one in self.trainers if not one.killed and one.process.poll()]

    def stop(self) -> None:
        """Every trainer ends its run and leaves."""
        for trainer in self.trainers:
            trainer.ledger.stop()
        for trainer in self.trainers:
            trainer.process.wait(timeout=PATIENCE_SECONDS)

    def kill_trainer(self, rng: random.Random) -> None:
        """kill -9 of one; another takes its place."""
        if working := self.working():
            chosen = rng.choice(working)
            chosen.killed = True
            chosen.process.kill()
            chosen.process.wait()
        self.fill()

    def agents(self) -> list[int]:
        """Process ids of its agent: guard and worker."""
        mine = b"RUNSTREAM_SPOOL_DIR=" + str(self.spool).encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    variables = (entry / "environ").read_bytes().split(b"\0")
                    agent = mine in variables and b"RUNSTREAM_AGENT=1" in variables
                    if agent and is_alive(int(entry.name)):
                        found.append(int(entry.name))
        return found

    def command(self, *arguments: str, timeout: float) -> subprocess.CompletedProcess[str]:
        """`runstream …` on this machine."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("runstream")), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def close(self) -> None:
        """Ends its processes. May be called twice."""
        for trainer in self.working():
            trainer.killed = True
            trainer.process.kill()
            trainer.process.wait()
        for _ in range(2):  # a guard may be starting one
            for pid in self.agents():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        eventually(lambda: not self.agents())
        if self._mounted:
            self._mounted = False
            subprocess.run(["umount", "-l", str(self.spool)], check=True)
        shutil.rmtree(self.spool, ignore_errors=True)

    def _start(self) -> None:
        number = self.first + len(self.trainers)
        path = self.folder / f"trainer-{number}.ledger"
        ledger = Ledger(path, number)
        work = self.work
        ledger.large = not self._mounted
        command = [sys.executable, "-m", "tests.e2e.faults.trainer", str(path), str(number)]
        command += [str(work.calls_per_second), str(work.calls)]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.trainers.append(Trainer(process, ledger))


def machine(base: Mapping[str, str], uri: str, spool: Path) -> dict[str, str]:
    """The environment of a machine's processes."""
    drop = ("RUNSTREAM_", "MLFLOW_", "RANK", "SLURM_", "OMPI_", "PMI_")
    kept = {name: value for name, value in base.items() if not name.startswith(drop)}
    return {
        **kept,
        "RUNSTREAM_SPOOL_DIR": str(spool),
        "RUNSTREAM_TRACKING_URI": uri,
        "RUNSTREAM_AGENT_IDLE_SECONDS": "3",
        "RUNSTREAM_READ_TIMEOUT": "80",
        "RUNSTREAM_SPOOL_FULL": "block",
    }
