"""A filter string, read and checked: what SQL is made from."""

from __future__ import annotations

from runstream_server.query.clauses import Clause, Identifier, Kind, Value
from runstream_server.query.dialect import LISTED, NULL_TESTS, Dialect, Rule, ValueKind
from runstream_server.query.identifiers import resolve, rule_of
from runstream_server.query.syntax import FilterError, Written, WrittenClause, parse_filter

_INT64 = range(-(2**63), 2**63)


def read_filter(text: str, dialect: Dialect) -> list[Clause]:
    """The clauses of a filter, all of which must hold. Raises FilterError."""
    return [_clause(written, dialect) for written in parse_filter(text)]


def _clause(written: WrittenClause, dialect: Dialect) -> Clause:
    identifier = resolve(written.identifier, dialect)
    rule = rule_of(identifier, dialect)
    comparator = _comparator(written, identifier, rule, dialect)
    return Clause(identifier, comparator, _value(written, comparator, identifier, rule))


def _comparator(
    written: WrittenClause, identifier: Identifier, rule: Rule, dialect: Dialect
) -> str:
    spelled = " ".join(written.comparator.split())
    comparator = spelled.upper()
    if dialect.upper_case and spelled != comparator:
        raise FilterError(f"{spelled!r} has to be written in capitals here: {comparator}.")
    if comparator not in rule.comparators:
        raise FilterError(
            f"{comparator!r} cannot be used with {_named(identifier)}. "
            f"There are: {', '.join(rule.comparators)}."
        )
    return comparator


def _value(written: WrittenClause, comparator: str, identifier: Identifier, rule: Rule) -> Value:
    value = written.value
    if comparator in NULL_TESTS or value is None:
        return None
    if comparator in LISTED:
        if not isinstance(value, tuple) or not value:
            raise FilterError(
                f"{comparator} with {_named(identifier)} needs a list in parentheses that is "
                f"not empty, of strings in quotes{_found(value)}."
            )
        return tuple(str(_single(item, identifier, rule)) for item in value)
    if isinstance(value, tuple):
        raise FilterError(
            f"{comparator} with {_named(identifier)} needs {rule.value.value}, not a list."
        )
    return _single(value, identifier, rule)


def _single(written: Written, identifier: Identifier, rule: Rule) -> int | float | str:
    converted = _converted(written, rule.value)
    if converted is None:
        raise FilterError(
            f"{_named(identifier)} is compared with {rule.value.value}{_found(written)}."
        )
    return converted


def _converted(written: Written, kind: ValueKind) -> int | float | str | None:
    """The value in the form the rule asks for; None when it does not have it."""
    if kind in (ValueKind.NUMBER, ValueKind.INTEGER):
        if written.kind != "number":
            return None
        return _number(written.text, integer_only=kind is ValueKind.INTEGER)
    if written.kind != "string":
        return None
    if kind is ValueKind.INTEGER_TEXT and not _is_int64(written.text):
        return None
    return written.text


def _number(text: str, integer_only: bool) -> int | float | None:
    if _is_int64(text):
        return int(text)
    return None if integer_only else float(text)


def _is_int64(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 20 and int(text) in _INT64


def _named(identifier: Identifier) -> str:
    if identifier.kind is Kind.ATTRIBUTE:
        return f"the attribute {identifier.key!r}"
    return f"{identifier.kind.value} {identifier.key!r}"


def _found(value: Written | tuple[Written, ...] | None) -> str:
    if not isinstance(value, Written):
        return ""
    quoted = f"'{value.text}'" if value.kind == "string" else value.text
    return f"; found {quoted}"
