"""The configuration of this process: read once, then frozen.

Run as `python -m runstream._config` it prints `docs/configuration.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from runstream._variables import VARIABLES, Variable, text_of, value_of
from runstream.exceptions import MlflowException


@dataclass(frozen=True)
class Config:
    """What the environment said when this process first asked."""

    mode: str
    """online, offline or disabled."""

    connect_timeout_seconds: float
    """How long set_experiment and a resume wait for a server."""

    read_timeout_seconds: float
    """How long a read waits for what was written before it."""

    exit_timeout_seconds: float
    """How long an exit waits at most."""

    exit_wait: str
    """auto, always or never."""

    spool_artifact_max_bytes: int
    """Larger files are uploaded by the call."""

    spool_artifact_total_max_bytes: int
    """More than this waiting: files are uploaded by the call."""

    truncate_long_values: bool
    """Cut long values of params and tags, else refuse them."""

    progress: bool
    """Show how far large transfers are."""

    run_context: Mapping[str, str] = field(default_factory=dict)
    """Tags for every new run."""

    @property
    def disabled(self) -> bool:
        return self.mode == "disabled"

    @property
    def online(self) -> bool:
        return self.mode == "online"


def read_config(environ: Mapping[str, str] | None = None) -> Config:
    """The configuration of an environment. A bad value raises and names its variable."""
    return Config(
        mode=value_of("MODE", environ),
        connect_timeout_seconds=value_of("CONNECT_TIMEOUT", environ),
        read_timeout_seconds=value_of("READ_TIMEOUT", environ),
        exit_timeout_seconds=value_of("EXIT_TIMEOUT", environ),
        exit_wait=value_of("EXIT_WAIT", environ),
        spool_artifact_max_bytes=value_of("SPOOL_ARTIFACT_MAX", environ),
        spool_artifact_total_max_bytes=value_of("SPOOL_ARTIFACT_TOTAL_MAX", environ),
        truncate_long_values=value_of("TRUNCATE_LONG_VALUES", environ),
        progress=value_of("ENABLE_ARTIFACTS_PROGRESS_BAR", environ),
        run_context=_run_context(text_of("RUN_CONTEXT", environ)),
    )


@lru_cache(maxsize=1)
def config() -> Config:
    """The configuration of this process and its forks."""
    return read_config()


def _run_context(text: str) -> Mapping[str, str]:
    if not text:
        return {}
    try:
        tags = json.loads(text)
    except ValueError as error:
        raise _bad_context(text) from error
    if not isinstance(tags, dict):
        raise _bad_context(text)
    return {str(key): str(value) for key, value in tags.items()}


def _bad_context(text: str) -> MlflowException:
    return MlflowException.invalid_parameter_value(
        f"The environment variable RUNSTREAM_RUN_CONTEXT is {text[:100]!r}: "
        "it must be a JSON object of tags."
    )


_INTRODUCTION = """# Configuration

Written from the SDK's own table by `python -m runstream._config`; a test compares them.

An argument of a function beats `RUNSTREAM_X`, which beats MLflow's variable; empty counts as
not set. Sizes may have a unit (`512 MiB`), times are seconds. A bad value stops the first call
that needs it and names the variable. Flags of `runstream server` can be set as
`RUNSTREAM_<FLAG>` too: see `runstream server --help`; those of a cluster's processes are in
[The cluster](cluster.md).

| variable | where not set | default | read | meaning |
|---|---|---|---|---|
"""


def configuration_page() -> str:
    """The text of `docs/configuration.md`."""
    return _INTRODUCTION + "".join(_row(variable) for variable in VARIABLES)


def _row(variable: Variable) -> str:
    mlflow = f"`{variable.mlflow}`" if variable.mlflow else ""
    default = f"`{variable.default}`" if variable.default else ""
    cells = (f"`RUNSTREAM_{variable.name}`", mlflow, default, variable.read, variable.meaning)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    print(configuration_page(), end="")
