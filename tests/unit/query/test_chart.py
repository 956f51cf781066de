"""How an axis is cut into buckets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runstream_server.query.chart import Cut, cut_axis, cut_blocks

_int64 = st.integers(-(2**63), 2**63 - 1)


@given(ends=st.tuples(_int64, _int64).map(sorted), buckets=st.integers(1, 10_000))
def test_every_place_is_in_a_bucket(ends: list[int], buckets: int) -> None:
    begin, end = ends
    cut = cut_axis(begin, end, buckets)
    assert cut.start == begin
    assert 1 <= cut.width < 2**63
    if end - begin < 2**63 - 1:
        assert (end - begin) // cut.width < buckets


@given(ends=st.tuples(_int64, _int64).map(sorted), buckets=st.integers(1, 10_000))
def test_blocks_are_never_cut(ends: list[int], buckets: int) -> None:
    begin, end = ends
    cut = cut_blocks(begin, end, buckets)
    if cut is None:
        assert (end - begin + 1) // buckets < 4096
        return
    assert cut.start <= begin < cut.start + 1024
    assert cut.start % 1024 == 0
    assert cut.width >= 4096
    if end - begin < 2**62:
        assert cut.width % 1024 == 0
        assert (end - cut.start) // cut.width < buckets


@pytest.mark.parametrize(
    ("begin", "end", "buckets", "cut"),
    [
        (0, 9_999_999, 1000, Cut(0, 9_999_999, 0, 10_240)),
        (-5, 40_955, 10, Cut(-5, 40_955, -1024, 5120)),
        (0, 4095, 1, Cut(0, 4095, 0, 4096)),
        (0, 4094, 1, None),
    ],
)
def test_blocks(begin: int, end: int, buckets: int, cut: Cut | None) -> None:
    assert cut_blocks(begin, end, buckets) == cut
