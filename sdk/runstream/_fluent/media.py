"""Images, figures and tables of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runstream import _media, _tables
from runstream._experiment_choice import chosen
from runstream._fluent._current import writer_for
from runstream._load_tables import load
from runstream._tracking_uri import get_tracking_uri

if TYPE_CHECKING:
    import pandas as pd


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Log an image of the active run, as a file or as one of a series.

    image: a PIL image, a `runstream.Image`, or a numpy array of 2 dimensions or
        of 3 with 1, 3 or 4 channels: integers from 0 to 255, floats from 0 to
        1 (others are cut), booleans.
    artifact_file: a path whose ending says the kind, for example "cat.png"; or
    key, step, timestamp: a series of images, for example one per epoch; stored
        as PNG and as a small WebP below `images/`.
    synchronous: True waits until the server has accepted it.

    Raises TypeError and ValueError for what is no such image, key or file
    name, ImportError without Pillow.
    """
    _media.check_image_arguments(artifact_file, key, step, timestamp)
    writer = writer_for()
    if artifact_file is not None:
        _media.log_image_file(writer, image, artifact_file)
    else:
        _media.log_image_of_series(writer, image, key or "", step, timestamp)
    _media.waited(writer, synchronous)


def log_figure(
    figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None
) -> None:
    """Log a figure of matplotlib or plotly as a file.

    artifact_file: its ending says the kind: what matplotlib can write; for
        plotly .html, .png, .jpeg, .webp, .svg and .pdf.
    save_kwargs: handed to `savefig`, `write_html` or `write_image`.

    Raises TypeError for another kind of figure and what plotly cannot write,
    and what the library raises.
    """
    _media.log_figure(writer_for(), figure, artifact_file, save_kwargs)


def log_table(
    data: dict[str, Any] | pd.DataFrame, artifact_file: str, run_id: str | None = None
) -> None:
    """Add rows to a table of the run.

    data: a DataFrame, a dict of columns, or a dict of one row. Cells may hold
        `runstream.Image`.
    artifact_file: a path that ends in .json or .parquet.

    The table of a run that this process made grows without reading anything;
    of another run it is read first. Raises ValueError for another ending,
    INVALID_PARAMETER_VALUE for other data, ImportError without pandas.
    """
    _tables.log_table(writer_for(run_id), data, artifact_file)


def load_table(
    artifact_file: str,
    run_ids: Sequence[str] | None = None,
    extra_columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The rows that `log_table` wrote to `artifact_file` in runs of the active experiment.

    run_ids: only of these runs.
    extra_columns: columns of `search_runs` to add, for example "run_id".

    Raises RESOURCE_DOES_NOT_EXIST when no run has such a table, KeyError for a
    column that `search_runs` does not have.
    """
    uri = get_tracking_uri()
    return load(uri, chosen(uri).experiment_id, artifact_file, run_ids, extra_columns)
