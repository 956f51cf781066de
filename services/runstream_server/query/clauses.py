"""What a filter and an order say, once they are parsed and checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What an identifier names; the value is the word used in messages."""

    METRIC = "metric"
    PARAM = "param"
    TAG = "tag"
    ATTRIBUTE = "attribute"
    DATASET = "dataset"


@dataclass(frozen=True)
class Identifier:
    """One thing to compare or to order by; attribute keys are canonical names."""

    kind: Kind
    key: str


# A number, a string, a list of strings, or nothing (IS NULL, IS NOT NULL).
Value = int | float | str | tuple[str, ...] | None


@dataclass(frozen=True)
class Clause:
    """`identifier comparator value`; clauses of one filter must all hold.

    comparator: upper case, with single blanks: "=", "LIKE", "NOT IN", "IS NULL".
    """

    identifier: Identifier
    comparator: str
    value: Value


@dataclass(frozen=True)
class OrderKey:
    """One key of an order."""

    identifier: Identifier
    descending: bool
