"""The client's part for images, figures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runstream import _media, _tables
from runstream._load_tables import load
from runstream._validation import check_experiment_id
from runstream.tracking._base import ClientBase

if TYPE_CHECKING:
    import pandas as pd


class MediaCalls(ClientBase):
    """Images, figures and tables of a run by its id."""

    def log_image(
        self,
        run_id: str,
        image: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = None,
    ) -> None:
        """Log an image, as a file or as one of a series; see `runstream.log_image`."""
        _media.check_image_arguments(artifact_file, key, step, timestamp)
        writer = self._writer(run_id)
        if artifact_file is not None:
            _media.log_image_file(writer, image, artifact_file)
        else:
            _media.log_image_of_series(writer, image, key or "", step, timestamp)
        _media.waited(writer, synchronous)

    def log_figure(
        self,
        run_id: str,
        figure: Any,
        artifact_file: str,
        *,
        save_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Log a figure of matplotlib or plotly; see `runstream.log_figure`."""
        _media.log_figure(self._writer(run_id), figure, artifact_file, save_kwargs)

    def log_table(
        self, run_id: str, data: dict[str, Any] | pd.DataFrame, artifact_file: str
    ) -> None:
        """Add rows to a table of the run; see `runstream.log_table`."""
        _tables.log_table(self._writer(run_id), data, artifact_file)

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: Sequence[str] | None = None,
        extra_columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """The rows of a table in runs of an experiment; see `runstream.load_table`."""
        where = check_experiment_id(experiment_id)
        return load(self._tracking_uri, where, artifact_file, run_ids, extra_columns)
