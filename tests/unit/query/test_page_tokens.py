"""Page tokens go back as they were given, and nothing else is taken."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runstream_server.errors import ServiceError
from runstream_server.query.page_tokens import (
    read_page_size,
    read_page_token,
    read_token_fields,
    write_page_token,
)


def test_no_token_is_the_first_page() -> None:
    assert read_page_token("") == 0


def test_a_token_is_what_other_clients_know() -> None:
    assert base64.b64decode(write_page_token(5)) == b'{"offset": 5}'


@given(offset=st.integers(0, 2**63 - 1), more=st.integers(0, 2**63 - 1))
def test_there_and_back(offset: int, more: int) -> None:
    assert read_page_token(write_page_token(offset)) == offset
    assert read_token_fields(write_page_token(offset, skip=more), ("skip", "offset")) == (
        more,
        offset,
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"5", b"[]", b'{"offset": -1}', b'{"offset": "5"}', b'{"offset": 1.5}',
     b'{"offset": true}', b'{"offset": null}', b'{"offset": 9223372036854775808}', b"\xff",
     b"[" * 100_000],
)  # fmt: skip
def test_other_contents_are_refused(content: bytes) -> None:
    token = base64.b64encode(content).decode() or "="
    with pytest.raises(ServiceError, match="Invalid page token"):
        read_page_token(token)


@given(st.text(min_size=1))
def test_any_text_is_taken_or_refused(text: str) -> None:
    with contextlib.suppress(ServiceError):
        assert read_page_token(text) >= 0


def test_page_sizes() -> None:
    assert read_page_size(0, 1000, 50_000) == 1000
    assert read_page_size(50_000, 1000, 50_000) == 50_000


@pytest.mark.parametrize("size", [-1, 50_001])
def test_page_sizes_refused(size: int) -> None:
    with pytest.raises(ServiceError, match="between 1 and 50000"):
        read_page_size(size, 1000, 50_000)
