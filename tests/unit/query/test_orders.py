"""What may stand in order_by."""

from __future__ import annotations

import pytest

from runstream_server.errors import ServiceError
from runstream_server.query.clauses import Identifier, Kind, OrderKey
from runstream_server.query.dialect import EXPERIMENTS, RUNS
from runstream_server.query.orders import read_order


@pytest.mark.parametrize(
    ("text", "kind", "key", "descending"),
    [
        ("metrics.loss", Kind.METRIC, "loss", False),
        ("metrics.loss ASC", Kind.METRIC, "loss", False),
        (" metric.a.b  desc ", Kind.METRIC, "a.b", True),
        ("metrics.`val acc` DESC", Kind.METRIC, "val acc", True),
        ('params."a b"', Kind.PARAM, "a b", False),
        ("tags.mlflow.user", Kind.TAG, "mlflow.user", False),
        ("start_time DESC", Kind.ATTRIBUTE, "start_time", True),
        ("attributes.Created", Kind.ATTRIBUTE, "start_time", False),
        ("`run name` desc", Kind.ATTRIBUTE, "run_name", True),
        ("metrics.desc", Kind.METRIC, "desc", False),
    ],
)
def test_accepted(text: str, kind: Kind, key: str, descending: bool) -> None:
    assert read_order([text], RUNS) == [OrderKey(Identifier(kind, key), descending)]


@pytest.mark.parametrize(
    ("clauses", "told"),
    [
        ([""], "cannot be read"),
        (["metrics.a-b"], "cannot be read.*backticks"),
        (["metrics.a up"], "'up' in order_by 'metrics.a up' is not a direction"),
        (["metrics.a DESC, metrics.b"], "cannot be read"),
        (["dataset.name"], "cannot use a dataset"),
        (["nothing"], "not a searchable attribute"),
        (["metrics.a", "metrics.a DESC"], "twice"),
        (["created", "start_time"], "twice"),
        (["metrics.a; DROP TABLE x"], "cannot be read"),
    ],
)
def test_refused(clauses: list[str], told: str) -> None:
    with pytest.raises(ServiceError, match=told) as refused:
        read_order(clauses, RUNS)
    assert refused.value.place.field == "order_by"


@pytest.mark.parametrize("text", ["tags.a", "attributes.name", "run_id"])
def test_experiments_refused(text: str) -> None:
    with pytest.raises(ServiceError):
        read_order([text], EXPERIMENTS)
