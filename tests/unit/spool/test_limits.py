"""Sizes and the policy."""

from __future__ import annotations

import pytest

from runstream.spool import limits
from runstream.spool.format import CELL_BYTES, HEADER_BYTES
from runstream.spool.limits import SpoolPolicy, segment_bytes


def test_segments_grow_and_then_stay() -> None:
    assert [segment_bytes(number) // 1024 for number in range(6)] == [
        64,
        256,
        1024,
        4096,
        4096,
        4096,
    ]
    assert segment_bytes(10**6) == limits.SEGMENT_MAX_BYTES


def test_every_segment_takes_the_longest_write() -> None:
    assert limits.SEGMENT_FIRST_BYTES - HEADER_BYTES >= limits.WRITE_MAX_CELLS * CELL_BYTES
    assert (limits.SEGMENT_FIRST_BYTES - HEADER_BYTES) % CELL_BYTES == 0


def test_the_policy_comes_from_the_environment() -> None:
    assert SpoolPolicy.from_environment({}) == SpoolPolicy("block", limits.SPOOL_MAX_BYTES)
    given = {"RUNSTREAM_SPOOL_FULL": "raise", "RUNSTREAM_SPOOL_MAX_BYTES": "8000000"}
    assert SpoolPolicy.from_environment(given) == SpoolPolicy("raise", 8_000_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RUNSTREAM_SPOOL_FULL", "drop"),
        ("RUNSTREAM_SPOOL_MAX_BYTES", "many"),
        ("RUNSTREAM_SPOOL_MAX_BYTES", "100"),
        ("RUNSTREAM_SPOOL_MAX_BYTES", "-1"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        SpoolPolicy.from_environment({name: value})
