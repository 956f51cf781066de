"""Which replica is used, and when another."""

from __future__ import annotations

import pytest
from clickhouse_connect.driver.client import Client

from runstream_server.store.errors import StoreUnavailableError
from runstream_server.store.replicas import Replicas


class Shard:
    """Three replicas, some of which are away; what was synced is remembered."""

    def __init__(self) -> None:
        self.away: set[int] = set()
        self.synced: list[int] = []
        self.now = 0.0
        self.replicas = Replicas(3, 30.0, lambda: self.now)

    def connected(self) -> int:
        def connect(replica: int) -> Client:
            if replica in self.away:
                raise StoreUnavailableError("away")
            return replica  # type: ignore[return-value]

        def sync(client: Client) -> None:
            self.synced.append(client)  # type: ignore[arg-type]

        client, replica = self.replicas.connected(connect, sync)
        assert client == replica  # type: ignore[comparison-overlap]
        return replica


def test_the_first_is_used_while_it_answers() -> None:
    shard = Shard()
    assert [shard.connected(), shard.replicas.wanted(), shard.synced] == [0, 0, []]


def test_the_next_is_synced_before_it_is_used() -> None:
    shard = Shard()
    shard.away = {0, 1}
    shard.replicas.lost()
    assert shard.replicas.wanted() == -1
    assert [shard.connected(), shard.synced, shard.replicas.wanted()] == [2, [2], 2]
    assert [shard.connected(), shard.synced] == [2, [2]]


def test_the_first_is_tried_again_after_a_while_and_synced() -> None:
    shard = Shard()
    shard.away = {0}
    assert shard.connected() == 1
    shard.away = set()
    assert shard.replicas.wanted() == 1
    shard.now = 31
    assert shard.replicas.wanted() == -1
    assert [shard.connected(), shard.synced, shard.replicas.wanted()] == [0, [1, 0], 0]


def test_none_answers() -> None:
    shard = Shard()
    shard.away = {0, 1, 2}
    with pytest.raises(StoreUnavailableError):
        shard.connected()


def test_a_single_server_has_no_other() -> None:
    alone = Replicas(1, 30.0)
    alone.lost()
    assert alone.wanted() == 0
