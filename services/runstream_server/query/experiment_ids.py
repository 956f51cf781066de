"""The experiments that a search names."""

from __future__ import annotations

from collections.abc import Sequence

from runstream_server.query.experiments import parse_experiment_id
from runstream_server.query.sql import Parameters
from runstream_server.query.view import View


def resolve_experiment_ids(view: View, experiment_ids: Sequence[str]) -> list[int]:
    """As numbers, provisional ids replaced by what they stand for.

    Unknown ones stay as they are: no run has them. Raises ServiceError for one
    that is not an integer.
    """
    wanted = [parse_experiment_id(text) for text in experiment_ids]
    if not wanted:
        return []
    parameters = Parameters()
    numbers = parameters.integers(wanted)
    rows = view.rows(
        f"SELECT experiment_id, arrayIntersect(aliases, {numbers}) "
        f"FROM {view.table('experiments')} FINAL WHERE hasAny(aliases, {numbers})",
        parameters.values,
    )
    aliases = {alias: number for number, found in rows for alias in found}
    return sorted({aliases.get(number, number) for number in wanted})
