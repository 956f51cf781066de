"""A plan is drawn from its seed, and leaves nothing out."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from tests.e2e.faults.plan import Kind, Size, deck, one_of_each_kind, plan


def test_a_seed_is_a_plan() -> None:
    faults = deck("cluster")
    assert plan(7, 2, faults) == plan(7, 2, faults)
    assert plan(7, 2, faults) != plan(8, 2, faults)


@pytest.mark.parametrize("size", get_args(Size))
def test_a_round_has_every_fault_once(size: Size) -> None:
    faults = deck(size)
    counts = Counter((fault.kind, fault.target) for fault in plan(1, 3, faults))
    assert counts == dict.fromkeys(faults, 3)


def test_a_cluster_knows_every_kind() -> None:
    assert {kind for kind, _ in deck("cluster")} == set(get_args(Kind))
    assert {kind for kind, _ in one_of_each_kind("cluster")} == set(get_args(Kind))


def test_every_process_is_killed_in_the_small_deck_too() -> None:
    def killed(faults: tuple[tuple[Kind, str], ...]) -> set[str]:
        return {target for kind, target in faults if kind == "kill"}

    assert killed(one_of_each_kind("cluster")) == killed(deck("cluster"))


def test_time_only_goes_on() -> None:
    times = [fault.at_seconds for fault in plan(1, 3, deck("cluster"))]
    assert times == sorted(times)
