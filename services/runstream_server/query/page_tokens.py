"""Page tokens: base64 of {"offset": N}, as MLflow's. They hold no state."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream_server.errors import ErrorPlace, ServiceError

_FIELD_MAX = 2**63 - 1


def write_page_token(offset: int, **more: int) -> str:
    """The token of the page that begins at this row."""
    return base64.b64encode(json.dumps({"offset": offset, **more}).encode()).decode("ascii")


def read_page_token(token: str) -> int:
    """The first row of the page; 0 for no token. Raises ServiceError."""
    (offset,) = read_token_fields(token, ("offset",))
    return offset


def read_token_fields(token: str, names: Sequence[str]) -> tuple[int, ...]:
    """These fields of a token, none of them negative; all 0 for no token.

    Raises ServiceError.
    """
    if not token:
        return tuple(0 for _ in names)
    try:
        content = json.loads(base64.b64decode(token.encode(), validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _refused(token) from None
    if not isinstance(content, dict):
        raise _refused(token)
    return tuple(_field(content.get(name), token) for name in names)


def _field(value: object, token: str) -> int:
    if type(value) is not int or not 0 <= value <= _FIELD_MAX:
        raise _refused(token)
    return value


def read_page_size(max_results: int, default: int, most: int) -> int:
    """How many rows a page has; 0 asks for the default. Raises ServiceError."""
    if max_results == 0:
        return default
    if not 1 <= max_results <= most:
        raise ServiceError(
            INVALID_PARAMETER_VALUE,
            f"Invalid value {max_results} for parameter 'max_results' supplied: "
            f"it has to be between 1 and {most}.",
            ErrorPlace(field="max_results", limit=str(most)),
        )
    return max_results


def _refused(token: str) -> ServiceError:
    return ServiceError(
        INVALID_PARAMETER_VALUE,
        f"Invalid page token {token[:100]!r}: use the next_page_token of the page before, "
        "with the same filter and order.",
        ErrorPlace(field="page_token"),
    )
