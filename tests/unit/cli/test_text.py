from __future__ import annotations

import pytest

from runstream.cli import text


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0, "0.0 s"), (2540, "2.5 s"), (61_000, "1 min 1 s"), (3_661_000, "1 h 1 min"), (-5, "0.0 s")],
)
def test_duration(milliseconds: int, shown: str) -> None:
    assert text.duration(1000, 1000 + milliseconds) == shown


def test_what_is_not_there_is_empty() -> None:
    assert text.duration(1000, None) == text.time(None) == text.size(None) == ""


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_500_000, "2.5 MB"), (10**16, "10000.0 TB")],
)
def test_size(size_bytes: int, shown: str) -> None:
    assert text.size(size_bytes) == shown


def test_numbers() -> None:
    assert text.number(1 / 3) == "0.333333"
    assert text.plural(1, "run") == "1 run"
    assert text.plural(12_000, "run") == "12,000 runs"


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0, "now"), (-5, "now"), (1500, "1 s ago"), (3_599_000, "59 min ago"), (10**9, "11 d ago")],
)
def test_age(milliseconds: int, shown: str) -> None:
    assert text.age(1000, 1000 + milliseconds) == shown
