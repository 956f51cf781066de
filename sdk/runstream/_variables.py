"""Every environment variable of the SDK and the agent: the one table.

`docs/configuration.md` is written from it by `python -m runstream._config`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from runstream.exceptions import MlflowException

When = Literal["once", "each use", "by the agent", "written by Runstream"]

_UNITS = {"": 1, "B": 1, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


class Variable(NamedTuple):
    """One variable.

    name: without RUNSTREAM_.
    mlflow: MLflow's variable that counts where ours is not set; empty: none.
    default: as it would stand in the environment; empty: not set.
    read: when its value is looked at.
    meaning: one sentence or two.
    """

    name: str
    mlflow: str
    default: str
    read: When
    meaning: str


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise ValueError("it must be a number of seconds, 0 or more")
    return number


def _bytes(text: str) -> int:
    digits = text.strip().rstrip("BKMGTIbkmgti ")
    unit = text.strip()[len(digits) :].strip().upper()
    if unit not in _UNITS or not digits.isdigit():
        raise ValueError("it must be a size such as 1048576, 512 MiB or 1GiB")
    return int(digits) * _UNITS[unit]


def _flag(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("it must be true or false")


def _choice(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"it must be one of {', '.join(choices)}")
        return text

    return parse


# What turns the text of a variable into its value; the others are text.
PARSERS: dict[str, Callable[[str], Any]] = {
    "MODE": _choice("online", "offline", "disabled"),
    "CONNECT_TIMEOUT": _seconds,
    "READ_TIMEOUT": _seconds,
    "EXIT_TIMEOUT": _seconds,
    "EXIT_WAIT": _choice("auto", "always", "never"),
    "SPOOL_ARTIFACT_MAX": _bytes,
    "SPOOL_ARTIFACT_TOTAL_MAX": _bytes,
    "TRUNCATE_LONG_VALUES": _flag,
    "ENABLE_ARTIFACTS_PROGRESS_BAR": _flag,
    "TLS_INSECURE": _flag,
    "TRANSPORT": _choice("auto", "grpc", "http"),
}

VARIABLES: tuple[Variable, ...] = (
    # ---- Where to, and as what ----
    Variable(
        "TRACKING_URI", "MLFLOW_TRACKING_URI", "./runstream-data", "each use",
        "Where runs go: a folder, `http(s)://host:port`, `grpc(s)://host:port`. "
        "`set_tracking_uri` beats it, and sets it for child processes.",
    ),
    Variable(
        "EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_NAME", "", "each use",
        "The experiment of new runs, by name; created when there is none. "
        "`set_experiment` beats it, and sets it for child processes.",
    ),
    Variable(
        "EXPERIMENT_ID", "MLFLOW_EXPERIMENT_ID", "0", "each use",
        "The experiment of new runs, by id.",
    ),
    Variable(
        "RUN_ID", "MLFLOW_RUN_ID", "", "each use",
        "The run that the next `start_run()` resumes; removed once used.",
    ),
    Variable(
        "ACTIVE_MODEL_ID", "MLFLOW_ACTIVE_MODEL_ID", "", "each use",
        "The logged model that metrics belong to where `set_active_model` was not called.",
    ),
    Variable(
        "MODE", "", "online", "once",
        "`online`; `offline`: log to the spool, start no agent, ask no server; "
        "`disabled`: log nothing and start nothing, for the unit tests of training code.",
    ),
    Variable(
        "RUN_CONTEXT", "MLFLOW_RUN_CONTEXT", "", "once",
        "A JSON object of tags that every new run gets.",
    ),
    Variable(
        "JOB_ID", "", "", "each use",
        "Identity of the job for `start_run(shared=True)`. Not set: from the launcher.",
    ),
    # ---- Who we are, and whom we trust ----
    Variable(
        "TOKEN", "MLFLOW_TRACKING_TOKEN", "", "each use",
        "Token for the server. `RUNSTREAM_TOKEN` beats user and password, which beat "
        "`MLFLOW_TRACKING_TOKEN`; user and password in the address beat them all.",
    ),
    Variable(
        "USERNAME", "MLFLOW_TRACKING_USERNAME", "", "each use",
        "User name for the server, or for a proxy in front of it; counts with a password only.",
    ),
    Variable(
        "PASSWORD", "MLFLOW_TRACKING_PASSWORD", "", "each use",
        "Password of that user.",
    ),
    Variable(
        "TLS_CA", "MLFLOW_TRACKING_SERVER_CERT_PATH", "", "each use",
        "PEM file of the certificates that are trusted instead of the system's.",
    ),
    Variable(
        "TLS_INSECURE", "MLFLOW_TRACKING_INSECURE_TLS", "false", "each use",
        "`true`: take any certificate of an https:// address, then by HTTP only. For trials: "
        "whoever is in between can read the token.",
    ),
    Variable(
        "TLS_CLIENT_CERT", "MLFLOW_TRACKING_CLIENT_CERT_PATH", "", "each use",
        "PEM file with a certificate of ours and its key, for servers that ask for one.",
    ),
    Variable(
        "TRANSPORT", "", "auto", "each use",
        "`auto`: gRPC, and HTTP where gRPC is not reachable; `grpc`; `http`.",
    ),
    # ---- Waiting ----
    Variable(
        "CONNECT_TIMEOUT", "", "2", "once",
        "Seconds that `set_experiment` and resuming a run wait for a server before they go on "
        "without it.",
    ),
    Variable(
        "READ_TIMEOUT", "", "30", "once",
        "Seconds that a read waits until it can show what was written before it.",
    ),
    Variable(
        "EXIT_TIMEOUT", "", "60", "once",
        "Seconds that the exit of a process waits at most for its data to be accepted, where "
        "the agent cannot outlive the process and the server answers.",
    ),
    Variable(
        "EXIT_WAIT", "", "auto", "once",
        "`auto`: wait at exit only where the agent cannot outlive the process (a container, "
        "process 1, a Slurm step); `always`; `never`.",
    ),
    # ---- Spool ----
    Variable(
        "SPOOL_DIR", "", "", "once",
        "Folder of the spool, for volumes that outlive a container. Not set: "
        "`/dev/shm/runstream-UID` and `/var/tmp/runstream-UID`.",
    ),
    Variable(
        "SPOOL_FULL", "", "block", "once",
        "When the disk of the spool is full: `block` until there is room, or `raise`.",
    ),
    Variable(
        "SPOOL_MAX_BYTES", "", "17179869184", "once",
        "Points and events that a process may hold in its spool; then it is full.",
    ),
    Variable(
        "SPOOL_ARTIFACT_MAX", "", "1 GiB", "once",
        "A larger artifact is not copied into the spool: the call uploads it before it returns.",
    ),
    Variable(
        "SPOOL_ARTIFACT_TOTAL_MAX", "", "10 GiB", "once",
        "The same, when all artifacts that wait in the spool would be more than this.",
    ),
    Variable(
        "TRUNCATE_LONG_VALUES", "MLFLOW_TRUNCATE_LONG_VALUES", "true", "once",
        "Cut the values of params (6000 characters) and tags (8000) that are longer; "
        "`false`: refuse them.",
    ),
    Variable(
        "ENABLE_ARTIFACTS_PROGRESS_BAR", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "true", "once",
        "Say on standard error how far files of more than 8 MB are that a call waits for.",
    ),
    # ---- Agent ----
    Variable(
        "AGENT_PYTHON", "", "", "once",
        "The Python interpreter that runs the agent, where it is not the one of the script.",
    ),
    Variable(
        "AGENT_IDLE_SECONDS", "", "10", "by the agent",
        "The agent leaves when there was nothing to do for so long.",
    ),
    Variable(
        "AGENT_GRPC_SECONDS", "", "60", "by the agent",
        "Where only HTTP is reachable, gRPC is tried again after so long, then after twice as "
        "long, up to ten minutes.",
    ),
    # ---- Between processes ----
    Variable(
        "INHERITED_RUN", "", "", "written by Runstream",
        "The run that a child process logs to when it has none of its own.",
    ),
    Variable(
        "AGENT", "", "", "written by Runstream",
        "`1` in the agent and what it starts: no agent starts an agent.",
    ),
)  # fmt: skip

_BY_NAME = {variable.name: variable for variable in VARIABLES}


def text_of(name: str, environ: Mapping[str, str] | None = None) -> str:
    """What is set: RUNSTREAM_X, else MLflow's variable, else "". Empty is not set."""
    return _found(name, os.environ if environ is None else environ)[1]


def value_of(name: str, environ: Mapping[str, str] | None = None) -> Any:
    """The parsed value, or the default. Raises MlflowException naming the variable."""
    variable = _BY_NAME[name]
    found, text = _found(name, os.environ if environ is None else environ)
    parse = PARSERS.get(name, str)
    try:
        return parse(text or variable.default)
    except ValueError as error:
        raise MlflowException.invalid_parameter_value(
            f"The environment variable {found} is {text!r}: {error}."
        ) from error


def _found(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    own = f"RUNSTREAM_{name}"
    text = environ.get(own, "")
    mlflow = _BY_NAME[name].mlflow
    if text or not mlflow:
        return own, text
    return mlflow, environ.get(mlflow, "")
