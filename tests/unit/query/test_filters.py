"""The filter language: what it accepts, what it refuses, and in which words."""

from __future__ import annotations

import pytest

from runstream_server.errors import ServiceError
from runstream_server.query.clauses import Clause, Identifier, Kind, Value
from runstream_server.query.dialect import EXPERIMENTS, RUNS
from runstream_server.query.filters import read_filter

M, P, T, A, D = Kind.METRIC, Kind.PARAM, Kind.TAG, Kind.ATTRIBUTE, Kind.DATASET

ACCEPTED: list[tuple[str, Kind, str, str, Value]] = [
    ("metrics.loss > 1", M, "loss", ">", 1),
    ("metric.loss>=1", M, "loss", ">=", 1),
    ("metrics.loss < .4", M, "loss", "<", 0.4),
    ("metrics.loss <= 1e300", M, "loss", "<=", 1e300),
    ("metrics.loss = -1", M, "loss", "=", -1),
    ("metrics.loss != 1.", M, "loss", "!=", 1.0),
    ("metrics.loss = 99999999999999999999", M, "loss", "=", 1e20),
    ("metrics.a.b.c = 1", M, "a.b.c", "=", 1),
    ("metrics.`val acc/top-1` = 1", M, "val acc/top-1", "=", 1),
    ('metrics."val acc" = 1', M, "val acc", "=", 1),
    ("`metrics`.loss = 1", M, "loss", "=", 1),
    ("metrics.ü日本 = 1", M, "ü日本", "=", 1),
    ("params.lr = '0.1'", P, "lr", "=", "0.1"),
    ('param.lr != "0.1"', P, "lr", "!=", "0.1"),
    ("parameter.lr LIKE '0%'", P, "lr", "LIKE", "0%"),
    ("parameters.lr ilike '0%'", P, "lr", "ILIKE", "0%"),
    ("params.lr IS NULL", P, "lr", "IS NULL", None),
    ("params.lr is  not\tnull", P, "lr", "IS NOT NULL", None),
    ("params.lr = ''", P, "lr", "=", ""),
    ('params.lr = "it\'s"', P, "lr", "=", "it's"),
    ("params.lr = 'a AND b OR (c) -- d;'", P, "lr", "=", "a AND b OR (c) -- d;"),
    ("tags.mlflow.runName = 'x'", T, "mlflow.runName", "=", "x"),
    ("tag.`a b` Like 'x_'", T, "a b", "LIKE", "x_"),
    ("tags.x IS NOT NULL", T, "x", "IS NOT NULL", None),
    ("status = 'FINISHED'", A, "status", "=", "FINISHED"),
    ("attributes.status != 'FINISHED'", A, "status", "!=", "FINISHED"),
    ("attribute.user_id ILIKE 'a'", A, "user_id", "ILIKE", "a"),
    ("attr.artifact_uri LIKE '%'", A, "artifact_uri", "LIKE", "%"),
    ("run.run_name = 'x'", A, "run_name", "=", "x"),
    ("`run name` = 'x'", A, "run_name", "=", "x"),
    ('"Run name" = "x"', A, "run_name", "=", "x"),
    ("attributes.`Run Name` = 'x'", A, "run_name", "=", "x"),
    ("run_id = 'abc'", A, "run_id", "=", "abc"),
    ("run_id IN ('abc')", A, "run_id", "IN", ("abc",)),
    ("attributes.run_id not  in ('a','b' , \"c\")", A, "run_id", "NOT IN", ("a", "b", "c")),
    ("start_time > 1.5", A, "start_time", ">", 1.5),
    ("created >= 1", A, "start_time", ">=", 1),
    ("attributes.Created >= 1", A, "start_time", ">=", 1),
    ("end_time != 1", A, "end_time", "!=", 1),
    ("datasets.name = 'd'", D, "name", "=", "d"),
    ("dataset.digest IN ('d')", D, "digest", "IN", ("d",)),
    ("dataset.context LIKE 'train%'", D, "context", "LIKE", "train%"),
]


@pytest.mark.parametrize(
    ("text", "kind", "key", "comparator", "value"), ACCEPTED, ids=[row[0] for row in ACCEPTED]
)
def test_runs_accepted(text: str, kind: Kind, key: str, comparator: str, value: Value) -> None:
    expected = Clause(Identifier(kind, key), comparator, value)
    (clause,) = read_filter(text, RUNS)
    assert clause == expected
    assert type(clause.value) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "metrics.a > 1 AND params.b = 'x'",
        "metrics.a > 1 and params.b = 'x'",
        "metrics.a > 1 params.b = 'x'",
        "AND metrics.a > 1 And params.b = 'x' AND",
        "metrics.a > 1 AND AND params.b='x'",
        "\n metrics.a > 1\tAND\nparams.b = 'x' ",
    ],
)
def test_clauses_are_joined_by_and_or_by_nothing(text: str) -> None:
    assert [clause.identifier.key for clause in read_filter(text, RUNS)] == ["a", "b"]


def test_no_filter() -> None:
    assert read_filter("", RUNS) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (" ", "only blanks"),
        ("AND", "no comparison"),
        ("metrics.a > 1 OR metrics.b > 1", "'OR' is not supported"),
        ("NOT metrics.a > 1", "'NOT' is not supported"),
        ("(metrics.a > 1)", r"'\(' is not supported"),
        ("metrics.a > 1 -- why", "'--' is not supported"),
        ("metrics.a > 1 /* why */", "is not supported"),
        ("metrics.a > 1; metrics.b > 1", "';' is not supported"),
        ("metrics.a BETWEEN 1 AND 2", "'BETWEEN' is not a comparison"),
        ("metrics.a == 1", "'==' is not a comparison. There are: =, !=, >"),
        ("metrics.a <> 1", "'<>' is not a comparison"),
        ("params.a NOT LIKE 'x'", "'NOT LIKE' is not a comparison"),
        ("metrics.a", "ends where"),
        ("metrics.a >", "ends where"),
        ("metrics.a > 'x", 'cannot be read at "\'x"'),
        ("params.a = 'it''s'", "cannot be read"),
        (r"params.a = 'it\'s'", "cannot be read"),
        ("metrics.a-b > 1", r"cannot be read at '-b' \(character 10\).*backticks"),
        ("metrics.a/b > 1", "cannot be read at '/b'"),
        ("metrics.a > '1'", "metric 'a' is compared with a number without quotes; found '1'"),
        ("metrics.a > x", "found x"),
        ("metrics.a > nan", "found nan"),
        ("metrics.a > 0x1", "found 0x1"),
        ("metrics.a LIKE '1'", "'LIKE' cannot be used with metric 'a'. There are: =, !="),
        ("metrics.a IS NULL", "'IS NULL' cannot be used with metric 'a'"),
        ("metrics.a IN ('1')", "'IN' cannot be used with metric 'a'"),
        ("metrics. > 1", "names no key"),
        ("params.a = 5", "param 'a' is compared with a string in quotes; found 5"),
        ("params.a = x", "found x"),
        ("params.a > '5'", "'>' cannot be used with param 'a'. There are: =, !=, LIKE, ILIKE"),
        ("params.a IN ('5')", "'IN' cannot be used with param 'a'"),
        ("params.a = ('5')", "not a list"),
        ("tags.a < 'x'", "'<' cannot be used with tag 'a'"),
        ("status IN ('FINISHED')", "'IN' cannot be used with the attribute 'status'"),
        ("run_name IN ('x')", "'IN' cannot be used with the attribute 'run_name'"),
        ("status > 'x'", "'>' cannot be used"),
        ("status IS NULL", "'IS NULL' cannot be used"),
        ("status = FINISHED", "found FINISHED"),
        ("run_id IN ()", "a list in parentheses that is not empty"),
        ("run_id IN 'x'", "needs a list in parentheses"),
        ("run_id IN (1)", "found 1"),
        ("run_id IN ('a',)", "cannot be read|not supported"),
        ("run_id IN ('a'", "ends where"),
        ("start_time > '5'", "a number without quotes"),
        ("start_time LIKE '5'", "'LIKE' cannot be used"),
        ("end_time = now", "found now"),
        ("experiment_id = '1'", "'experiment_id' is not a searchable attribute. There are: run_id"),
        ("lifecycle_stage = 'active'", "not a searchable attribute"),
        ("attributes.nothing = 'x'", "'nothing' is not a searchable attribute"),
        ("dataset.source = 'x'", "not a searchable dataset. There are: name, digest, context"),
        ("Metrics.a > 1", "'Metrics' in 'Metrics.a' is not a kind"),
        ("metricss.a > 1", "There are: metric, metrics, param"),
    ],
)
def test_runs_refused(text: str, told: str) -> None:
    with pytest.raises(ServiceError, match=told) as refused:
        read_filter(text, RUNS)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    assert refused.value.place.field == "filter"


@pytest.mark.parametrize(
    ("text", "kind", "key", "comparator", "value"),
    [
        ("name = 'x'", A, "name", "=", "x"),
        ("attribute.name ILIKE 'x'", A, "name", "ILIKE", "x"),
        ("experiment_id = '5'", A, "experiment_id", "=", "5"),
        ("experiment_id NOT IN ('5', '6')", A, "experiment_id", "NOT IN", ("5", "6")),
        ("creation_time > 5", A, "creation_time", ">", 5),
        ("last_update_time <= -5", A, "last_update_time", "<=", -5),
        ("tags.a = 'x'", T, "a", "=", "x"),
        ("tag.`a b` IS NOT NULL", T, "a b", "IS NOT NULL", None),
    ],
)
def test_experiments_accepted(
    text: str, kind: Kind, key: str, comparator: str, value: Value
) -> None:
    assert read_filter(text, EXPERIMENTS) == [Clause(Identifier(kind, key), comparator, value)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name like 'x'", "'like' has to be written in capitals here: LIKE"),
        ("tags.a is null", "in capitals here: IS NULL"),
        ("attributes.name = 'x'", "'attributes' in 'attributes.name' is not a kind"),
        ("attr.name = 'x'", "There are: attribute, tag, tags"),
        ("params.a = 'x'", "is not a kind"),
        ("name IN ('x')", "'IN' cannot be used with the attribute 'name'"),
        ("experiment_id = 5", "an integer in quotes; found 5"),
        ("experiment_id = 'x'", "an integer in quotes; found 'x'"),
        ("experiment_id LIKE '5'", "'LIKE' cannot be used"),
        ("creation_time > 5.5", "an integer without quotes; found 5.5"),
        ("creation_time > '5'", "an integer without quotes"),
        ("status = 'x'", "not a searchable attribute. There are: name, experiment_id"),
    ],
)
def test_experiments_refused(text: str, told: str) -> None:
    with pytest.raises(ServiceError, match=told):
        read_filter(text, EXPERIMENTS)
