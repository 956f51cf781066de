"""What may be searched and ordered by: the rules for runs, experiments and logged models.

The rules, names and aliases are those of MLflow's search syntax.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from runstream_server.query.clauses import Kind

NUMERIC = ("=", "!=", ">", ">=", "<", "<=")
TEXT = ("=", "!=", "LIKE", "ILIKE")
LISTED = ("IN", "NOT IN")
NULL_TESTS = ("IS NULL", "IS NOT NULL")


class ValueKind(Enum):
    """What stands on the right side; the value is the words used in messages."""

    NUMBER = "a number without quotes"
    INTEGER = "an integer without quotes"
    TEXT = "a string in quotes"
    INTEGER_TEXT = "an integer in quotes"


@dataclass(frozen=True)
class Rule:
    """What a thing may be compared with."""

    comparators: tuple[str, ...]
    value: ValueKind


@dataclass(frozen=True)
class Dialect:
    """The rules of one search.

    prefixes: what may stand before the dot; no prefix means an attribute.
    keyed: the rule of kinds whose keys are free.
    attributes, datasets: the rule of each key that exists.
    aliases: other spellings of attributes.
    orderable: attributes that may stand in an order.
    orderable_kinds: kinds that may stand in an order.
    upper_case: comparators must be written in capitals.
    """

    prefixes: Mapping[str, Kind]
    keyed: Mapping[Kind, Rule]
    attributes: Mapping[str, Rule]
    datasets: Mapping[str, Rule]
    aliases: Mapping[str, str]
    orderable: frozenset[str]
    orderable_kinds: frozenset[Kind]
    upper_case: bool


_KEYED_TEXT = Rule((*TEXT, *NULL_TESTS), ValueKind.TEXT)
_NUMBER = Rule(NUMERIC, ValueKind.NUMBER)
_INTEGER = Rule(NUMERIC, ValueKind.INTEGER)
_TEXT = Rule(TEXT, ValueKind.TEXT)
_LISTED_TEXT = Rule((*TEXT, *LISTED), ValueKind.TEXT)

_RUN_ATTRIBUTES = {
    "run_id": _LISTED_TEXT,
    "run_name": _TEXT,
    "status": _TEXT,
    "user_id": _TEXT,
    "artifact_uri": _TEXT,
    "start_time": _NUMBER,
    "end_time": _NUMBER,
}

RUNS = Dialect(
    prefixes={
        **dict.fromkeys(("metric", "metrics"), Kind.METRIC),
        **dict.fromkeys(("param", "params", "parameter", "parameters"), Kind.PARAM),
        **dict.fromkeys(("tag", "tags"), Kind.TAG),
        **dict.fromkeys(("attribute", "attributes", "attr", "run"), Kind.ATTRIBUTE),
        **dict.fromkeys(("dataset", "datasets"), Kind.DATASET),
    },
    keyed={Kind.METRIC: _NUMBER, Kind.PARAM: _KEYED_TEXT, Kind.TAG: _KEYED_TEXT},
    attributes=_RUN_ATTRIBUTES,
    datasets=dict.fromkeys(("name", "digest", "context"), _LISTED_TEXT),
    aliases={
        **dict.fromkeys(("created", "Created"), "start_time"),
        **dict.fromkeys(("run name", "Run name", "Run Name"), "run_name"),
    },
    orderable=frozenset(_RUN_ATTRIBUTES),
    orderable_kinds=frozenset({Kind.METRIC, Kind.PARAM, Kind.TAG, Kind.ATTRIBUTE}),
    upper_case=False,
)

_EXPERIMENT_ATTRIBUTES = {
    "name": _TEXT,
    "experiment_id": Rule(("=", "!=", *LISTED), ValueKind.INTEGER_TEXT),
    "creation_time": _INTEGER,
    "last_update_time": _INTEGER,
}

EXPERIMENTS = Dialect(
    prefixes={
        "attribute": Kind.ATTRIBUTE,
        **dict.fromkeys(("tag", "tags"), Kind.TAG),
    },
    keyed={Kind.TAG: _KEYED_TEXT},
    attributes=_EXPERIMENT_ATTRIBUTES,
    datasets={},
    aliases={},
    orderable=frozenset(_EXPERIMENT_ATTRIBUTES),
    orderable_kinds=frozenset({Kind.ATTRIBUTE}),
    upper_case=True,
)

_MODEL_ATTRIBUTES = {
    **dict.fromkeys(
        (
            "model_id", "name", "model_type", "source_run_id", "status", "status_message",
            "experiment_id", "artifact_location",
        ),
        _LISTED_TEXT,
    ),
    "creation_timestamp": _NUMBER,
    "last_updated_timestamp": _NUMBER,
}  # fmt: skip

LOGGED_MODELS = Dialect(
    prefixes={
        "metrics": Kind.METRIC,
        "params": Kind.PARAM,
        "tags": Kind.TAG,
        "attributes": Kind.ATTRIBUTE,
    },
    keyed={Kind.METRIC: _NUMBER, Kind.PARAM: _LISTED_TEXT, Kind.TAG: _LISTED_TEXT},
    attributes=_MODEL_ATTRIBUTES,
    datasets={},
    aliases={
        **dict.fromkeys(("creation_time", "creation_timestamp_ms"), "creation_timestamp"),
        "last_updated_timestamp_ms": "last_updated_timestamp",
    },
    orderable=frozenset(_MODEL_ATTRIBUTES),
    orderable_kinds=frozenset({Kind.METRIC, Kind.ATTRIBUTE}),
    upper_case=False,
)
