from __future__ import annotations

import errno
import os

import pytest

from runstream.agent import places, scopes
from runstream.agent.cut import Cursor
from runstream.agent.process import ProcessDrain
from runstream.agent.scopes import ScopeDrain
from runstream.spool.folders import ScopeFolders
from runstream.spool.writer import ProcessSpool
from tests.unit.agent.draining import Clock, Services, define, drain


def test_a_spool_that_cannot_be_opened_now_is_waited_for(
    folders: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, services, clock = ProcessSpool.create(folders), Services(), Clock()
    run = define(spool, "ab" * 16)
    run.log_metric("loss", 1.0, 0, 7)

    def full(*args: object) -> ProcessDrain:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patched:
        patched.setattr(scopes, "ProcessDrain", full)
        scope = ScopeDrain(folders, services, -1)
        scope.poll(clock(), urgent=True)
        assert scope.processes == {}
        ((unopened, _),) = scope.targets(spool.producer_id)
        assert unopened.missing("", Cursor(0, 0)).processes == 1
    scope.poll(clock(), urgent=True)
    (process,) = scope.processes.values()
    assert [target[0] for target in scope.targets(b"")] == [process]
    assert scope.targets(b"x" * 16) == []
    assert unopened.missing("", Cursor(0, 0))
    drain(process, services, clock)
    assert not unopened.missing("", Cursor(0, 0))
    scope.close()


def test_trouble_with_one_spool_leaves_the_others_alone(
    folders: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    spools = [ProcessSpool.create(folders) for _ in range(2)]
    services, clock = Services(), Clock()
    for number, spool in enumerate(spools):
        define(spool, f"{number:032x}").log_metric("loss", 1.0, 0, 7)
    scope = ScopeDrain(folders, services, -1)
    scope.scan()
    first = scope.processes[f"p-{spools[0].producer_id.hex()}"]
    record = first.record
    failing = True

    def full(*made: object) -> None:
        if failing:
            raise OSError(errno.ENOSPC, "no space left")
        record(*made)  # type: ignore[arg-type]

    monkeypatch.setattr(first, "record", full)
    for _ in range(5):
        scope.poll(clock(), urgent=True)
        services.deliver(clock())
    assert [stream for stream, _, _ in services.log().batches] == [f"{1:032x}"]
    failing = False
    for _ in range(5):
        scope.poll(clock(), urgent=True)
        services.deliver(clock())
    assert len(services.log().batches) == 2
    assert scope.alive
    assert scope.anything_there()
    scope.close()


def test_whether_writers_live(folders: ScopeFolders) -> None:
    assert not scopes.writers_alive(folders)
    ProcessSpool.create(folders)
    assert scopes.writers_alive(folders)
    fd = places.open_lock(folders.disk)
    os.close(fd)
