"""What of Kafka's retention an archive allows, and who is told when it falls behind."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace

import pytest

from runstream_server.cluster.archive_watch import ArchiveWatch
from runstream_server.cluster.errors import SettingError
from runstream_server.cluster.log import DeploymentLog
from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.kafka.topics import TopicError
from runstream_server.eventlog.port import LogMismatchError
from tests.integration.eventlog.archive_place import Place, read

DAY_MS = 86_400_000


def test_finite_retention_needs_an_archive(place: Place) -> None:
    place.set_retention(retention_ms=str(DAY_MS))
    with_archive = replace(place.settings, archived=True)
    faults: list[str] = []
    with pytest.raises(TopicError, match="older records would be deleted"):
        KafkaLogs(place.settings)
    with pytest.raises(SettingError, match=r"nothing was archived to s3://.*runstream archive"):
        DeploymentLog(with_archive, faults.append, place.archive())
    place.fill(10)
    place.run()
    place.forget({0: 5})
    with closing(DeploymentLog(with_archive, faults.append, place.archive())) as log:
        assert sum(map(len, read(log.logs.events).values())) == 10
    place.fill(10)
    place.forget({0: 7})
    with pytest.raises(LogMismatchError, match="begins at offset 7 in Kafka, and the archive ends"):
        DeploymentLog(with_archive, faults.append, place.archive())
    with pytest.raises(LogMismatchError, match="the records 5 to 6 were deleted before"):
        place.run()
    assert faults == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("retention_ms", "60000", "before an archiver had time to copy them"),
        ("retention_bytes", "1000000", "older records would be deleted"),
    ],
)
def test_retention_that_no_archiver_can_keep_up_with(
    place: Place, name: str, value: str, sentence: str
) -> None:
    place.set_retention(**{name: value})
    with pytest.raises(TopicError, match=sentence):
        KafkaLogs(replace(place.settings, archived=True))


def test_an_archiver_that_falls_behind_is_told_of(place: Place) -> None:
    place.fill(10)
    place.run()
    place.fill(6)
    settings = replace(place.settings, archived=True)
    with closing(KafkaLogs(settings)) as logs:
        assert ArchiveWatch(logs, place.archive()).look() == ""
    place.set_retention(retention_ms=str(DAY_MS))
    with closing(KafkaLogs(settings)) as logs:
        watch = ArchiveWatch(logs, place.archive(), now_ms=lambda: time.time_ns() // 1_000_000)
        assert watch.look() == ""
        late = time.time_ns() // 1_000_000 + DAY_MS * 3 // 4
        watch = ArchiveWatch(logs, place.archive(), now_ms=lambda: late)
        assert "6 records of" in watch.look()
        assert "Kafka will delete them" in watch.look()
        place.run()
        assert watch.look() == ""
