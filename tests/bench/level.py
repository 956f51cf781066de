"""Whether memory stayed level, judged from samples."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple

# Single samples say where in a flush a process was; what it keeps is in their median.
WINDOW_SECONDS = 30.0
TOLERANCE = 0.1


class Sample(NamedTuple):
    """What a process had, and when: seconds since the load began."""

    seconds: float
    size_bytes: int


class Judged(NamedTuple):
    """holds: is it as it has to be? text: the figures."""

    holds: bool
    text: str


def judge_level(name: str, samples: Sequence[Sample], warm_seconds: float) -> Judged:
    """Is every window after the warm-up within the tolerance of the first of them?"""
    medians = window_medians([one for one in samples if one.seconds >= warm_seconds])
    if len(medians) < 2:
        return Judged(False, f"{name}: too short to tell")
    first = medians[0]
    low, high = min(medians) / first - 1, max(medians) / first - 1
    text = f"{name} {_mb(first)} ({low:+.1%} to {high:+.1%})"
    return Judged(low >= -TOLERANCE and high <= TOLERANCE, text)


def judge_capped(name: str, samples: Sequence[Sample], cap_bytes: int) -> Judged:
    """Was it below its cap at all times?"""
    most = max(one.size_bytes for one in samples)
    return Judged(most <= cap_bytes, f"{name} at most {_mb(most)} of {_mb(cap_bytes)}")


def window_medians(samples: Sequence[Sample]) -> list[float]:
    """Per whole window, from the first sample on."""
    if not samples:
        return []
    began, ended = samples[0].seconds, samples[-1].seconds
    windows: dict[int, list[int]] = {}
    for one in samples:
        windows.setdefault(int((one.seconds - began) // WINDOW_SECONDS), []).append(one.size_bytes)
    whole = max(int((ended - began) // WINDOW_SECONDS), 1)
    return [float(statistics.median(windows[at])) for at in sorted(windows) if at < whole]


def _mb(size_bytes: float) -> str:
    return f"{size_bytes / 1024**2:.0f} MB"
