"""One run for all processes of a job."""

from __future__ import annotations

import pytest

import runstream
from runstream import _process
from runstream.exceptions import MlflowException
from tests.unit.sdk.fakes import spooled

pytestmark = pytest.mark.usefixtures("agent")
OTHER = "ab" * 16


def test_only_rank_0_ends_a_shared_run(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("RUNSTREAM_JOB_ID", "job")
    fresh.setenv("WORLD_SIZE", "2")
    ids = set()
    for rank in ("0", "1"):
        fresh.setenv("RANK", rank)
        _process.forget()
        with runstream.start_run(shared=True) as run:
            ids.add(run.info.run_id)
    assert len(ids) == 1
    found = spooled()
    assert {d.source: d.world_size for d in found.runs} == {"rank=0": 2, "rank=1": 2}
    ends = [e for e in found.of(run.info.run_id) if e.run_updated.HasField("end_time_ms")]
    assert len(ends) == 1
    attempts = {d.source: d.attempt_start_ms for d in found.runs}
    assert attempts["rank=1"] < attempts["rank=0"]


def test_a_failing_rank_fails_the_shared_run(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("RUNSTREAM_RUN_ID", OTHER)
    fresh.setenv("RANK", "1")
    with pytest.raises(ZeroDivisionError), runstream.start_run(shared=True) as run:
        raise ZeroDivisionError
    assert run.info.run_id == OTHER
    found = spooled()
    assert found.status(OTHER) == "FAILED"
    assert found.runs[-1].attempt_start_ms >= (run.info.start_time or 0)


def test_a_shared_run_needs_an_identity(fresh: pytest.MonkeyPatch) -> None:
    for name in ("SLURM_JOB_ID", "TORCHELASTIC_RUN_ID", "PMIX_NAMESPACE"):
        fresh.delenv(name, raising=False)
    with pytest.raises(MlflowException, match="RUNSTREAM_RUN_ID"):
        runstream.start_run(shared=True)
