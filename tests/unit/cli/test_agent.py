from __future__ import annotations

import json

from runstream.v1 import spool_pb2
from tests.unit.cli.fakes import STARTED_MS, CommandLine


def test_status_names_what_waits(runstream: CommandLine) -> None:
    runstream.calls.status = spool_pb2.AgentStatus(
        pid=9,
        version="0.1.0",
        scope_folder="/var/tmp/x",
        started_ms=STARTED_MS,
        processes=[
            spool_pb2.ProcessStatus(pid=7, alive=True, cells_spooled=1500, cells_accepted=300)
        ],
        destinations=[
            spool_pb2.DestinationStatus(tracking_uri="http://h:5000", last_error="refused")
        ],
    )
    printed = runstream("agent status")
    assert "7\tyes\t1,200\t1,500\t0\t0\t\n" in printed
    assert "http://h:5000\taway\t\trefused\n" in printed
    as_json = json.loads(runstream("agent status --json"))
    assert as_json["processes"][0]["cells_accepted"] == 300
    assert as_json["destinations"][0]["connected"] is False


def test_status_of_an_empty_machine(runstream: CommandLine) -> None:
    assert "Nothing is spooled here." in runstream("agent status")


def test_drain(runstream: CommandLine) -> None:
    assert runstream("agent drain") == "Everything is accepted.\n"
    runstream.calls.refused = ["run 1: param 'lr' was logged with another value"]
    printed = runstream("agent drain --timeout 5", code=1)
    assert printed == f"{runstream.calls.refused[0]}\n1 refusal; the rest is accepted.\n"
    assert json.loads(runstream("agent drain --json", code=1)) == {
        "refused": runstream.calls.refused
    }
