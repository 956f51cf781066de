"""Several processes that bring one database up to date; `runstream migrate`."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from click.testing import CliRunner

from runstream_server.migrate_command import migrate as command
from runstream_server.store.address import StoreAddress
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.generations import Generation, generations
from runstream_server.store.lock import LockPolicy, MigrationLock, migration_lock
from runstream_server.store.open import migration_plan, open_store
from runstream_server.store.schema.migrations import plan
from runstream_server.store.server_engine import ServerEngine
from tests.servers.fixtures_clickhouse import fresh_address

OPEN = """
import sys
from runstream_server.store.address import parse_address
from runstream_server.store.generations import generations
from runstream_server.store.open import open_store
store = open_store(parse_address(sys.argv[1]))
print(generations(store))
store.close()
"""


@pytest.fixture
def address(clickhouse: str) -> StoreAddress:
    return fresh_address(clickhouse)


@pytest.fixture
def store(address: StoreAddress) -> Iterator[Store]:
    opened = open_store(address)
    yield opened
    opened.terminate()


def url(address: StoreAddress, clickhouse: str) -> str:
    return f"{clickhouse}/{address.database}"


def test_processes_that_start_together_make_one_generation(
    address: StoreAddress, clickhouse: str
) -> None:
    command_line = [sys.executable, "-c", OPEN, url(address, clickhouse)]
    processes = [
        subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert {out for out, _ in outputs} == {f"{(Generation(1, 'live'),)}\n"}


class TestLock:
    def test_one_holds_it_at_a_time(self, store: Store) -> None:
        inside, most = [0], [0]

        def work() -> None:
            for _ in range(3):
                with migration_lock(store, LockPolicy(look_seconds=0.01)) as lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    lock.check()
                    inside[0] -= 1

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most == [1]
        ((left,),) = store.rows(
            "SELECT count() FROM system.tables WHERE database = currentDatabase() "
            "AND startsWith(name, 'migration_lock_')"
        )
        assert left == 1

    def test_a_dead_holder_loses_it_after_the_lease(self, store: Store) -> None:
        dead = MigrationLock(store, LockPolicy(lease_seconds=1000))
        dead.acquire()
        patient = LockPolicy(lease_seconds=1000, wait_seconds=0.3, look_seconds=0.05)
        with (
            pytest.raises(StoreError, match="another process has been changing"),
            migration_lock(store, patient),
        ):
            raise AssertionError("it is held")
        dead.check()
        with migration_lock(store, LockPolicy(lease_seconds=0.2, look_seconds=0.05)) as lock:
            lock.check()
            with pytest.raises(StoreError, match="took over"):
                dead.check()

    def test_a_holder_that_lives_keeps_it(self, store: Store) -> None:
        quick = LockPolicy(lease_seconds=2.0, wait_seconds=4.0, look_seconds=0.05)
        with (
            migration_lock(store, quick),
            pytest.raises(StoreError, match="another process has been changing"),
            migration_lock(store, quick),
        ):
            raise AssertionError("it is held")


class TestCommand:
    def run(self, *arguments: str) -> str:
        result = CliRunner().invoke(command, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    def test_a_dry_run_prints_and_changes_nothing(
        self, address: StoreAddress, clickhouse: str
    ) -> None:
        where = f"--clickhouse={url(address, clickhouse)}"
        shown = self.run(where, "--dry-run")
        assert shown.startswith(f"CREATE DATABASE IF NOT EXISTS `{address.database}`;")
        assert "CREATE TABLE IF NOT EXISTS points_1 (" in shown
        assert self.run(where, "--dry-run") == shown
        assert "statements" in self.run(where)
        assert self.run(where, "--dry-run") == "The tables are up to date.\n"
        assert json.loads(self.run(where, "--json")) == {"statements": [], "done": True}

    def test_the_printed_statements_are_all_it_takes(self, address: StoreAddress) -> None:
        database, *statements = migration_plan(address)
        bare = Store(ServerEngine(replace(address, database="")))
        bare.command(database)
        bare.terminate()
        runner = Store(ServerEngine(address))
        for statement in statements:
            runner.command(statement)
        runner.terminate()
        done = open_store(address)
        assert plan(done) == ()
        assert generations(done) == (Generation(1, "live"),)
        done.close()

    def test_what_is_wrong_is_said_in_a_sentence(self, clickhouse: str) -> None:
        for arguments, said in [
            (("--clickhouse=nonsense",), "has to begin with http"),
            (
                (f"--clickhouse={clickhouse}/x", "--clickhouse-cluster=nowhere"),
                "has to be one shard of replicas",
            ),
        ]:
            result = CliRunner().invoke(command, arguments)
            assert result.exit_code == 1
            assert said in result.output
