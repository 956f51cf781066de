"""Which experiment new runs belong to.

    set_experiment  →  RUNSTREAM_EXPERIMENT_NAME/_ID  →  MLFLOW_…  →  "0"

A run never waits for the answer: where only a name is known, the spool holds
the name and the server resolves it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from runstream._exports import export
from runstream._ids import provisional_experiment_id
from runstream._validation import check_experiment_id, check_experiment_name

DEFAULT_EXPERIMENT_ID = "0"
_NAME, _ID = "EXPERIMENT_NAME", "EXPERIMENT_ID"


class ExperimentChoice(NamedTuple):
    """An experiment by its id, and by its name where only that is sure.

    experiment_id: what `run.info` shows; made from the name where `name` is set.
    name: not empty: the server has to look the id up.
    artifact_location: what is known of it; empty: nothing.
    """

    experiment_id: str
    name: str = ""
    artifact_location: str = ""

    @property
    def id_to_send(self) -> str:
        """Empty when the name is sent instead."""
        return "" if self.name else self.experiment_id


class _Chosen(NamedTuple):
    """What set_experiment found at a tracking URI. The name may be unknown."""

    uri: str
    choice: ExperimentChoice
    name: str


# Forks inherit it.
_chosen: _Chosen | None = None


def choose(uri: str, choice: ExperimentChoice, name: str) -> None:
    """New runs belong to it, here and in child processes started later.

    name: what it is called, where that is known: at another server it is
    another experiment, of that name.
    """
    global _chosen
    _chosen = _Chosen(uri, choice, name)
    _export(choice)


def chosen(uri: str) -> ExperimentChoice:
    """The experiment of a new run at that tracking URI."""
    if _chosen is None:
        return from_environment(os.environ)
    if _chosen.uri == uri or not _chosen.name:
        return _chosen.choice
    return by_name(_chosen.name)


def required_id(uri: str) -> str:
    """The id that `set_experiment` has found; empty when it was not called or not answered."""
    if _chosen is None or _chosen.uri != uri or _chosen.choice.name:
        return ""
    return _chosen.choice.experiment_id


def by_name(name: str) -> ExperimentChoice:
    """An experiment whose id nobody could be asked for."""
    return ExperimentChoice(provisional_experiment_id(name), name)


def from_environment(environ: Mapping[str, str]) -> ExperimentChoice:
    """What the environment says; ours before MLflow's, a name before an id."""
    for prefix in ("RUNSTREAM_", "MLFLOW_"):
        name, number = environ.get(prefix + _NAME, ""), environ.get(prefix + _ID, "")
        if name:
            return by_name(check_experiment_name(name))
        if number:
            return ExperimentChoice(check_experiment_id(number))
    return ExperimentChoice(DEFAULT_EXPERIMENT_ID)


def forget() -> None:
    """Be as before the first call; for tests."""
    global _chosen
    _chosen = None


def _export(choice: ExperimentChoice) -> None:
    set_one, clear = (_NAME, _ID) if choice.name else (_ID, _NAME)
    export(f"RUNSTREAM_{clear}", None)
    export(f"RUNSTREAM_{set_one}", choice.name or choice.experiment_id)
