"""Tables that do not belong to the log stop the process."""

from __future__ import annotations

import pytest

from runstream_server.eventlog.port import LogMismatchError
from runstream_server.materialize.applied import check_within


def test_tables_at_or_before_the_end_are_well() -> None:
    check_within("events", {0: 5, 1: 3}, {0: 5, 1: 9})


def test_a_log_that_ends_before_says_what_to_do() -> None:
    with pytest.raises(LogMismatchError, match="up to offset 5, but the log ends at 4"):
        check_within("events", {0: 5}, {0: 4})


def test_a_log_of_fewer_partitions_is_another() -> None:
    with pytest.raises(LogMismatchError, match="which has 1 partitions"):
        check_within("events", {1: 1}, {0: 4})
