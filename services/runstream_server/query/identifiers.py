"""From a written identifier to what it names in a dialect."""

from __future__ import annotations

from runstream_server.query.clauses import Identifier, Kind
from runstream_server.query.dialect import Dialect, Rule
from runstream_server.query.syntax import FilterError


def resolve(written: str, dialect: Dialect, field: str = "filter") -> Identifier:
    """The thing that `metrics.loss` or `start_time` names. Raises FilterError."""
    prefix, key = _split(written)
    if prefix is None:
        kind = Kind.ATTRIBUTE
    else:
        found = dialect.prefixes.get(prefix)
        if found is None:
            raise FilterError(
                f"{prefix!r} in {written!r} is not a kind of thing to search by. "
                f"There are: {', '.join(dialect.prefixes)}.",
                field,
            )
        kind = found
    if not key:
        raise FilterError(f"{written!r} names no key after the dot.", field)
    return _checked(kind, key, dialect, field)


def rule_of(identifier: Identifier, dialect: Dialect) -> Rule:
    """How a resolved identifier may be compared."""
    if identifier.kind is Kind.ATTRIBUTE:
        return dialect.attributes[identifier.key]
    if identifier.kind is Kind.DATASET:
        return dialect.datasets[identifier.key]
    return dialect.keyed[identifier.kind]


def _checked(kind: Kind, key: str, dialect: Dialect, field: str) -> Identifier:
    if kind is Kind.ATTRIBUTE:
        key = dialect.aliases.get(key, key)
        known = dialect.attributes
    elif kind is Kind.DATASET:
        known = dialect.datasets
    else:
        return Identifier(kind, key)
    if key not in known:
        raise FilterError(
            f"{key!r} is not a searchable {kind.value}. There are: {', '.join(known)}.", field
        )
    return Identifier(kind, key)


def _split(written: str) -> tuple[str | None, str]:
    """Prefix (None when there is none) and key, both without their quotes."""
    if written[0] in '`"':
        end = written.index(written[0], 1)
        if end == len(written) - 1:
            return None, written[1:-1]
        return written[1:end], _unquoted(written[end + 2 :])
    prefix, dot, key = written.partition(".")
    if not dot:
        return None, written
    return prefix, _unquoted(key)


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] in '`"' and text[-1] == text[0]:
        return text[1:-1]
    return text
