"""Opening the store: trusted or thrown away, then brought up to date."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

from runstream_server.store import boot
from runstream_server.store.address import StoreAddress
from runstream_server.store.cluster import Cluster
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.folder_engine import FolderEngine
from runstream_server.store.limits import EngineLimits
from runstream_server.store.schema.migrations import MIGRATIONS, broken_parts, migrate, plan
from runstream_server.store.schema.plan import State, planned
from runstream_server.store.server_engine import ServerEngine, ServerPolicy

_log = logging.getLogger(__name__)


def open_store(
    where: Path | StoreAddress,
    limits: EngineLimits | None = None,
    policy: ServerPolicy | None = None,
) -> Store:
    """Open the store of a folder or a server, making or migrating its tables.

    limits: of a folder's engine. policy: of the connection to a server.

    After an unclean stop of the machine the tables of a folder are thrown away:
    the log holds everything, and they are built again from its start.

    Raises StoreVersionError for tables of a newer version, StoreBusyError when
    another process has the folder, StoreUnavailableError when no server answers.
    """
    if isinstance(where, StoreAddress):
        return _open_server(where, policy)
    return _open_folder(where, limits or EngineLimits())


def migration_plan(address: StoreAddress, policy: ServerPolicy | None = None) -> tuple[str, ...]:
    """The statements that `open_store` would run there; nothing is changed.

    Raises StoreError.
    """
    statement = _database_statement(address, policy)
    if statement:
        return (statement, *planned(State(), MIGRATIONS, Cluster(address.cluster)))
    store = Store(ServerEngine(address, policy))
    try:
        return plan(store)
    finally:
        store.terminate()


def _open_server(address: StoreAddress, policy: ServerPolicy | None) -> Store:
    _database_statement(address, policy, run=True)
    store = Store(ServerEngine(address, policy))
    try:
        migrate(store)
    except BaseException:
        store.terminate()
        raise
    return store


def _database_statement(
    address: StoreAddress, policy: ServerPolicy | None, *, run: bool = False
) -> str:
    """What makes the database where it is missing; empty when it is there.

    Raises StoreError for a cluster that is not one shard.
    """
    server = Store(ServerEngine(replace(address, database=""), policy))
    try:
        if address.cluster:
            _check_cluster(server)
        found = server.rows(
            "SELECT 1 FROM system.databases WHERE name = {name:String}",
            {"name": address.database},
        )
        if found:
            return ""
        on = server.cluster.on()
        statement = f"CREATE DATABASE IF NOT EXISTS `{address.database}`{on}"
        if run:
            server.command(statement)
        return statement
    finally:
        server.terminate()


def _check_cluster(server: Store) -> None:
    name = server.cluster.name
    shards = server.scalar(
        "SELECT uniqExact(shard_num) FROM system.clusters WHERE cluster = {name:String}",
        {"name": name},
    )
    if shards != 1:
        raise StoreError(
            f"{server.place}: the cluster {name!r} has to be one shard of replicas, and this "
            f"server's configuration gives it {shards or 'no'} shards"
        )


def _open_folder(folder: Path, limits: EngineLimits) -> Store:
    folder.mkdir(parents=True, exist_ok=True)
    this_boot = boot.boot_id()
    reason = boot.unclean_stop(folder, this_boot)
    if reason:
        _throw_away(folder, reason)
    store = _opened(folder, limits)
    if broken_parts(store):
        store.terminate()
        _throw_away(folder, "the engine found broken parts")
        store = _opened(folder, limits)
    boot.mark_running(folder, this_boot)
    try:
        migrate(store)
    except BaseException:
        store.terminate()
        raise
    return store


def _opened(folder: Path, limits: EngineLimits) -> Store:
    (folder / "engine").mkdir(exist_ok=True)
    return Store(FolderEngine(folder, limits))


def _throw_away(folder: Path, reason: str) -> None:
    _log.warning("the tables in %s are built again from the log: %s", folder, reason)
    shutil.rmtree(folder / "engine", ignore_errors=False)
