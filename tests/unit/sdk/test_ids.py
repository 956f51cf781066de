"""Ids and names."""

from __future__ import annotations

import time

from runstream import _ids
from runstream._run_names import random_run_name
from runstream_server.events import ids as server_ids


def test_run_ids_are_version_7_and_start_with_the_time() -> None:
    before = time.time_ns() // 1_000_000
    run_id = _ids.new_run_id()
    after = time.time_ns() // 1_000_000
    assert len(run_id) == 32
    assert run_id[12] == "7"
    assert run_id[16] in "89ab"
    assert before <= int(run_id[:12], 16) <= after
    assert server_ids.is_run_id(run_id)


def test_run_ids_differ() -> None:
    assert len({_ids.new_run_id() for _ in range(1000)}) == 1000


def test_provisional_ids_are_what_the_server_computes() -> None:
    for name in ("a", "digits", "ü/日本", "x" * 500):
        made = _ids.provisional_experiment_id(name)
        assert len(made) == 18
        assert int(made) == server_ids.provisional_experiment_id(name)
        assert _ids.is_provisional(made, name)
    assert not _ids.is_provisional("12", "a")


def test_a_run_name_is_a_function_of_the_run_id() -> None:
    names = {random_run_name(f"{number:032x}") for number in range(500)}
    assert len(names) > 450
    assert random_run_name("0" * 32) == random_run_name("0" * 32)
    adjective, noun, number = random_run_name("f" * 32).split("-")
    assert adjective.isalpha()
    assert noun.isalpha()
    assert 0 <= int(number) < 1000
