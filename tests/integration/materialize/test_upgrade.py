"""A store of an older version: what its tables lack is built from the log."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from runstream_server.materialize.feeder import Feeder
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.store.generations import live_generation
from runstream_server.store.meta import write_meta
from runstream_server.store.open import open_store
from runstream_server.store.schema.plan import VERSION_KEY
from tests.integration.materialize.history import rich_history
from tests.integration.materialize.logs import GrowingLog
from tests.integration.materialize.tables import read_tables
from tests.unit.folds.oracle import expected

_POLICY = FlushPolicy(pause_seconds=0, wait_seconds=0.01, tend_seconds=0.01)
_NEW = ("series", "inputs", "run_models", "models", "model_params", "model_tags")


def test_the_tables_of_version_1_are_built_anew(tmp_path: Path) -> None:
    log = GrowingLog()
    log.append(rich_history())
    store = open_store(tmp_path)
    Feeder(log.logs, store, identity=log.identity, policy=_POLICY).close()
    old = live_generation(store)
    for name in _NEW:  # As a program that did not know them left it.
        store.command(f"DROP TABLE {name}_{old} SYNC")
    write_meta(store, VERSION_KEY, "1")
    store.close()

    store = open_store(tmp_path)
    feeder = Feeder(log.logs, store, identity=log.identity, policy=_POLICY)
    stop = threading.Event()
    feeding = threading.Thread(target=feeder.run, args=(stop,))
    feeding.start()
    deadline = time.monotonic() + 60
    while live_generation(store) == old:
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
    new = live_generation(store)
    stop.set()
    feeding.join()
    wanted = expected(log.records)
    assert all(wanted[name] for name in _NEW)
    assert read_tables(store, new, list(wanted)) == wanted
    store.close()
