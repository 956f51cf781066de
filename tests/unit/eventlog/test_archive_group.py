"""A member of a group whose partitions begin in the archive."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from runstream_server.eventlog.archive.log import archived
from runstream_server.eventlog.port import LogMismatchError, Member, Record
from tests.unit.eventlog.archiving import POLL_BYTES, Deployment, by_partition, drained


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path / "archive")


class Folding(Member):
    """Keeps what it reads, and where it is."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.asked: list[Collection[int]] = []

    def begin(self, partitions: Collection[int]) -> dict[int, int]:
        self.asked.append(sorted(partitions))
        counts = by_partition(self.records)
        return {partition: len(counts[partition]) for partition in partitions}

    def end(self, partitions: Collection[int]) -> None:
        raise AssertionError("nobody else reads")


def test_a_member_of_a_group_reads_archive_then_log(deployment: Deployment) -> None:
    deployment.archive()
    deployment.append(6)
    deployment.logs.events.forget(0, 19)
    log = archived(deployment.logs, deployment.open()).events
    member = Folding()
    reader = log.open_group_reader("group", member)
    assert reader.offsets() == {}
    while polled := reader.poll(POLL_BYTES, 0.0):
        member.records += polled
    assert by_partition(member.records) == deployment.values
    assert reader.offsets() == {0: 23, 1: 23}
    # It is asked once: what comes after that is known.
    assert member.asked == [[0, 1]]
    deployment.append(40)
    deployment.archive()
    deployment.logs.events.forget(0, 40)
    deployment.logs.events.forget(1, 43)
    reader.rewind()
    while polled := reader.poll(POLL_BYTES, 0.0):
        member.records += polled
    assert by_partition(member.records) == deployment.values
    reader.close()


def test_a_member_whose_records_are_deleted_while_it_reads(deployment: Deployment) -> None:
    log = archived(deployment.logs, deployment.open()).events
    member = Folding()
    reader = log.open_group_reader("group", member)
    member.records += reader.poll(POLL_BYTES, 0.0)
    deployment.archive()
    deployment.logs.events.forget(0, 20)
    deployment.logs.events.forget(1, 19)
    while polled := reader.poll(POLL_BYTES, 0.0):
        member.records += polled
    assert by_partition(member.records) == deployment.values
    deployment.append(6)
    deployment.logs.events.forget(1, 22)
    with pytest.raises(LogMismatchError, match="the archive ends at 20"):
        drained(reader)
