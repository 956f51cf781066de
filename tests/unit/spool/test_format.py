"""The bytes of a spool."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runstream.spool.format import (
    CELL,
    CELL_BYTES,
    HEADER_BYTES,
    RUN_BIT,
    VOID_CELL,
    FileKind,
    FrameState,
    Header,
    frame_at,
    pack_frame,
    pack_header,
    unpack_header,
    valid_prefix,
    void_ranges,
    whole_frames_end,
)

HEADER = Header(FileKind.EVENTS, 7, 12345, 65536, bytes(range(16)))


def cell(timestamp_ms: int = 5) -> bytes:
    return CELL.pack(RUN_BIT | 3, 1, -2, 0.5, timestamp_ms)


def test_a_cell_is_laid_out_as_documented() -> None:
    assert cell().hex() == (
        "03000080" + "01000000" + "feffffffffffffff" + "000000000000e03f" + "0500000000000000"
    )


@pytest.mark.parametrize("timestamp_ms", [1, 256, 2**40, 2**62, -1])
def test_a_prefix_ends_at_the_first_cell_that_is_not_whole(timestamp_ms: int) -> None:
    whole = cell(timestamp_ms) * 5
    assert valid_prefix(memoryview(whole)) == 5
    assert valid_prefix(memoryview(whole + bytes(CELL_BYTES) + whole)) == 5
    no_run = bytes(4) + cell()[4:]
    no_time = cell()[:24] + bytes(8)
    assert valid_prefix(memoryview(whole + no_run + whole)) == 5
    assert valid_prefix(memoryview(whole + no_time + whole)) == 5
    assert valid_prefix(memoryview(whole + cell()[:-1])) == 5


@given(st.lists(st.one_of(st.just(0), st.integers(1, 2**63 - 1)), max_size=40))
def test_a_prefix_is_what_a_loop_finds(times: list[int]) -> None:
    cells = [cell(time) for time in times]
    expected = times.index(0) if 0 in times else len(times)
    assert valid_prefix(memoryview(b"".join(cells))) == expected


@given(st.lists(st.booleans(), max_size=40))
def test_void_ranges_are_what_a_loop_finds(void: list[bool]) -> None:
    data = b"".join(VOID_CELL if empty else cell() for empty in void)
    found = {at for first, last in void_ranges(memoryview(data)) for at in range(first, last)}
    assert found == {at for at, empty in enumerate(void) if empty}


def test_a_run_word_of_ones_at_a_wrong_offset_is_not_void() -> None:
    words = CELL.pack(RUN_BIT | 0x7FFF_FF00, 0xFFFF_FFFF, -1, 0.0, -1)
    assert void_ranges(memoryview(words * 3)) == []


def test_a_header_comes_back() -> None:
    assert len(pack_header(HEADER)) == HEADER_BYTES
    assert unpack_header(pack_header(HEADER)) == HEADER


@given(st.integers(0, 59), st.integers(1, 255))
def test_a_damaged_header_is_none(at: int, change: int) -> None:
    data = bytearray(pack_header(HEADER))
    data[at] ^= change
    assert unpack_header(data) is None


@pytest.mark.parametrize("data", [b"", bytes(HEADER_BYTES), pack_header(HEADER)[:-1]])
def test_what_is_no_header_is_none(data: bytes) -> None:
    assert unpack_header(data) is None


def test_a_header_of_an_absurd_size_is_none() -> None:
    assert unpack_header(pack_header(HEADER._replace(size_bytes=2**50))) is None
    assert unpack_header(pack_header(HEADER._replace(size_bytes=0))) is None


def test_the_states_of_a_frame() -> None:
    frame = pack_frame(b"payload")
    damaged = frame[:-1] + b"?"
    assert frame_at(frame, 0) == (FrameState.WHOLE, len(frame))
    assert frame_at(frame[:-1], 0) == (FrameState.CUT, len(frame))
    assert frame_at(frame[:7], 0) == (FrameState.CUT, 0)
    assert frame_at(damaged, 0) == (FrameState.DAMAGED, len(frame))
    assert frame_at(b"\xff" * 20, 0) == (FrameState.LOST, 0)
    assert frame_at(bytes(8), 0) == (FrameState.SEALED, 0)


def test_whole_frames_end_at_the_first_that_is_not() -> None:
    frames = pack_frame(b"a") + pack_frame(b"bb")
    assert whole_frames_end(frames) == len(frames)
    assert whole_frames_end(frames + pack_frame(b"ccc")[:-1]) == len(frames)
    assert whole_frames_end(frames + bytes(8)) == len(frames)
    assert whole_frames_end(b"") == 0
