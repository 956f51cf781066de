"""How metrics, params and tags of runs are read in a search, one table each."""

from __future__ import annotations

from abc import ABC, abstractmethod

from runstream_server.query.clauses import Clause, Kind
from runstream_server.query.search_plan import Lookup
from runstream_server.query.sql import Parameters, compare_text


class SearchTable(ABC):
    """The SQL of one table for lookups by key.

    alias: of its merged rows in the search statement.
    """

    kind: Kind
    table: str
    alias: str

    @abstractmethod
    def row_conditions(self, lookup: Lookup, parameters: Parameters) -> list[str]:
        """Conditions on one row, true for the row that counts of a run that matches."""

    @abstractmethod
    def columns(self, lookup: Lookup, key: str) -> list[str]:
        """Exact values over the merged rows of a run; `key` is a placeholder."""

    @abstractmethod
    def conditions(self, lookup: Lookup, parameters: Parameters, alias: str = "") -> list[str]:
        """Conditions on those columns."""

    @abstractmethod
    def order(self, lookup: Lookup, direction: str) -> list[str]:
        """What to order the joined rows by: those without a value last."""

    def has(self, lookup: Lookup) -> str:
        return f"has_{lookup.index}"


class _Metrics(SearchTable):
    kind = Kind.METRIC
    table = "latest"
    alias = "m"

    def row_conditions(self, lookup: Lookup, parameters: Parameters) -> list[str]:
        value = "if(last.is_nan = 1, nan, last.value)"
        return [_compare_number(value, clause, parameters) for clause in lookup.clauses]

    def columns(self, lookup: Lookup, key: str) -> list[str]:
        i = lookup.index
        return [
            f"countIf(key = {key}) > 0 AS has_{i}",
            f"maxIf(last, key = {key}) AS last_{i}",
            f"last_{i}.is_nan AS nan_{i}",
            f"if(nan_{i} = 1, nan, last_{i}.value) AS value_{i}",
        ]

    def conditions(self, lookup: Lookup, parameters: Parameters, alias: str = "") -> list[str]:
        value = f"{alias}value_{lookup.index}"
        return [_compare_number(value, clause, parameters) for clause in lookup.clauses]

    def order(self, lookup: Lookup, direction: str) -> list[str]:
        # NaN after the numbers in both directions; so its place is decided first.
        i = lookup.index
        return [
            f"{self.alias}.has_{i} DESC",
            f"{self.alias}.nan_{i} ASC",
            f"{self.alias}.value_{i} {direction}",
        ]


class _Texts(SearchTable):
    """What params and tags have in common."""

    def conditions(self, lookup: Lookup, parameters: Parameters, alias: str = "") -> list[str]:
        value = f"{alias}value_{lookup.index}"
        return [_compare_text(value, clause, parameters) for clause in lookup.clauses]

    def order(self, lookup: Lookup, direction: str) -> list[str]:
        i = lookup.index
        return [f"{self.alias}.has_{i} DESC", f"{self.alias}.value_{i} {direction}"]


class _Params(_Texts):
    kind = Kind.PARAM
    table = "params"
    alias = "p"

    def row_conditions(self, lookup: Lookup, parameters: Parameters) -> list[str]:
        return [_compare_text("first.value", clause, parameters) for clause in lookup.clauses]

    def columns(self, lookup: Lookup, key: str) -> list[str]:
        i = lookup.index
        return [
            f"countIf(key = {key}) > 0 AS has_{i}",
            f"argMinIf(first.value, first.pos, key = {key}) AS value_{i}",
        ]


class _Tags(_Texts):
    kind = Kind.TAG
    table = "tags"
    alias = "t"

    def row_conditions(self, lookup: Lookup, parameters: Parameters) -> list[str]:
        texts = [_compare_text("value", clause, parameters) for clause in lookup.clauses]
        return [*texts, "deleted = 0"]

    def columns(self, lookup: Lookup, key: str) -> list[str]:
        i = lookup.index
        return [
            f"countIf(key = {key}) > 0 AND argMaxIf(deleted, version, key = {key}) = 0 AS has_{i}",
            f"argMaxIf(value, version, key = {key}) AS value_{i}",
        ]


SEARCH_TABLES: tuple[SearchTable, ...] = (_Params(), _Tags(), _Metrics())

TABLE_OF = {table.kind: table for table in SEARCH_TABLES}


def _compare_number(expression: str, clause: Clause, parameters: Parameters) -> str:
    assert isinstance(clause.value, (int, float))
    return f"{expression} {clause.comparator} {parameters.number(clause.value)}"


def _compare_text(expression: str, clause: Clause, parameters: Parameters) -> str:
    assert isinstance(clause.value, (str, tuple))
    return compare_text(expression, clause.comparator, clause.value, parameters)
