"""Finding runs, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runstream import _server
from runstream._experiment_choice import chosen
from runstream._notices import warn
from runstream._tracking_uri import get_tracking_uri
from runstream._validation import check_experiment_id
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
        _pandas()
    uri = get_tracking_uri()
    where = _where(uri, experiment_ids, experiment_names, search_all_experiments)
    search = _server.Search(filter_string or "", run_view_type, _PAGE, tuple(order_by or ()))
    runs = _all_pages(uri, where, search, max_results)
    return runs if output_format == "list" else _table(runs)


def _where(
    uri: str,
    experiment_ids: Sequence[str] | None,
    experiment_names: Sequence[str] | None,
    everywhere: bool,
) -> list[str] | None:
    """Ids to search in; None is all of them."""
    if experiment_ids:
        return [check_experiment_id(item) for item in experiment_ids]
    if experiment_names:
        return [*_ids_of(uri, experiment_names)]
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


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "search_runs returns a pandas DataFrame and pandas is not installed: install it, or "
            'call search_runs(output_format="list").'
        ) from error
    return pandas


def _table(runs: Sequence[Run]) -> pd.DataFrame:
    pandas = _pandas()
    columns: dict[str, Any] = {
        "run_id": [run.info.run_id for run in runs],
        "experiment_id": [run.info.experiment_id for run in runs],
        "status": [run.info.status for run in runs],
        "artifact_uri": [run.info.artifact_uri for run in runs],
        "start_time": pandas.to_datetime([r.info.start_time for r in runs], unit="ms", utc=True),
        "end_time": pandas.to_datetime([r.info.end_time for r in runs], unit="ms", utc=True),
    }
    columns |= _columns("metrics", [run.data.metrics for run in runs], float("nan"))
    texts = _columns("params", [run.data.params for run in runs], None)
    texts |= _columns("tags", [run.data.tags for run in runs], None)
    # As objects: a column of strings would turn None into NaN.
    columns |= {name: pandas.Series(text, dtype=object) for name, text in texts.items()}
    table: pd.DataFrame = pandas.DataFrame(columns)
    return table


def _columns(prefix: str, rows: Sequence[Mapping[str, Any]], missing: Any) -> dict[str, list[Any]]:
    keys = dict.fromkeys(key for row in rows for key in row)
    return {f"{prefix}.{key}": [row.get(key, missing) for row in rows] for key in keys}
