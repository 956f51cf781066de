"""`runstream rebuild` on a cluster: asked for, watched, compared and switched from here."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from runstream_server.cluster.archive import open_archive
from runstream_server.cluster.errors import RoleError
from runstream_server.cluster.log import DeploymentLog
from runstream_server.cluster.settings import Deployment
from runstream_server.materialize.beside import BesideRebuild, Deployed, Outcome
from runstream_server.materialize.compare import Difference
from runstream_server.materialize.progress import Progress
from runstream_server.store.open import open_store

_SAY_SECONDS = 1.0
# Nothing was fed for so long: somebody should be told why.
_STILL_SECONDS = 20.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """What is asked of a rebuild.

    only: one view; None: everything. accept: switch although rows differ.
    abandon: give up what is being built.
    """

    only: str | None = None
    accept: bool = False
    abandon: bool = False


def rebuild_deployment(deployment: Deployment, wish: Wish, stop: Event, say: Say) -> bool:
    """False when `stop` was set before, or the new tables differ from the live ones.

    Raises SettingError, RoleError, and the errors of log and store.
    """
    faults: list[str] = []

    def fault(reason: str) -> None:
        faults.append(reason)
        stop.set()

    with contextlib.ExitStack() as closing:
        log = DeploymentLog(deployment.log(), fault, open_archive(deployment))
        closing.callback(log.close)
        store = open_store(deployment.store())
        closing.callback(store.close)
        rebuild = BesideRebuild(Deployed(log.logs, store, log.identity))
        if wish.abandon:
            dropped = rebuild.abandon()
            say("The new tables were dropped." if dropped else "Nothing was being built.")
            return True
        outcome = rebuild.run(stop, only=wish.only, accept=wish.accept, progress=_Watcher(say).tell)
    if faults:
        raise RoleError(faults[0])
    _report(outcome, stop, say)
    return outcome.switched


class _Watcher:
    """A line a second; and one when nothing moves."""

    def __init__(self, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._said = clock()
        self._moved = clock()
        self._done = -1

    def tell(self, progress: Progress) -> None:
        now = self._clock()
        if progress.done_records != self._done:
            self._done, self._moved = progress.done_records, now
        if now - self._said < _SAY_SECONDS:
            return
        self._said = now
        self._say(progress.line())
        if now - self._moved > _STILL_SECONDS:
            self._moved = now
            self._say(
                "Nothing moves: the tables are built by the processes of `runstream service "
                "materialize`. Is one running?"
            )


def _report(outcome: Outcome, stop: Event, say: Say) -> None:
    if outcome.switched:
        left_out = (
            f" {outcome.not_compared} runs were written to all the time and not compared."
            if outcome.not_compared
            else ""
        )
        say(f"The new tables are live; the old ones are dropped in a while.{left_out}")
    elif outcome.differences:
        for difference in outcome.differences:
            say(_described(difference))
        say(
            "Nothing was switched. If the live tables are the wrong ones, switch with --accept; "
            "else give the new ones up with --abandon."
        )
    elif stop.is_set():
        say("Broken off; the same command goes on.")


def _described(difference: Difference) -> str:
    live, new = difference.rows
    lines = [f"{difference.table}: the live rows ({live}) and the new ones ({new}) differ:"]
    lines += [f"  only live: {row}" for row in difference.only_first]
    lines += [f"  only new:  {row}" for row in difference.only_second]
    return "\n".join(lines)
