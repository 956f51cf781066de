"""Tables of many runs as one."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from runstream import _downloads, _server, _tables
from runstream._downloads import Place
from runstream._run_table import run_table
from runstream._system_tags import LOGGED_ARTIFACTS
from runstream._validation import check_artifact_path, check_list, check_run_id
from runstream.entities import Run
from runstream.error_codes import RESOURCE_DOES_NOT_EXIST
from runstream.exceptions import MlflowException

if TYPE_CHECKING:
    import pandas as pd

_PAGE = 1000


def load(
    uri: str,
    experiment_id: str,
    artifact_file: str,
    run_ids: Sequence[str] | None,
    extra_columns: Sequence[str] | None,
) -> pd.DataFrame:
    """The rows of the table in all these runs, with columns of the runs."""
    path = check_artifact_path(artifact_file, "artifact_file")
    pandas = importlib.import_module("pandas")
    found = []
    for run in _runs(uri, experiment_id, run_ids):
        if _tables.lists_table(run.data.tags.get(LOGGED_ARTIFACTS, ""), path):
            found.append(_loaded(uri, run, path, extra_columns or ()))
    if not found:
        raise MlflowException(
            f"No runs found with the corresponding table artifact {path!r}.",
            RESOURCE_DOES_NOT_EXIST,
        )
    table: pd.DataFrame = pandas.concat(found, ignore_index=True)
    return table


def _runs(uri: str, experiment_id: str, run_ids: Sequence[str] | None) -> Iterator[Run]:
    clauses = [f"tags.`{LOGGED_ARTIFACTS}` IS NOT NULL"]
    if run_ids is not None:
        ids = ", ".join(f"'{check_run_id(run_id)}'" for run_id in check_list("run_ids", run_ids))
        if not ids:
            return
        clauses.append(f"attributes.run_id IN ({ids})")
    search = _server.Search(filter=" AND ".join(clauses), max_results=_PAGE)
    while True:
        page = _server.search_runs(uri, [experiment_id], search)
        yield from page
        if page.token is None:
            return
        search = search._replace(page_token=page.token)


def _loaded(uri: str, run: Run, path: str, extra_columns: Sequence[str]) -> pd.DataFrame:
    with tempfile.TemporaryDirectory(prefix="runstream-") as folder:
        place = Place(run.info.run_id, path)
        table = _tables.read_table(_downloads.download(uri, place, folder))
    columns = run_table([run])
    for name in extra_columns:
        table[name] = columns[name].iloc[0]
    return table
