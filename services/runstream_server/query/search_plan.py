"""What a search of runs needs from which table, and the parts of its statement.

Metrics, params and tags are asked for by key; each key that a filter or an
order uses becomes one `Lookup`. A lookup gives two kinds of SQL: a condition
on single rows, which may let runs through that do not match but never loses
one that does (the row that counts is one of the rows), and the exact values
over the merged rows of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runstream_server.query.clauses import Clause, Identifier, Kind, OrderKey
from runstream_server.query.dialect import NULL_TESTS

# The cheapest first: it is read whole, the others only where it matched.
_SELECTIVITY = {"=": 0, "IN": 0, "LIKE": 1, "ILIKE": 1}


@dataclass
class Lookup:
    """One key of metrics, params or tags.

    index: its number among the lookups of its table; columns are named by it.
    clauses: conditions on its value.
    wants_null: IS NULL was asked; wants_value: anything that needs a value.
    """

    key: str
    index: int
    clauses: list[Clause] = field(default_factory=list)
    wants_null: bool = False
    wants_value: bool = False

    @property
    def cost(self) -> int:
        return min((_SELECTIVITY.get(clause.comparator, 2) for clause in self.clauses), default=3)


@dataclass(frozen=True)
class SearchPlan:
    """The lookups per kind, and the clauses on attributes and on datasets."""

    lookups: dict[Kind, list[Lookup]]
    attributes: list[Clause]
    datasets: list[Clause]

    def lookup(self, identifier: Identifier) -> Lookup:
        """The lookup made for an identifier of the filter or the order."""
        found = (item for item in self.lookups[identifier.kind] if item.key == identifier.key)
        return next(found)


def make_plan(clauses: Sequence[Clause], order: Sequence[OrderKey]) -> SearchPlan:
    """Sorts what a filter and an order ask for by table."""
    plan = SearchPlan({Kind.METRIC: [], Kind.PARAM: [], Kind.TAG: []}, [], [])
    for clause in clauses:
        if clause.identifier.kind is Kind.DATASET:
            plan.datasets.append(clause)
            continue
        if clause.identifier.kind is Kind.ATTRIBUTE:
            plan.attributes.append(clause)
            continue
        lookup = _lookup_for(plan, clause.identifier)
        if clause.comparator == "IS NULL":
            lookup.wants_null = True
            continue
        lookup.wants_value = True
        if clause.comparator not in NULL_TESTS:
            lookup.clauses.append(clause)
    for key in order:
        if key.identifier.kind is not Kind.ATTRIBUTE:
            _lookup_for(plan, key.identifier)
    return plan


def _lookup_for(plan: SearchPlan, identifier: Identifier) -> Lookup:
    lookups = plan.lookups[identifier.kind]
    for lookup in lookups:
        if lookup.key == identifier.key:
            return lookup
    lookups.append(Lookup(identifier.key, len(lookups)))
    return lookups[-1]
