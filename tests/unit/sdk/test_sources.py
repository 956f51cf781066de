"""Rank, size and identity of distributed jobs."""

from __future__ import annotations

import pytest

from runstream import _sources
from runstream.exceptions import MlflowException


@pytest.mark.parametrize(
    ("environ", "source"),
    [
        ({}, ""),
        ({"RANK": "3"}, "rank=3"),
        ({"SLURM_PROCID": "0"}, "rank=0"),
        ({"OMPI_COMM_WORLD_RANK": "2"}, "rank=2"),
        ({"PMI_RANK": "4"}, "rank=4"),
        ({"JOB_COMPLETION_INDEX": "5"}, "rank=5"),
        ({"RANK": "1", "SLURM_PROCID": "9"}, "rank=1"),
        ({"RANK": "none"}, ""),
    ],
)
def test_source(environ: dict[str, str], source: str) -> None:
    assert _sources.source(environ) == source


def test_world_size() -> None:
    assert _sources.world_size({"WORLD_SIZE": "8"}) == 8
    assert _sources.world_size({"SLURM_NTASKS": "4"}) == 4
    assert _sources.world_size({}) == 0


def test_all_ranks_compute_the_same_id() -> None:
    ranks = [{"SLURM_JOB_ID": "7", "SLURM_PROCID": str(rank)} for rank in range(4)]
    assert len({_sources.shared_run_id(0, environ) for environ in ranks}) == 1
    assert _sources.shared_run_id(0, ranks[0]) != _sources.shared_run_id(1, ranks[0])
    assert len(_sources.shared_run_id(0, ranks[0])) == 32


def test_what_identifies_a_job() -> None:
    def run_id(**environ: str) -> str:
        return _sources.shared_run_id(0, environ)

    slurm = run_id(SLURM_JOB_ID="7")
    assert run_id(SLURM_JOB_ID="7", SLURM_RESTART_COUNT="2") == slurm
    assert run_id(SLURM_JOB_ID="7", SLURM_STEP_ID="1") != slurm
    assert run_id(SLURM_JOB_ID="7", SLURM_ARRAY_TASK_ID="1") != slurm
    assert run_id(SLURM_JOB_ID="7", TORCHELASTIC_RUN_ID="none") == slurm
    assert run_id(SLURM_JOB_ID="7", TORCHELASTIC_RUN_ID="abc") != slurm
    assert run_id(SLURM_JOB_ID="7", RUNSTREAM_JOB_ID="x") == run_id(RUNSTREAM_JOB_ID="x")


def test_nothing_to_identify_it_names_the_variable() -> None:
    with pytest.raises(MlflowException, match="RUNSTREAM_RUN_ID"):
        _sources.shared_run_id(0, {"RANK": "0"})
