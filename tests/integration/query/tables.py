"""Rows for the tables, as folds would write them, each insert a part of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from runstream_server.store.engine import Store
from runstream_server.store.generations import live_generation
from runstream_server.store.schema.tables import TABLE_BY_NAME

LOG_ID = "0123456789abcdef0123456789abcdef"
NOW_MS = 1_800_000_000_000

NO_POSITION = 2**64 - 1
INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1


def run_id(number: int) -> str:
    """Ids whose order as text is not the order in which the engine keeps them."""
    return f"{number:08x}" + f"{(number * 2654435761) % 2**64:016x}" + "7" * 8


def literal(value: Any) -> str:
    """A value in an INSERT of a test."""
    if isinstance(value, (tuple, list)):
        inner = ", ".join(literal(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, bytes):
        return f"unhex('{value.hex()}')"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return repr(value)


def run_row(run: str, **columns: Any) -> tuple[Any, ...]:
    """A row of `runs`; what is not given is the neutral element."""
    neutral: dict[str, Any] = {
        "created": (NO_POSITION, 0, 0, ""),
        "status": (INT64_MIN, 0, 0),
        "end_time": (INT64_MIN, 0, 0),
        "name": (0, ""),
        "deleted": (0, 0, 0),
        "heartbeat": 0,
        "purged": 0,
    }
    return (run, *{**neutral, **columns}.values())


def latest_row(
    run: str, key: str, source: str, step: int, timestamp: int, value: float
) -> tuple[Any, ...]:
    nan = math.isnan(value)
    last = (step, timestamp, 0.0 if nan else value, int(nan))
    extremes = ((math.inf, INT64_MAX, INT64_MAX), (-math.inf, INT64_MIN, INT64_MIN))
    return (run, key, source, last, *extremes, 0, 0, 0, 1)


def param_row(run: str, key: str, position: int, value: str) -> tuple[Any, ...]:
    return (run, key, (position, value), value, value)


def model_id(number: int) -> str:
    return f"m-{run_id(number)}"


def model_row(model: str, **columns: Any) -> tuple[Any, ...]:
    """A row of `models`, by the 32 characters of the id."""
    neutral: dict[str, Any] = {
        "created": (NO_POSITION, 0, 0, "", "", ""),
        "status": (0, 0),
        "status_message": (0, ""),
        "updated_ms": 0,
        "deleted": 0,
    }
    return (model, *{**neutral, **columns}.values())


def series_row(  # noqa: PLR0913, PLR0917 (a row)
    run: str,
    key: str,
    source: str,
    step: int,
    timestamp: int,
    value: float,
    model: str = "",
    dataset: str = "",
) -> tuple[Any, ...]:
    nan = math.isnan(value)
    last = (step, timestamp, 0.0 if nan else value, int(nan))
    return (run, key, source, model, dataset, dataset and "d1", last)


def input_row(
    run: str, name: str, digest: str, *, version: int, source: str = "", context: str = ""
) -> tuple[Any, ...]:
    tags = [("mlflow.data.context", context)] if context else []
    return (run, name, digest, "local", source, "s", "p", tags, version)


def experiment_row(number: int, **columns: Any) -> tuple[Any, ...]:
    values: dict[str, Any] = {
        "name": f"experiment {number}",
        "artifact_location": f"mlflow-artifacts:/{number}",
        "created_ms": 0,
        "updated_ms": 0,
        "changed_ms": 0,
        "deleted": 0,
        "tags": [],
        "aliases": [],
        "version": 1,
    }
    return (number, *{**values, **columns}.values())


class Tables:
    """The live generation of a store, written row by row."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.generation = live_generation(store)

    def name(self, table: str) -> str:
        return TABLE_BY_NAME[table].full_name(self.generation)

    def truncate(self, *tables: str) -> None:
        """These tables, or all of them."""
        for table in tables or TABLE_BY_NAME:
            self.store.command(f"TRUNCATE TABLE {self.name(table)}")

    def insert(self, table: str, *rows: Sequence[Any]) -> None:
        """One part with these rows. A run id is given as 32 characters.

        Columns at the end of the table may be left out.
        """
        if not rows:
            return
        columns = ", ".join(TABLE_BY_NAME[table].column_names[: len(rows[0])])
        texts = []
        for row in rows:
            values = [literal(value) for value in row]
            if TABLE_BY_NAME[table].columns[0].type == "UUID":
                values[0] = f"toUUID('{row[0]}')"
            texts.append(f"({', '.join(values)})")
        self.store.command(f"INSERT INTO {self.name(table)} ({columns}) VALUES {', '.join(texts)}")

    def spread(self, table: str, rows: Sequence[Sequence[Any]], parts: int = 3) -> None:
        """The rows over some parts, so that rows of one key meet only when read."""
        for part in range(parts):
            self.insert(table, *rows[part::parts])

    def points(self, *rows: tuple[str, str, str, int, int, float]) -> None:
        """Points (run, key, source, step, timestamp, value), and their roll-up."""
        self.insert("points", *((*row, "", "", "") for row in rows))
        self.store.command(
            f"INSERT INTO {self.name('rollup')} SELECT run_id, key, source, "
            "bitShiftRight(step, 10) AS bucket, "
            f"minIf((step, timestamp, value), isFinite(value)) AS f, "
            "maxIf((step, timestamp, value), isFinite(value)) AS l, "
            "minIf((value, step, timestamp), isFinite(value)) AS n, "
            "maxIf((value, step, timestamp), isFinite(value)) AS x, "
            "max(isNaN(value)), max(value = inf), max(value = -inf), max(isFinite(value)) "
            f"FROM {self.name('points')} GROUP BY run_id, key, source, bucket "
            "HAVING max(isFinite(value)) = 1"
        )
        largest, smallest = literal(INT64_MAX), f"({INT64_MIN + 1} - 1)"
        self.store.command(
            f"INSERT INTO {self.name('rollup')} SELECT run_id, key, source, "
            "bitShiftRight(step, 10) AS bucket, "
            f"({largest}, {largest}, 0), ({smallest}, {smallest}, 0), "
            f"(inf, {largest}, {largest}), (-inf, {smallest}, {smallest}), "
            "max(isNaN(value)), max(value = inf), max(value = -inf), 0 "
            f"FROM {self.name('points')} WHERE NOT isFinite(value) "
            "GROUP BY run_id, key, source, bucket"
        )
