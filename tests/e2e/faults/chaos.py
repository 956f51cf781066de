"""Trainers log, faults happen, and then every byte is compared."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.faults import plan as plans
from tests.e2e.faults.clustered import ClusterInstallation
from tests.e2e.faults.comparison import Tally
from tests.e2e.faults.embedded import EmbeddedInstallation
from tests.e2e.faults.injectors import NotPossibleError, Scene, finish_rebuild, inject
from tests.e2e.faults.installation import Installation
from tests.e2e.faults.nodes import ROOT, Node, Work, machine
from tests.e2e.faults.order import LogOrder
from tests.e2e.faults.plan import Fault
from tests.e2e.harness import eventually

Say = Callable[[str], None]

# So many faults overlap at most.
_AT_ONCE = 3
_SAY_SECONDS = 5.0
_LOOK_SECONDS = 0.25
_DRAIN_SECONDS = 300.0
_READ_SECONDS = 1200.0
_REBUILD_TRIES = 5
# Numbers of trainers that a node may use.
_NUMBERS = 1000


@dataclass
class Report:
    """What happened, and whether anything was lost or doubled."""

    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    impossible: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    order: LogOrder = field(default_factory=LogOrder)
    problems: list[str] = field(default_factory=list)

    @property
    def all_problems(self) -> list[str]:
        return [*self.problems, *self.tally.problems, *self.order.problems]

    def line(self) -> str:
        """The last line: the verdict, with what it rests on."""
        wrong = len(self.all_problems)
        verdict = f"{wrong} PROBLEMS" if wrong else "nothing lost, nothing doubled, nothing late"
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.faults.items()))
        tally = self.tally
        return (
            f"{verdict}: {self.faults.total()} faults ({kinds}) in {self.seconds:.0f} s; compared "
            f"{tally.runs} runs, {tally.points:,} points, {tally.params:,} params, "
            f"{tally.tags:,} tags, {tally.artifacts:,} artifacts; {self.order.batches:,} batches "
            f"in the log and {self.order.copies:,} copies; "
            f"{self.counts['tables rebuilt']} times new tables; "
            f"{len(self.ended)} processes ended by themselves"
        )


class Chaos:
    """One installation, some machines, one plan."""

    def __init__(self, scene: Scene, say: Say) -> None:
        self._scene = scene
        self._say = say
        self._report = Report()
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def run(self, plan: Sequence[Fault]) -> Report:
        """Injects the plan, lets everything come to rest, compares."""
        for node in self._scene.nodes:
            node.fill()
        eventually(lambda: all(one.ledger.calls() for one in self._trainers()))
        self._began = time.monotonic()
        self._inject(plan)
        self._rest()
        self._compare()
        self._report.seconds = time.monotonic() - self._began
        self._report.ended = self._scene.installation.ended
        self._report.counts = self._scene.counts
        return self._report

    def _trainers(self) -> list:  # type: ignore[type-arg]
        return [trainer for node in self._scene.nodes for trainer in node.trainers]

    def _inject(self, plan: Sequence[Fault]) -> None:
        said = self._began
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            begun: list[Future[None]] = []
            waiting = list(plan)
            try:
                while waiting or not all(one.done() for one in begun):
                    now = time.monotonic()
                    busy = sum(not one.done() for one in begun)
                    if waiting and busy < _AT_ONCE and now - self._began >= waiting[0].at_seconds:
                        begun.append(pool.submit(self._one, waiting.pop(0)))
                    self._look()
                    if now - said > _SAY_SECONDS:
                        said = now
                        self._progress(len(plan))
                    time.sleep(0 if busy < _AT_ONCE and not waiting else _LOOK_SECONDS)
            except BaseException:
                self._scene.abandoned.set()
                raise
        for one in begun:
            one.result()

    def _one(self, fault: Fault) -> None:
        self._say(f"{self._now()} {fault}")
        try:
            inject(self._scene, fault)
        except NotPossibleError as error:
            with self._lock:
                self._report.impossible[f"{fault.kind}: {error}"] += 1
            self._say(f"{self._now()} not possible: {fault}: {error}")
            return
        with self._lock:
            self._report.faults[fault.kind] += 1

    def _look(self) -> None:
        """Trainers that died are replaced; services that ended are started."""
        self._scene.installation.supervise()
        for node in self._scene.nodes:
            for trainer in node.failed():
                trainer.killed = True
                self._report.problems.append(
                    f"a trainer ended by itself, {trainer.process.returncode}: "
                    f"{node.log.read_text(errors='replace')[-1500:]}"
                )
            node.fill()

    def _rest(self) -> None:
        """No more faults: everything arrives."""
        scene = self._scene
        scene.installation.settle()
        if scene.counts["rebuilds owed"] and (said := finish_rebuild(scene, _REBUILD_TRIES)):
            self._report.problems.append(f"no new tables: {said}")
        self._say(f"{self._now()} no more faults; trainers end")
        for node in scene.nodes:
            node.stop()
        with ThreadPoolExecutor(len(scene.nodes)) as many:
            for problem in many.map(_drained, scene.nodes):
                self._report.problems += problem
        self._say(f"{self._now()} everything is accepted; the tables catch up")
        scene.installation.catch_up()

    def _compare(self) -> None:
        self._say(f"{self._now()} comparing")
        self._report.order.read(self._scene.installation.records())
        node = self._scene.nodes[0]
        environment = machine(os.environ, node.uri, node.folder / "reader")
        done = subprocess.run(
            [sys.executable, "-m", "tests.e2e.faults.reading", str(node.folder)],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_READ_SECONDS,
            check=False,
        )
        if done.returncode:
            self._report.problems.append(f"reading back failed: {done.stderr[-3000:]}")
            return
        self._report.tally = Tally(**json.loads(done.stdout))

    def _progress(self, planned: int) -> None:
        calls = sum(trainer.ledger.calls() for trainer in self._trainers())
        runs = sum(trainer.ledger.count for trainer in self._trainers())
        self._say(
            f"{self._now()} {self._report.faults.total()} of {planned} faults; "
            f"{calls:,} calls returned in {runs} runs"
        )

    def _now(self) -> str:
        return f"{time.monotonic() - self._began:6.1f} s"


def _drained(node: Node) -> list[str]:
    done = node.command("agent", "drain", "--timeout", str(_DRAIN_SECONDS), timeout=600)
    if done.returncode == 0:
        return []
    return [f"{node.name} keeps something: {done.stdout}{done.stderr}"]


@contextlib.contextmanager
def stage(size: plans.Size, folder: Path, work: Work) -> Iterator[Scene]:
    """An installation with three machines: two trainers, one on a disk, one on a small disk."""
    plain = machine(os.environ, "", folder / "spool-of-services")
    kind = ClusterInstallation if size == "cluster" else EmbeddedInstallation
    with contextlib.ExitStack() as closing:
        installation: Installation = kind(folder / "installation", plain)
        closing.callback(installation.close)
        installation.start()
        nodes = []
        for number, name in enumerate(("memory", "disk", "small disk")):
            spool = _spool(folder, name)
            environment = machine(os.environ, installation.uri, spool)
            node = Node(name, folder, installation.uri, environment, work, number * _NUMBERS)
            closing.callback(node.close)
            nodes.append(node)
        nodes[0].places = 2
        no_disk = nodes[2].mount()
        yield Scene(installation, nodes, None if no_disk else nodes[2], no_disk)


def _spool(folder: Path, name: str) -> Path:
    shm = Path("/dev/shm")
    base = shm if name == "memory" and shm.is_dir() else folder
    return base / f"{folder.name}-{name.replace(' ', '-')}"


def chaos(size: plans.Size, plan: Sequence[Fault], work: Work, say: Say) -> Report:
    """One whole session in a folder of its own, which stays when something was wrong."""
    folder = Path(tempfile.mkdtemp(prefix="runstream-chaos-"))
    say(f"in {folder}")
    with stage(size, folder, work) as scene:
        report = Chaos(scene, say).run(plan)
    if report.all_problems:
        say(f"what the processes said is in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return report
