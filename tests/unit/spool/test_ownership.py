"""A spool belongs to one process, and to files that are there."""

from __future__ import annotations

import shutil
import threading
import time

import pytest

from runstream.spool.errors import SpoolLost, WrongProcess
from runstream.spool.folders import ScopeFolders, process_names
from runstream.spool.limits import MARK_INTERVAL_MS
from runstream.spool.reader import SpoolReader
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from tests.unit.spool.helpers import NOW_MS, in_child, one_run, run_definition, steps_of


def log_steps(run: RunSpool) -> None:
    for step in range(3000):
        run.log_metric("loss", 0.5, step, NOW_MS)


def test_a_fork_cannot_use_it(spool: ProcessSpool, one_folder: ScopeFolders) -> None:
    run = one_run(spool)
    run.log_metric("loss", 0.5, 1, NOW_MS)
    position = spool.position()

    def child() -> None:
        assert not spool.usable()
        for call in (
            lambda: run.log_metric("loss", 0.5, 2, NOW_MS),
            lambda: run.log_metric("new", 0.5, 2, NOW_MS),
            lambda: run.log_metrics({"loss": 1.0}, 2, NOW_MS),
            lambda: spool.write_cells(bytes(32)),
            lambda: spool.append_event(0, b"x"),
            lambda: spool.define_run(run_definition()),
            spool.position,
        ):
            with pytest.raises(WrongProcess):
                call()
        spool.close()
        own = one_run(ProcessSpool.create(one_folder))
        own.log_metric("loss", 0.5, 77, NOW_MS)

    assert in_child(child) == 0
    assert spool.position() == position
    run.log_metric("loss", 0.5, 3, NOW_MS)
    reader = SpoolReader(one_folder, spool.folders.active.name)
    assert steps_of(reader) == [1, 3]
    assert reader.writer_alive()
    (other,) = set(process_names(one_folder)) - {reader.name}
    assert steps_of(SpoolReader(one_folder, other)) == [77]


def test_a_lock_that_another_thread_held_at_the_fork_is_never_met(spool: ProcessSpool) -> None:
    run = one_run(spool)

    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with spool.own_lock():
            locked.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait()
    spool.mark[0] = 0  # as a fork sees it
    try:
        with pytest.raises(WrongProcess):
            run.log_metric("new", 0.5, 2, NOW_MS)
    finally:
        done.set()
        thread.join()


def test_removed_files_are_noticed(spool: ProcessSpool) -> None:
    run = one_run(spool)
    run.log_metric("loss", 0.5, 0, time.time_ns() // 1_000_000)
    shutil.rmtree(spool.folders.active)
    assert not spool.usable()
    with pytest.raises(SpoolLost):
        spool.append_event(run.run_index, b"x")
    with pytest.raises(SpoolLost):
        log_steps(run)


def test_removed_files_are_noticed_within_a_second(spool: ProcessSpool) -> None:
    run = one_run(spool)
    run.log_metric("loss", 0.5, 0, time.time_ns() // 1_000_000)
    shutil.rmtree(spool.folders.active)
    run.log_metric("loss", 0.5, 1, time.time_ns() // 1_000_000)
    spool.mark_ms -= MARK_INTERVAL_MS
    with pytest.raises(SpoolLost):
        run.log_metric("loss", 0.5, 2, time.time_ns() // 1_000_000)
