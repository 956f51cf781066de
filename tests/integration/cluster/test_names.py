"""Many processes on several machines want one name: one experiment has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.faults.nodes import machine
from tests.servers.cluster import Cluster

PROCESSES = 50

# Imports once, then forks. All children wait for one line, so that they ask at once.
DRIVER = """
import json, os, sys
import runstream
from runstream.exceptions import MlflowException
spools, count = sys.argv[1].split(","), int(sys.argv[2])
gate, opener = os.pipe()
answers = []
for number in range(count):
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(opener)
        os.environ["RUNSTREAM_SPOOL_DIR"] = spools[number % len(spools)]
        os.read(gate, 1)
        got = runstream.set_experiment("wanted by many processes").experiment_id
        try:
            made = runstream.create_experiment("created by many processes")
        except MlflowException as error:
            made = error.error_code
        os.write(writing, json.dumps([got, made]).encode())
        os._exit(0)
    os.close(writing)
    answers.append(reading)
os.close(opener)
print(json.dumps([json.loads(os.read(answer, 1000) or "null") for answer in answers]))
"""


def test_fifty_processes_on_five_machines(cluster: Cluster, tmp_path: Path) -> None:
    """The agent of each machine finds an ingest process by itself."""
    spools = ",".join(str(tmp_path / f"machine-{number}") for number in range(5))
    environment = machine(os.environ, cluster.uri, tmp_path)
    # Nobody may go on with an id of its own.
    environment["RUNSTREAM_CONNECT_TIMEOUT"] = "80"
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, spools, str(PROCESSES)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert len(answers) == PROCESSES
    assert len({got for got, _ in answers}) == 1, answers
    made = [made for _, made in answers if made != "RESOURCE_ALREADY_EXISTS"]
    assert len(made) == 1, answers
