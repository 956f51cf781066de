from __future__ import annotations

import pytest

from runstream_server.blobs.parts import MOST_BYTES, MOST_PARTS, Part, fault_of, part_size_bytes

MIB = 1024 * 1024
GIB = 1024 * MIB
DIGEST = bytes(32)


@pytest.mark.parametrize(
    ("size", "each"),
    [
        (16 * MIB + 1, 16 * MIB),
        (16 * MIB * MOST_PARTS, 16 * MIB),
        (16 * MIB * MOST_PARTS + 1, 17 * MIB),
        (1000 * GIB, 103 * MIB),
        (MOST_BYTES, 525 * MIB),
    ],
)
def test_there_are_never_too_many_parts(size: int, each: int) -> None:
    assert part_size_bytes(size) == each
    assert -(-size // each) <= MOST_PARTS


def test_which_parts_make_a_file() -> None:
    size = 40 * MIB
    good = [Part(1, 16 * MIB, DIGEST), Part(2, 16 * MIB, DIGEST), Part(3, 8 * MIB, DIGEST)]
    assert fault_of(good, size) == ""
    assert "2 parts are named, and 3 make" in fault_of(good[:2], size)
    assert "where part 2 of" in fault_of([good[0], good[2], good[1]], size)
    assert "where part 3 of" in fault_of([*good[:2], Part(3, 9 * MIB, DIGEST)], size)
    assert fault_of(good, size + 1)
