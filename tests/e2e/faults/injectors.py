"""How each kind of fault is made, and undone."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from tests.e2e.faults.installation import Installation, Process
from tests.e2e.faults.nodes import Node
from tests.e2e.faults.plan import Fault, Kind
from tests.e2e.faults.proxy import Weather
from tests.e2e.faults.resend import resend

# An agent that was killed is replaced within moments; a node may have none to hit.
_AGENT_SECONDS = 20.0


class NotPossibleError(Exception):
    """This machine, or this moment, does not allow the fault; the message says why."""


@dataclass
class Scene:
    """What faults happen to."""

    installation: Installation
    nodes: Sequence[Node]
    # Of which node the disk may be filled; None, and why.
    disk: Node | None
    no_disk: str = ""
    abandoned: threading.Event = field(default_factory=threading.Event)
    # Batches sent again, by kind of fault; rebuilds that came to their end.
    counts: Counter[str] = field(default_factory=Counter)
    _networks: defaultdict[str, threading.Lock] = field(
        default_factory=lambda: defaultdict(threading.Lock)
    )

    def last(self, fault: Fault) -> None:
        """The fault lasts."""
        self.abandoned.wait(fault.duration_seconds)

    def network(self, name: str) -> threading.Lock:
        """Held while something is wrong with it."""
        return self._networks[name]


Injector = Callable[[Scene, Fault, random.Random], None]


def inject(scene: Scene, fault: Fault) -> None:
    """From beginning to end. Raises NotPossibleError."""
    _INJECTORS[fault.kind](scene, fault, random.Random(fault.seed))


def _kill(scene: Scene, fault: Fault, rng: random.Random) -> None:
    if fault.target == "trainer":
        rng.choice(scene.nodes).kill_trainer(rng)
        scene.last(fault)
    elif fault.target == "agent":
        pids = _agents(rng.choice(scene.nodes))
        for pid in pids if rng.random() < 0.3 else [rng.choice(pids)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        scene.last(fault)
    else:
        with _taken(scene, fault, rng) as process:
            process.kill()
            scene.last(fault)
            scene.installation.revive(process)


def _stand(scene: Scene, fault: Fault, rng: random.Random) -> None:
    if fault.target == "trainer":
        working = rng.choice(scene.nodes).working()
        pids = [rng.choice(working).process.pid] if working else []
    elif fault.target == "agent":
        pids = _agents(rng.choice(scene.nodes))
    else:
        with _taken(scene, fault, rng) as process:
            process.pause()
            scene.last(fault)
            process.resume()
        return
    _signal(pids, signal.SIGSTOP)
    scene.last(fault)
    _signal(pids, signal.SIGCONT)


def _weather(scene: Scene, fault: Fault, _rng: random.Random) -> None:
    proxy = scene.installation.proxy
    with scene.network(fault.target):
        proxy.become(fault.target, cast(Weather, fault.kind))
        scene.last(fault)
        proxy.become(fault.target, "clear")


def _resend(scene: Scene, fault: Fault, rng: random.Random) -> None:
    sent = resend(scene.installation, rng, late=fault.kind == "late copies")
    scene.counts["batches sent again"] += sent


def _rebalance(scene: Scene, fault: Fault, _rng: random.Random) -> None:
    extra = scene.installation.expand()
    if extra is None:
        raise NotPossibleError("there is only one process")
    scene.last(fault)
    scene.installation.shrink(extra)


def _full_disk(scene: Scene, fault: Fault, _rng: random.Random) -> None:
    if scene.disk is None:
        raise NotPossibleError(scene.no_disk)
    with scene.network("disk"), scene.disk.full_disk():
        scene.last(fault)


def _rebuild(scene: Scene, _fault: Fault, _rng: random.Random) -> None:
    with scene.network("rebuild"):
        finish_rebuild(scene, 1)


def finish_rebuild(scene: Scene, tries: int) -> str:
    """Asks for new tables until they are there; why they are not, else empty."""
    said = ""
    for _ in range(tries):
        said = scene.installation.rebuild()
        if not said:
            scene.counts["tables rebuilt"] += 1
            scene.counts["rebuilds owed"] = 0
            return ""
    # Broken off by another fault: the same command goes on, later.
    scene.counts["rebuilds owed"] = 1
    return said


_INJECTORS: dict[Kind, Injector] = {
    "kill": _kill,
    "stand": _stand,
    "cut": _weather,
    "silence": _weather,
    "slow": _weather,
    "duplicates": _resend,
    "late copies": _resend,
    "rebalance": _rebalance,
    "full disk": _full_disk,
    "rebuild": _rebuild,
}


@contextlib.contextmanager
def _taken(scene: Scene, fault: Fault, rng: random.Random) -> Iterator[Process]:
    """One of the processes, for this fault alone."""
    process = rng.choice(scene.installation.processes(fault.target))
    with scene.installation.locks[id(process)]:
        yield process


def _agents(node: Node) -> list[int]:
    deadline = time.monotonic() + _AGENT_SECONDS
    while not (pids := node.agents()):
        if time.monotonic() > deadline:
            raise NotPossibleError(f"{node.name} has no agent")
        time.sleep(0.05)
    return pids


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
