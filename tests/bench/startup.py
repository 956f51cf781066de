"""What is paid before anything is logged: import time, an idle server's memory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from tests.bench import peer
from tests.bench.figure import Figure, median
from tests.bench.processes import resident_bytes
from tests.e2e.harness import new_world

IMPORT = """
import json, sys, time
t = time.perf_counter(); import runstream; runstream.log_metric
took = (time.perf_counter() - t) * 1e3
assert "grpc" not in sys.modules
print(json.dumps(took))
"""


def measure(report: Callable[[Figure], None]) -> None:
    """Import time beside MLflow's, resident memory of an idle server."""
    with peer.server() as (_, env):
        theirs = median([peer.run(peer.IMPORT, env)["import_ms"] for _ in range(5)])
    with new_world() as world:
        ours = median([float(json.loads(world.run(IMPORT))) for _ in range(9)])
        server = world.server()
        assert server.process is not None
        time.sleep(5)
        memory = resident_bytes(server.process.pid) / 1024**2
    report(Figure("import runstream", ours, "ms", 150, peer=peer.NAME, peer_value=theirs))
    report(Figure("idle server, resident memory", memory, "MB", 450))
