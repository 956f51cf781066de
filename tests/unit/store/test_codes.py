"""What an error code of ClickHouse means."""

from __future__ import annotations

import pytest

from runstream_server.store.codes import SYSTEMIC, TRANSIENT, is_of_rows, is_transient


def test_no_code_is_of_two_kinds() -> None:
    assert not TRANSIENT.keys() & SYSTEMIC.keys()


@pytest.mark.parametrize("code", [252, 209, 210, 999, 285])
def test_what_passes_by_itself(code: int) -> None:
    assert is_transient(code)
    assert not is_of_rows(code)


@pytest.mark.parametrize("code", [0, 60, 497, 516, 164])
def test_what_no_row_is_to_blame_for(code: int) -> None:
    assert not is_of_rows(code)
    assert not is_transient(code)


@pytest.mark.parametrize("code", [469, 53, 6, 33])
def test_what_the_rows_are_to_blame_for(code: int) -> None:
    assert is_of_rows(code)
