"""Uploads in parts: how large they are, and which may be put together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

# A larger file travels in parts: small enough that a cut costs a second, large
# enough that a request of its own costs nothing.
PART_BYTES = 16 * 1024 * 1024
# S3 servers take no more parts, and no larger objects.
MOST_PARTS = 10_000
MOST_BYTES = 5 * 1024**4
# Part sizes are multiples of this.
_STEP_BYTES = 1024 * 1024


class Part(NamedTuple):
    """One piece of an upload; numbers count from 1."""

    number: int
    size_bytes: int
    sha256: bytes


def part_size_bytes(size_bytes: int) -> int:
    """The size of all parts but the last, a function of the file's size alone."""
    least = -(-size_bytes // MOST_PARTS)
    return max(PART_BYTES, -(-least // _STEP_BYTES) * _STEP_BYTES)


def fault_of(parts: Sequence[Part], size_bytes: int) -> str:
    """Why these are not the parts of a file of that size; empty: they are."""
    each = part_size_bytes(size_bytes)
    wanted = -(-size_bytes // each)
    if len(parts) != wanted:
        return f"{len(parts)} parts are named, and {wanted} make {size_bytes} bytes"
    for number, part in enumerate(parts, 1):
        size = min(each, size_bytes - (number - 1) * each)
        if (part.number, part.size_bytes) != (number, size):
            return (
                f"part {part.number} of {part.size_bytes} bytes stands where part {number} of "
                f"{size} bytes belongs"
            )
    return ""
