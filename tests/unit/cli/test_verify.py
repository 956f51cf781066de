from __future__ import annotations

import json

from runstream.v1 import tracking_pb2
from tests.unit.cli.fakes import RUN_A, CommandLine

A = RUN_A.info.run_id


def producer(**fields: object) -> tracking_pb2.ProducerReport:
    whole = {
        "producer_id": bytes(16), "source": "rank=0", "host": "node1", "pid": 7, "batches": 3,
        "points": 12_000, "events": 5, "first_seq": 1, "last_seq": 3, "closed": True,
    }  # fmt: skip
    return tracking_pb2.ProducerReport(**{**whole, **fields})  # type: ignore[arg-type]


def test_a_complete_run(runstream: CommandLine) -> None:
    runstream.calls.report = tracking_pb2.VerifyRunResponse(
        complete=True, verdict="complete", producers=[producer()]
    )
    header, row, verdict = runstream(f"runs verify {A}").splitlines()
    assert header.split("\t")[0] == "source"
    assert row.split("\t") == [
        "rank=0", "node1", "7", "3", "12,000", "5", "1", "3", "none", "closed"
    ]  # fmt: skip
    assert verdict == f"run {A}: complete"


def test_what_is_missing_is_said_and_the_exit_code_is_1(runstream: CommandLine) -> None:
    gaps = [tracking_pb2.SeqRange(first=2, last=2), tracking_pb2.SeqRange(first=4, last=9)]
    runstream.calls.report = tracking_pb2.VerifyRunResponse(
        verdict="missing ranks: 1",
        producers=[
            producer(gaps=gaps, closed=False, fault="batches 2 and 4 to 9 are missing"),
            producer(source="", died=True),
        ],
    )
    printed = runstream(f"runs verify --run-id {A}", code=1)
    assert "\t2, 4-9\topen\n" in printed
    assert "rank=0: batches 2 and 4 to 9 are missing\n" in printed
    assert "closed for it (died)" in printed
    assert printed.endswith(f"run {A}: missing ranks: 1\n")


def test_as_json(runstream: CommandLine) -> None:
    runstream.calls.report = tracking_pb2.VerifyRunResponse(
        verdict="open", producers=[producer(closed=False)], missing_sources=["rank=1"]
    )
    report = json.loads(runstream(f"runs verify {A} --json", code=1))
    assert report["complete"] is False
    assert report["missing_sources"] == ["rank=1"]
    assert report["producers"][0]["producer_id"] == "00" * 16
    assert report["producers"][0]["gaps"] == []
