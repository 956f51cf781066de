"""A short plan with every kind of fault, on both sizes; `make chaos` runs longer ones."""

from __future__ import annotations

import pytest

from tests.e2e.faults.chaos import chaos
from tests.e2e.faults.nodes import Work
from tests.e2e.faults.plan import HASTE, Size, one_of_each_kind, plan
from tests.servers.cluster import missing
from tests.servers.required import cannot_be_had

WORK = Work(calls_per_second=500, calls=4000)


@pytest.mark.parametrize("size", ["embedded", "cluster"])
def test_nothing_is_lost_or_doubled(size: Size) -> None:
    if size == "cluster" and (reason := missing()):
        cannot_be_had(reason)
    faults = one_of_each_kind(size)
    report = chaos(size, plan(1, 1, faults, HASTE), WORK, print)
    assert not report.all_problems, "\n".join(report.all_problems)
    assert not report.ended, report.ended
    assert report.tally.runs > 0
    assert report.tally.points > 0
    assert report.tally.artifacts > 0
    missed = {kind for kind, _ in faults} - set(report.faults)
    if report.impossible and missed == {"full disk"}:
        pytest.skip(f"all but one: {', '.join(report.impossible)}")
    assert not missed, report.impossible
