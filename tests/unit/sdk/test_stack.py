"""Active runs in threads and asyncio tasks."""

from __future__ import annotations

import asyncio
import threading

import pytest

import runstream
from runstream._stack import in_task, local
from tests.unit.sdk.fakes import spooled

pytestmark = pytest.mark.usefixtures("agent")


def test_a_run_in_a_task_is_local_to_it() -> None:
    async def train(number: int) -> str:
        with runstream.start_run() as run:
            for step in range(5):
                runstream.log_metric("m", float(number), step=step)
                await asyncio.sleep(0)
                active = runstream.active_run()
                assert active is run
            await asyncio.to_thread(runstream.log_metric, "in-thread", float(number))
        assert runstream.active_run() is None
        return run.info.run_id

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*(train(number) for number in range(4)))

    ids = asyncio.run(all_of_them())
    assert local.points is None
    for number, run_id in enumerate(ids):
        mine = [point for point in spooled().points if point.run_id == run_id]
        assert {point.value for point in mine} == {float(number)}
        assert len(mine) == 6


def test_tasks_see_the_run_of_their_thread() -> None:
    outer = runstream.start_run()

    async def job() -> None:
        active = runstream.active_run()
        assert active is outer
        runstream.log_metric("outer", 1.0, step=1)
        with runstream.start_run(nested=True) as inner:
            assert inner.data.tags["mlflow.parentRunId"] == outer.info.run_id
            runstream.log_metric("inner", 1.0, step=1)
            assert local.points is None
        runstream.log_metric("outer", 2.0, step=2)

    asyncio.run(job())
    assert runstream.active_run() is outer
    assert local.points is not None
    keys = {point.key for point in spooled().points if point.run_id == outer.info.run_id}
    assert keys == {"outer"}


def test_a_task_started_inside_a_run_logs_to_it() -> None:
    async def child() -> None:
        runstream.log_metric("child", 1.0, step=1)

    async def parent() -> str:
        with runstream.start_run() as run:
            await asyncio.create_task(child())
        return run.info.run_id

    run_id = asyncio.run(parent())
    assert [point.run_id for point in spooled().points] == [run_id]


def in_module(name: str) -> bool:
    """What `in_task` says to code of a module of that name, called from a task."""
    seen: list[bool] = []
    code = compile("seen.append(in_task())", "<cell>", "exec")

    async def cell() -> None:
        exec(code, {"__name__": name, "seen": seen, "in_task": in_task})

    asyncio.run(cell())
    return seen[0]


def test_a_cell_of_a_notebook_is_no_task() -> None:
    assert in_module("train")
    assert not in_module("IPython.core.interactiveshell")
    assert not in_module("ipykernel.zmqshell")
    assert not in_task()


def test_the_hot_path_follows_the_stack() -> None:
    assert local.points is None
    with runstream.start_run():
        outer = local.points
        assert outer is not None
        with runstream.start_run(nested=True):
            assert local.points != outer
        assert local.points == outer
    assert local.points is None


def test_a_run_may_end_in_another_thread() -> None:
    run = runstream.start_run()
    thread = threading.Thread(target=run.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    assert spooled().status(run.info.run_id) == "FINISHED"
    assert runstream.active_run() is None
