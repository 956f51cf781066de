"""What the tables must hold, said as plainly as can be: one event after the other.

Rows are tuples of Python values, keyed by table; NaN is the text "nan", so
that rows can be compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tests.unit.folds.oracle_log import MIDDLE, UINT64_MAX, Account, Logged, Row, events, judged
from tests.unit.folds.oracle_models import (
    MODEL_TABLES,
    input_rows,
    is_model,
    named_series_rows,
    run_model_rows,
)
from tests.unit.folds.oracle_points import latest_rows, rollup_rows, series_points
from tests.unit.folds.oracle_runs import run_rows

Tables = dict[str, set[Row]]


def expected(records: Iterable[Logged]) -> Tables:
    """The tables after these records, given in the order of their log."""
    account = judged(records)
    purged = {
        one.run for one in account.whole for _, kind, _ in events(one) if kind == "run_purged"
    }
    shown = Account(
        [one for one in account.whole if one.run not in purged and not is_model(one)],
        [one for one in account.points_only if one.run not in purged and not is_model(one)],
    )
    models = [one for one in account.whole if is_model(one)]
    series = series_points(shown)
    return {
        "points": {row for points in series.values() for row in points},
        "rollup": set(rollup_rows(series)),
        "latest": set(latest_rows(series)),
        "series": set(named_series_rows(shown)),
        "params": set(param_rows(shown.whole)),
        "tags": set(tag_rows(shown.whole)),
        "artifacts": set(artifact_rows(shown.whole)),
        "inputs": set(input_rows(shown.whole)),
        "run_models": set(run_model_rows(shown.whole)),
        **{table: set(rows(models)) for table, rows in MODEL_TABLES.items()},
        "tombstones": {(run,) for run in purged},
        "runs": set(run_rows(shown.whole)),
        "producers": set(producer_rows(account.whole)),
        "ledger": set(ledger_rows(account)),
    }


def param_rows(records: list[Logged]) -> Iterator[Row]:
    values: dict[Row, list[tuple[int, str]]] = defaultdict(list)
    for one in records:
        for index, kind, message in events(one):
            if kind == "params":
                for param in message.params:
                    values[one.run, param.key].append((one.pos(index), param.value))
    for key, written in values.items():
        only = [value for _, value in written]
        yield (*key, written[0], min(only), max(only))


def tag_rows(records: list[Logged]) -> Iterator[Row]:
    final: dict[Row, tuple[str, int]] = {}
    created: dict[Row, tuple[str, int]] = {}
    for one in records:
        for index, kind, message in events(one):
            rank = MIDDLE + one.pos(index)
            if kind == "tags":
                for pair in message.set:
                    final[one.run, pair.key] = (pair.value, rank)
                for key in message.delete:
                    final[one.run, key] = ("", -1)
            elif kind == "run_updated" and message.HasField("run_name"):
                final[one.run, "mlflow.runName"] = (message.run_name, rank)
            elif kind == "run_created" and message.run_name:
                first = (message.run_name, MIDDLE - 1 - one.pos(index))
                created.setdefault((one.run, "mlflow.runName"), first)
    for key, (value, version) in {**created, **final}.items():
        if version >= 0:
            yield (*key, value, version, 0)


def artifact_rows(records: list[Logged]) -> Iterator[Row]:
    final: dict[Row, Row] = {}
    for one in records:
        for index, kind, message in events(one):
            if kind == "artifact_logged":
                stored = (message.object_key, message.size_bytes, message.sha256)
                final[one.run, message.path] = (*stored, one.pos(index))
    return ((*key, *row) for key, row in final.items())


def producer_rows(records: list[Logged]) -> Iterator[Row]:
    started: dict[Row, Row] = {}
    ended: dict[Row, Row] = {}
    for one in records:
        key = (one.run, one.request.producer_id.hex())
        for index, kind, message in events(one):
            if kind == "producer_started":
                said = (message.host, message.pid, message.world_size)
                started.setdefault(key, (one.pos(index), one.request.source, *said))
            elif kind == "producer_end":
                totals = (message.last_seq, message.points, message.events, int(message.died))
                ended[key] = max(ended.get(key, totals), totals)
    for key in {*started, *ended}:
        nobody = (UINT64_MAX, "", "", 0, 0)
        yield (*key, started.get(key, nobody), ended.get(key, (0, 0, 0, 0)))


def ledger_rows(account: Account) -> Iterator[Row]:
    for one in account.whole:
        request = one.request
        kinds = [event.WhichOneof("kind") for event in request.events]
        uncounted = {"metrics", "producer_started", "producer_end", "void"}
        count = sum(kind not in uncounted for kind in kinds)
        points = sum(len(event.metrics.step) // 8 for event in request.events)
        entry = (one.offset, points, count, request.content_crc32, int("void" in kinds))
        identity = (request.stream_id, request.producer_id.hex(), request.seq)
        yield (*identity, entry, account.conflicts.get(identity, (0, 0)))
