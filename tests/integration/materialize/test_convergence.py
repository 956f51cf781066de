"""Whatever happens on the way, the tables end up as one clean pass would leave them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runstream.v1 import events_pb2 as pb
from runstream_server.materialize.materializer import Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.generations import create_generation, drop_generation
from tests.integration.materialize.histories import histories
from tests.integration.materialize.logs import FailingStore, GrowingLog
from tests.integration.materialize.tables import read_tables
from tests.unit.folds.oracle import expected

_SMALLEST, _SMALL, _ALL = 1, 300, 1 << 20


@dataclass
class Scene:
    """Two processes that feed one generation, each of which may die and fail."""

    log: GrowingLog
    store: FailingStore
    generation: int

    def __post_init__(self) -> None:
        self.owners = [self.owner(_ALL), self.owner(_SMALLEST)]

    def owner(self, poll_bytes: int) -> Materializer:
        return Materializer(
            self.log.logs,
            self.store,
            self.generation,
            identity=self.log.identity,
            policy=FlushPolicy(poll_bytes=poll_bytes, rows_max=8),
        )

    def poll(self, which: int) -> None:
        try:
            self.owners[which].poll()
        except StoreError:
            """It goes on from the applied offsets at its next poll."""

    def restart(self, which: int, poll_bytes: int) -> None:
        self.owners[which].close()
        self.owners[which] = self.owner(poll_bytes)

    def fail(self, after_inserts: int, moment: Any) -> None:
        self.store.fail(after_inserts, moment)

    def drain(self) -> None:
        for owner in self.owners:
            while True:
                try:
                    if not owner.poll().records:
                        break
                except StoreError:
                    continue


Action = Callable[[Scene], None]

_actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(lambda which: lambda scene: scene.poll(which), st.integers(0, 1)),
    st.builds(
        lambda which, size: lambda scene: scene.restart(which, size),
        st.integers(0, 1),
        st.sampled_from([_SMALLEST, _SMALL, _ALL]),
    ),
    st.builds(
        lambda count, moment: lambda scene: scene.fail(count, moment),
        st.integers(0, 12),
        st.sampled_from(["before", "after"]),
    ),
)


def converge(store: Store, data: st.DataObject) -> None:
    history: list[pb.AppendRequest] = data.draw(histories())
    generation = create_generation(store)
    scene = Scene(GrowingLog(), FailingStore(store), generation)
    while history:
        count = data.draw(st.integers(1, len(history)))
        scene.log.append(history[:count])
        history = history[count:]
        for act in data.draw(st.lists(_actions, max_size=6)):
            act(scene)
    scene.drain()
    wanted = expected(scene.log.records)
    assert read_tables(store, generation, list(wanted)) == wanted
    drop_generation(store, generation)


_HEALTH = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=30, suppress_health_check=_HEALTH)
@given(data=st.data())
@pytest.mark.parametrize("store", ["folder"], indirect=True)
def test_tables_do_not_depend_on_the_way(store: Store, data: st.DataObject) -> None:
    converge(store, data)


@settings(max_examples=4, suppress_health_check=_HEALTH)
@given(data=st.data())
@pytest.mark.parametrize("store", ["server"], indirect=True)
def test_nor_do_those_on_a_server(store: Store, data: st.DataObject) -> None:
    """Fewer: the folds are the same, and every statement goes over the network."""
    converge(store, data)
