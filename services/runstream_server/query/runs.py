"""One run, or a page of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runstream.error_codes import RESOURCE_DOES_NOT_EXIST
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.query.run_data import chunks, read_run_data
from runstream_server.query.run_inputs import read_inputs
from runstream_server.query.run_rows import RunRow, read_run_rows, run_info
from runstream_server.query.view import View

_RUN_ID = re.compile(r"[0-9a-f]{32}")


def is_run_id(text: str) -> bool:
    """Can a run have this id?"""
    return _RUN_ID.fullmatch(text) is not None


def read_run_row(view: View, run_id: str) -> RunRow:
    """The attributes of one run, deleted or not. Raises ServiceError."""
    rows = read_run_rows(view, [run_id]) if is_run_id(run_id) else []
    if not rows:
        raise ServiceError(
            RESOURCE_DOES_NOT_EXIST,
            f"Run with id={run_id} not found",
            ErrorPlace(field="run_id"),
        )
    return rows[0]


def read_run(view: View, run_id: str, now_ms: int) -> tracking.Run:
    """One run with its data. Raises ServiceError."""
    return complete_runs(view, [read_run_row(view, run_id)], now_ms)[0]


def complete_runs(view: View, rows: Sequence[RunRow], now_ms: int) -> list[tracking.Run]:
    """The runs of these rows, in their order, with their data, inputs and outputs."""
    ids = [row.run_id for row in rows]
    data = read_run_data(view, ids)
    runs = {
        row.run_id: tracking.Run(info=run_info(row, now_ms), data=data[row.run_id]) for row in rows
    }
    for some in chunks(ids):
        read_inputs(view, some, runs)
    return list(runs.values())
