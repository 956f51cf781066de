"""The grammar of filters: from a string to clauses as they were written.

This module knows how a filter is spelled; which keys exist and what may be
compared with what is checked by `dialect`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedEOF, UnexpectedInput, VisitError

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream_server.errors import ErrorPlace, ServiceError

_GRAMMAR = r"""
start: (_AND | UNSUPPORTED | clause)+
clause: IDENTIFIER NULL_TEST                      -> null_test
      | IDENTIFIER (SYMBOLS | WORDS) value        -> comparison
value: STRING                                     -> string
     | NUMBER                                     -> number
     | BARE                                       -> bare
     | "(" [item ("," item)*] ")"                 -> list
item: STRING                                      -> string
    | NUMBER                                      -> number
    | BARE                                        -> bare

_AND.3: /and(?![\w.])/i
UNSUPPORTED.3: /(or|not|between)(?![\w.])|[();]|--|\/\*/i
IDENTIFIER: /`[^`]*`(\.([\w.]+|"[^"]*"|`[^`]*`))?|"[^"]*"|\w+\.("[^"]*"|`[^`]*`)|[\w.]+/
NULL_TEST.3: /is\s+(not\s+)?null(?![\w.])/i
SYMBOLS: /[=!<>~]+/
WORDS: /not\s+\w+|\w+/i
STRING: /'[^']*'|"[^"]*"/
NUMBER.2: /-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?(?![\w.])/i
BARE: /[^\s'"(),]+/
%ignore /\s+/
"""

_SYMBOLS = ("=", "!=", ">", ">=", "<", "<=")
_WORDS = ("LIKE", "ILIKE", "IN", "NOT IN")
_COMPARATORS = ", ".join((*_SYMBOLS, *_WORDS, "IS NULL", "IS NOT NULL"))


@dataclass(frozen=True)
class Written:
    """A value as written. text: without quotes; kind: string, number or bare."""

    kind: str
    text: str


@dataclass(frozen=True)
class WrittenClause:
    """A clause as written; a list of values for IN, none for a test for NULL."""

    identifier: str
    comparator: str
    value: Written | tuple[Written, ...] | None


class FilterError(ServiceError):
    """A filter or an order that cannot be read; the message names the token."""

    def __init__(self, message: str, field: str = "filter") -> None:
        super().__init__(INVALID_PARAMETER_VALUE, message, ErrorPlace(field=field))


def parse_filter(text: str) -> list[WrittenClause]:
    """The clauses of a filter, in order; none for the empty string.

    Raises FilterError.
    """
    if not text:
        return []
    if not text.strip():
        raise FilterError("The filter holds only blanks; for no filter leave it empty.")
    try:
        tree = _parser().parse(text)
        clauses: list[WrittenClause] = _Clauses().transform(tree)
    except UnexpectedInput as error:
        raise FilterError(_explain(text, error)) from None
    except VisitError as error:
        raise error.orig_exc from None
    if not clauses:
        raise FilterError(f"The filter {text!r} holds no comparison.")
    return clauses


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(
        _GRAMMAR,
        parser="lalr",
        lexer="contextual",
        lexer_callbacks={
            "UNSUPPORTED": _refuse_unsupported,
            "SYMBOLS": _check_symbols,
            "WORDS": _check_words,
        },
    )


def _refuse_unsupported(token: Token) -> Token:
    raise FilterError(
        f"{str(token)!r} is not supported in a filter: it is comparisons joined by AND, "
        "without OR, NOT, BETWEEN, parentheses or comments."
    )


def _check_symbols(token: Token) -> Token:
    if token not in _SYMBOLS:
        raise FilterError(f"{str(token)!r} is not a comparison. There are: {_COMPARATORS}.")
    return token


def _check_words(token: Token) -> Token:
    if " ".join(token.upper().split()) not in _WORDS:
        raise FilterError(f"{str(token)!r} is not a comparison. There are: {_COMPARATORS}.")
    return token


def _explain(text: str, error: UnexpectedInput) -> str:
    """A sentence for a filter that does not follow the grammar."""
    position = error.pos_in_stream
    token = getattr(error, "token", None)
    at_end = isinstance(error, UnexpectedEOF) or (token is not None and token.type == "$END")
    if at_end or position is None or position >= len(text):
        return f"The filter {text!r} ends where a comparison or a value was expected."
    rest = text[position:].split()
    word = rest[0] if rest else text[position:]
    return (
        f"The filter {text!r} cannot be read at {word!r} (character {position + 1}). "
        "It is comparisons joined by AND, each one an identifier, a comparison "
        f"({_COMPARATORS}) and a value; a key with other characters than letters, digits, "
        "'_' and '.' stands in backticks, a string in quotes: metrics.`a/b` > 1 AND params.c = 'd'."
    )


class _Clauses(Transformer[Token, list[WrittenClause]]):
    """Builds the written clauses from lark's tree."""

    def start(self, clauses: list[WrittenClause]) -> list[WrittenClause]:
        return clauses

    def null_test(self, children: list[Token]) -> WrittenClause:
        identifier, test = children
        return WrittenClause(str(identifier), str(test), None)

    def comparison(
        self, children: tuple[Token, Token, Written | tuple[Written, ...]]
    ) -> WrittenClause:
        identifier, comparator, value = children
        return WrittenClause(str(identifier), str(comparator), value)

    def string(self, children: list[Token]) -> Written:
        return Written("string", str(children[0])[1:-1])

    def number(self, children: list[Token]) -> Written:
        return Written("number", str(children[0]))

    def bare(self, children: list[Token]) -> Written:
        return Written("bare", str(children[0]))

    def list(self, children: list[Written | None]) -> tuple[Written, ...]:
        return tuple(child for child in children if child is not None)
