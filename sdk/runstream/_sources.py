"""What the launcher of a distributed job says: rank, size, identity."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping

from runstream._variables import text_of
from runstream.exceptions import MlflowException

_RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "JOB_COMPLETION_INDEX")
_SIZES = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
_MPI_JOBS = ("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "OMPI_MCA_orte_hnp_uri")
_KUBERNETES_JOBS = ("JOB_UID", "KUBERNETES_JOB_UID", "POD_OWNER_UID")


def rank(environ: Mapping[str, str] = os.environ) -> int | None:
    """The number of this process in its job; None when nothing says it."""
    return _first_number(_RANKS, environ)


def world_size(environ: Mapping[str, str] = os.environ) -> int:
    """How many processes the job has; 0 when nothing says it."""
    return _first_number(_SIZES, environ) or 0


def source(environ: Mapping[str, str] = os.environ) -> str:
    """Which process of a run this is, for example "rank=3"; empty: the only one."""
    number = rank(environ)
    return "" if number is None else f"rank={number}"


def shared_run_id(count: int, environ: Mapping[str, str] = os.environ) -> str:
    """The id of the job's run number `count` (from 0): the same on all ranks."""
    text = f"runstream shared run\n{_job_identity(environ)}\n{count}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _job_identity(environ: Mapping[str, str]) -> str:
    named = text_of("JOB_ID", environ)
    if named:
        return f"job {named}"
    torch = environ.get("TORCHELASTIC_RUN_ID", "")
    if torch and torch != "none":  # torchrun's default, the same for everybody
        return f"torchelastic {torch}"
    if environ.get("SLURM_JOB_ID"):
        return _slurm_identity(environ)
    for name in (*_MPI_JOBS, *_KUBERNETES_JOBS):
        if environ.get(name):
            return f"{name} {environ[name]}"
    raise MlflowException.invalid_parameter_value(
        "start_run(shared=True) found nothing that identifies the job on all its processes. "
        "Set RUNSTREAM_RUN_ID to 32 hex characters, or RUNSTREAM_JOB_ID to any text, to the "
        "same value in all of them."
    )


def _slurm_identity(environ: Mapping[str, str]) -> str:
    # Not the restart count: a requeued job resumes its run.
    names = ("SLURM_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_STEP_ID")
    return "slurm " + " ".join(environ.get(name, "-") for name in names)


def _first_number(names: tuple[str, ...], environ: Mapping[str, str]) -> int | None:
    for name in names:
        text = environ.get(name, "")
        if text.isascii() and text.isdigit():
            return int(text)
    return None
