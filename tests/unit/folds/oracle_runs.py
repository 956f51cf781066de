"""Attributes of runs, one event after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from tests.unit.folds.oracle_log import INT64_MIN, MIDDLE, UINT64_MAX, Logged, Row, events


def run_rows(records: list[Logged]) -> Iterator[Row]:
    by_run: dict[str, list[Logged]] = defaultdict(list)
    for one in records:
        by_run[one.run].append(one)
    for run, mine in by_run.items():
        told = [(one, index, kind, message) for one in mine for index, kind, message in events(one)]
        yield (
            run,
            _first_created(told),
            _newest(told, "status"),
            _newest(told, "end_time_ms"),
            _name(told),
            _deleted(told),
            _heartbeat(mine),
            0,
        )


Told = list[tuple[Logged, int, str, Any]]


def _first_created(told: Told) -> Row:
    found = [
        (
            one.pos(index),
            int(one.request.experiment_id or "0"),
            message.start_time_ms,
            message.user_id,
        )
        for one, index, kind, message in told
        if kind == "run_created"
    ]
    return found[0] if found else (UINT64_MAX, 0, 0, "")


def _newest(told: Told, name: str) -> Row:
    return max(
        (
            (one.request.attempt_start_ms, one.pos(index), getattr(message, name))
            for one, index, kind, message in told
            if kind == "run_updated" and message.HasField(name)
        ),
        default=(INT64_MIN, 0, 0),
    )


def _name(told: Told) -> Row:
    ranks: dict[str, Callable[[int], int]] = {
        "run_created": lambda pos: MIDDLE - 1 - pos,
        "run_updated": lambda pos: MIDDLE + pos,
    }
    found = [
        (ranks[kind](one.pos(index)), message.run_name)
        for one, index, kind, message in told
        if kind in ranks
        and (message.HasField("run_name") if kind == "run_updated" else message.run_name)
    ]
    found += [
        (MIDDLE + one.pos(index), pair.value)
        for one, index, kind, message in told
        if kind == "tags"
        for pair in message.set
        if pair.key == "mlflow.runName"
    ]
    return max(found, default=(0, ""))


def _gives_name(kind: str, message: Any) -> bool:
    """An update may set an empty name, a creation cannot."""
    return bool(message.HasField("run_name") if kind == "run_updated" else message.run_name)


def _deleted(told: Told) -> Row:
    return max(
        (
            (one.request.accepted_ms, one.pos(index), int(kind == "run_deleted"))
            for one, index, kind, _ in told
            if kind in ("run_deleted", "run_restored")
        ),
        default=(0, 0, 0),
    )


def _heartbeat(mine: list[Logged]) -> int:
    by_people = {"run_deleted", "run_restored", "run_purged"}
    return max(
        (
            one.request.accepted_ms
            for one in mine
            if any(event.WhichOneof("kind") not in by_people for event in one.request.events)
        ),
        default=0,
    )
