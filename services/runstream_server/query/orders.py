"""An order_by clause, read and checked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runstream_server.query.clauses import Identifier, Kind, OrderKey
from runstream_server.query.dialect import Dialect
from runstream_server.query.identifiers import resolve
from runstream_server.query.syntax import FilterError

_FIELD = "order_by"
_CLAUSE = re.compile(
    r"""\s*(?P<identifier>`[^`]*`(?:\.(?:[\w.]+|"[^"]*"|`[^`]*`))?|"[^"]*"
        |\w+\.(?:"[^"]*"|`[^`]*`)|[\w.]+)
        (?:\s+(?P<direction>\w+))?\s*""",
    re.VERBOSE,
)


def read_order(clauses: Sequence[str], dialect: Dialect) -> list[OrderKey]:
    """The keys of an order, the first the most important. Raises FilterError."""
    keys: list[OrderKey] = []
    seen: set[Identifier] = set()
    for text in clauses:
        key = _read(text, dialect)
        if key.identifier in seen:
            raise FilterError(f"order_by names {text.strip()!r} twice.", _FIELD)
        seen.add(key.identifier)
        keys.append(key)
    return keys


def _read(text: str, dialect: Dialect) -> OrderKey:
    match = _CLAUSE.fullmatch(text)
    if match is None:
        raise FilterError(
            f"order_by {text!r} cannot be read. It is an identifier and ASC or DESC, for "
            "example 'metrics.loss ASC'; a key with other characters than letters, digits, "
            "'_' and '.' stands in backticks.",
            _FIELD,
        )
    direction = (match["direction"] or "ASC").upper()
    if direction not in ("ASC", "DESC"):
        raise FilterError(
            f"{match['direction']!r} in order_by {text!r} is not a direction: ASC or DESC.",
            _FIELD,
        )
    identifier = resolve(match["identifier"], dialect, _FIELD)
    _check_orderable(identifier, dialect)
    return OrderKey(identifier, descending=direction == "DESC")


def _check_orderable(identifier: Identifier, dialect: Dialect) -> None:
    if identifier.kind not in dialect.orderable_kinds:
        kinds = ", ".join(sorted(kind.value for kind in dialect.orderable_kinds))
        raise FilterError(f"order_by cannot use a {identifier.kind.value}, only: {kinds}.", _FIELD)
    if identifier.kind is Kind.ATTRIBUTE and identifier.key not in dialect.orderable:
        raise FilterError(
            f"order_by cannot use {identifier.key!r}. "
            f"There are: {', '.join(sorted(dialect.orderable))}.",
            _FIELD,
        )
