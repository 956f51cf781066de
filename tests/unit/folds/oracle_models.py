"""Inputs, outputs and logged models, one event after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from tests.unit.folds.oracle_log import MIDDLE, UINT64_MAX, Account, Logged, Row, events
from tests.unit.folds.oracle_points import event_points

Rows = Callable[[list[Logged]], Iterable[Row]]


def is_model(one: Logged) -> bool:
    return one.run.startswith("m-")


def input_rows(records: list[Logged]) -> Iterator[Row]:
    first: dict[Row, Row] = {}
    for one in records:
        for index, kind, message in events(one):
            for entry in message.datasets if kind == "inputs" else ():
                data = entry.dataset
                texts = (data.source_type, data.source, data.schema, data.profile)
                tags = tuple((tag.key, tag.value) for tag in entry.tags)
                rank = MIDDLE - 1 - one.pos(index)
                first.setdefault((one.run, data.name, data.digest), (*texts, tags, rank))
    return ((*key, *row) for key, row in first.items())


def run_model_rows(records: list[Logged]) -> Iterator[Row]:
    first: dict[Row, Row] = {}
    for one in records:
        for index, kind, message in events(one):
            rank = MIDDLE - 1 - one.pos(index)
            for model_id in message.model_ids if kind == "inputs" else ():
                first.setdefault((one.run, 0, model_id), (0, rank))
            for model in message.models if kind == "outputs" else ():
                first.setdefault((one.run, 1, model.model_id), (model.step, rank))
    return ((*key, *row) for key, row in first.items())


def named_series_rows(account: Account) -> Iterator[Row]:
    """Of every point as logged: which of equal ones stays in `points` does not matter here."""
    found: dict[Row, set[Row]] = defaultdict(set)
    for one in (*account.whole, *account.points_only):
        for _, kind, message in events(one):
            if kind != "metrics":
                continue
            for (run, key, source, step, at, value), (_, *names) in event_points(one, message):
                if any(names):
                    point = (step, at, 0.0 if value == "nan" else value, int(value == "nan"))
                    found[(run, key, source, *names)].add(point)
    return ((*key, max(points)) for key, points in found.items())


def model_param_rows(records: list[Logged]) -> Iterator[Row]:
    values: dict[Row, list[tuple[int, str]]] = defaultdict(list)
    for one in records:
        for index, kind, message in events(one):
            for pair in message.params if kind == "logged_model_params" else ():
                values[one.run[2:], pair.key].append((one.pos(index), pair.value))
    for key, written in values.items():
        only = [value for _, value in written]
        yield (*key, written[0], min(only), max(only))


def model_tag_rows(records: list[Logged]) -> Iterator[Row]:
    final: dict[Row, tuple[str, int]] = {}
    for one in records:
        for index, kind, message in events(one):
            if kind == "logged_model_tags":
                for pair in message.set:
                    final[one.run[2:], pair.key] = (pair.value, MIDDLE + one.pos(index))
                for key in message.delete:
                    final.pop((one.run[2:], key), None)
    return ((*key, *row, 0) for key, row in final.items())


def model_artifact_rows(records: list[Logged]) -> Iterator[Row]:
    final: dict[Row, Row] = {}
    for one in records:
        for index, kind, message in events(one):
            if kind == "artifact_logged":
                stored = (message.object_key, message.size_bytes, message.sha256)
                final[one.run[2:], message.path] = (*stored, one.pos(index))
    return ((*key, *row) for key, row in final.items())


def model_rows(records: list[Logged]) -> Iterator[Row]:
    by_model: dict[str, list[Logged]] = defaultdict(list)
    for one in records:
        kinds = {kind for _, kind, _ in events(one)}
        if kinds & {"logged_model_created", "logged_model_updated", "logged_model_deleted"}:
            by_model[one.run].append(one)
    for model_id, mine in by_model.items():
        yield (model_id[2:], *_attributes(mine))


def _attributes(mine: list[Logged]) -> Row:
    created: Row = (UINT64_MAX, 0, 0, "", "", "")
    status, message_at, updated, deleted = (0, 0), (0, ""), 0, 0
    for one in mine:
        for index, kind, said in events(one):
            if kind == "logged_model_created" and created[0] == UINT64_MAX:
                number = int(one.request.experiment_id or "0")
                texts = (said.name, said.model_type, said.source_run_id)
                created = (one.pos(index), number, said.creation_time_ms, *texts)
            if kind == "logged_model_updated" and said.HasField("status"):
                status = (one.pos(index) + 1, said.status)
            if kind == "logged_model_updated" and said.HasField("status_message"):
                message_at = (one.pos(index) + 1, said.status_message)
            if kind in ("logged_model_updated", "logged_model_deleted"):
                updated = max(updated, one.request.accepted_ms)
            if kind == "logged_model_deleted":
                deleted = 1
    return (created, status, message_at, updated, deleted)


#: What the streams of logged models show, by table.
MODEL_TABLES: dict[str, Rows] = {
    "model_params": model_param_rows,
    "model_tags": model_tag_rows,
    "model_artifacts": model_artifact_rows,
    "models": model_rows,
}
