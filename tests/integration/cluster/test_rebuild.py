"""New tables beside the live ones, while writes go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runstream_server.store.address import parse_address
from runstream_server.store.engine import Store
from runstream_server.store.generations import generations, live_generation
from runstream_server.store.open import open_store
from tests.e2e.harness import eventually
from tests.integration.cluster.wire import Writer, steps_of
from tests.servers.cluster import Cluster


@pytest.fixture
def store(cluster: Cluster) -> Iterator[Store]:
    opened = open_store(parse_address(cluster.environment["RUNSTREAM_CLICKHOUSE"]))
    yield opened
    opened.close()


@contextmanager
def load(cluster: Cluster) -> Iterator[Writer]:
    """A run that is written to all the time."""
    writer, stop = Writer(), threading.Event()

    def write() -> None:
        step = 0
        while not stop.wait(0.01):
            writer.append(cluster.ingests[step % 2], step)
            step += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield writer
    finally:
        stop.set()
        thread.join()


def filled(cluster: Cluster) -> list[Writer]:
    """Some runs that nobody writes to any more."""
    writers = [Writer() for _ in range(20)]
    for writer in writers:
        writer.append(cluster.ingests[0], 1, 2, 3)
    return writers


def only_live(store: Store) -> bool:
    """Old ones may still be read."""
    return [one.state for one in generations(store) if one.state != "old"] == ["live"]


def test_everything_is_rebuilt_and_switched_under_load(cluster: Cluster, store: Store) -> None:
    writers, before = filled(cluster), live_generation(store)
    with load(cluster) as busy:
        code, output = cluster.command("rebuild")
    assert code == 0, output
    assert "are live" in output
    assert live_generation(store) > before
    assert only_live(store)
    for writer in (*writers, busy):
        assert steps_of(cluster.queries[0], writer.run_id, writer.position) == writer.steps


def test_one_view_is_rebuilt_under_load(cluster: Cluster, store: Store) -> None:
    writers = filled(cluster)
    steps_of(cluster.queries[0], writers[-1].run_id, writers[-1].position)
    before = live_generation(store)
    store.command(f"TRUNCATE TABLE points_{before}")
    with load(cluster) as busy:
        code, output = cluster.command("rebuild", "--only", "points")
        assert code == 1, output
        assert "points: the live rows" in output
        assert "--accept" in output
        assert live_generation(store) == before
        code, output = cluster.command("rebuild", "--only", "tags")
        assert (code, "points is being built again" in output) == (1, True), output
        code, output = cluster.command("rebuild", "--only", "points", "--accept")
    assert code == 0, output
    assert live_generation(store) > before
    for writer in (*writers, busy):
        assert steps_of(cluster.queries[1], writer.run_id, writer.position) == writer.steps


def test_what_is_being_built_can_be_given_up(cluster: Cluster, store: Store) -> None:
    for one in cluster.materializers:
        one.pause()
    try:
        done: list[tuple[int, str]] = []
        filled(cluster)
        rebuild = threading.Thread(target=lambda: done.append(cluster.command("rebuild")))
        rebuild.start()
        eventually(lambda: any(one.state == "building" for one in generations(store)))
        assert cluster.command("rebuild", "--abandon") == (0, "The new tables were dropped.")
        assert cluster.command("rebuild", "--abandon") == (0, "Nothing was being built.")
    finally:
        for one in cluster.materializers:
            one.resume()
    rebuild.join(60)
    assert done[0][0] == 1, done
    assert "given up" in done[0][1]
    assert only_live(store)
