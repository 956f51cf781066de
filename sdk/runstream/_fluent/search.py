"""Finding runs, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from runstream import _run_table, _server
from runstream._experiment_choice import chosen
from runstream._notices import warn
from runstream._tracking_uri import get_tracking_uri
from runstream._validation import check_experiment_id, check_list
from runstream.entities import Run, ViewType
from runstream.exceptions import MlflowException

if TYPE_CHECKING:
    import pandas as pd

_PAGE = 10_000


def search_runs(  # noqa: PLR0913, PLR0917 (MLflow's signature)
    experiment_ids: Sequence[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 100_000,
    order_by: Sequence[str] | None = None,
    output_format: str = "pandas",
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
) -> pd.DataFrame | list[Run]:
    """Runs that match, in order.

    experiment_ids, experiment_names: where to look; neither, the active
        experiment; `search_all_experiments`, everywhere.
    filter_string: for example "metrics.loss < 0.5 and params.optimizer = 'adam'".
    order_by: for example ["metrics.loss ASC"]; newest first when not given.
    output_format: "pandas" returns a DataFrame with columns run_id,
        experiment_id, status, artifact_uri, start_time, end_time, `metrics.…`,
        `params.…`, `tags.…`; "list" returns Run entities.

    Raises ImportError without pandas (for "pandas"), ValueError for another
    format.
    """
    if output_format not in {"pandas", "list"}:
        raise ValueError(
            f"Unsupported output format: {output_format}. Supported string values are 'pandas' "
            "or 'list'"
        )
    if experiment_ids and experiment_names:
        raise MlflowException.invalid_parameter_value(
            "Only experiment_ids or experiment_names can be used, but not both"
        )
    if output_format == "pandas":
        _run_table.pandas()
    uri = get_tracking_uri()
    where = _where(uri, experiment_ids, experiment_names, search_all_experiments)
    clauses = check_list("order_by", () if order_by is None else order_by)
    text = "" if filter_string is None else filter_string
    search = _server.Search(text, run_view_type, _PAGE, clauses)
    runs = _all_pages(uri, where, search, max_results)
    return runs if output_format == "list" else _run_table.run_table(runs)


def _where(
    uri: str,
    experiment_ids: Sequence[str] | None,
    experiment_names: Sequence[str] | None,
    everywhere: bool,
) -> list[str] | None:
    """Ids to search in; None is all of them."""
    if experiment_ids:
        single = isinstance(experiment_ids, str | int)
        ids = [experiment_ids] if single else check_list("experiment_ids", experiment_ids)
        return [check_experiment_id(item) for item in ids]
    if experiment_names:
        return [*_ids_of(uri, check_list("experiment_names", experiment_names))]
    return None if everywhere else [chosen(uri).experiment_id]


def _ids_of(uri: str, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        found = _server.get_experiment_by_name(uri, name)
        if found is None:
            warn(f"Cannot retrieve experiment by name {name!r}: there is none.")
        else:
            yield found.experiment_id


def _all_pages(
    uri: str, where: list[str] | None, search: _server.Search, max_results: int
) -> list[Run]:
    runs: list[Run] = []
    if where == []:
        return runs
    while len(runs) < max_results:
        wanted = search._replace(max_results=min(_PAGE, max_results - len(runs)))
        page = _server.search_runs(uri, where, wanted)
        runs += page
        if page.token is None:
            break
        search = search._replace(page_token=page.token)
    return runs
