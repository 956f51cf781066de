"""Archiving from a real broker to a real S3 server, and reading both as one log."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest

from runstream.v1 import events_pb2 as pb
from runstream_server.eventlog.archive.errors import ArchiveMismatchError
from runstream_server.eventlog.archive.log import archived
from runstream_server.eventlog.archive.verify import verify
from runstream_server.eventlog.port import LogMismatchError, Member, NewRecord
from runstream_server.materialize.compare import compare_generations
from runstream_server.materialize.materializer import Materializer
from runstream_server.materialize.rebuild import rebuild
from runstream_server.store.generations import create_generation, live_generation
from runstream_server.store.open import open_store
from tests.integration.eventlog.archive_place import Place, keep, read
from tests.integration.materialize.history import rich_history
from tests.integration.materialize.logs import partition_of

PATIENCE_SECONDS = 60.0


def eventually(check: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not check():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_archive_and_broker_are_one_log(place: Place) -> None:
    place.fill(200)
    whole = read(place.logs.events)
    assert place.run().records == 201
    place.fill(20)
    whole = read(place.logs.events)
    place.forget({0: 100, 1: 37})
    with pytest.raises(LogMismatchError):
        read(place.logs.events)
    assert read(place.log()) == whole


def test_records_deleted_under_a_reader(place: Place) -> None:
    place.fill(400)
    whole = read(place.logs.events)
    place.run()
    found: dict[int, list[bytes]] = {0: [], 1: []}
    with closing(place.log().open_reader({})) as reader:
        keep(found, reader.poll(10_000, 10.0))
        place.forget({0: 190, 1: 200})
        while records := reader.poll(10_000, 0.0):
            keep(found, records)
    assert found == whole


class Folding(Member):
    """Keeps what it reads."""

    def __init__(self) -> None:
        self.values: dict[int, list[bytes]] = {0: [], 1: []}

    def begin(self, partitions: Collection[int]) -> dict[int, int]:
        return {partition: len(self.values[partition]) for partition in partitions}

    def end(self, partitions: Collection[int]) -> None:
        return


def test_members_of_a_group_begin_in_the_archive(place: Place) -> None:
    place.fill(200)
    place.run()
    place.forget({0: 100, 1: 60})
    place.fill(20)
    member = Folding()

    def is_whole() -> bool:
        keep(member.values, reader.poll(10_000, 0.2))
        return sum(map(len, member.values.values())) == sum(
            place.logs.events.end_offsets().values()
        )

    with closing(place.log().open_group_reader("members", member)) as reader:
        eventually(is_whole)
        # Deleted while it is away from the broker's end.
        place.fill(200)
        place.run()
        place.forget({0: 205, 1: 210})
        eventually(is_whole)
        assert reader.offsets() == {0: 210, 1: 210}


def test_rebuilt_tables_are_equal(place: Place, tmp_path: Path) -> None:
    for request in rich_history():
        value = request.SerializeToString()
        place.logs.events.append([NewRecord(partition_of(request.stream_id), value)])
    place.logs.registry.append([NewRecord(0, pb.AppendRequest().SerializeToString())])
    with closing(open_store(tmp_path)) as store:
        live = Materializer(place.logs, store, live_generation(store), identity=place.identity)
        while live.poll(1.0).records:
            pass
        place.run(segment_bytes=1)
        ends = place.logs.events.end_offsets()
        place.forget({0: ends[0], 1: max(ends[1] - 1, 0)})
        logs = archived(place.logs, place.archive())
        second = create_generation(store)
        again = Materializer(logs, store, second, identity=place.identity)
        while again.poll(1.0).records:
            pass
        assert compare_generations(store, 1, second) == ()
        assert store.scalar(f"SELECT count() FROM runstream.points_{second}") > 3000
        again.close()
        live.close()
        assert rebuild(logs, store, identity=place.identity)
        assert live_generation(store) == second


def test_kill_9_in_the_middle(place: Place) -> None:
    place.fill(600)
    whole = read(place.logs.events)
    for round_number in range(1, 4):
        count = len(objects(place))
        process = start(place)
        eventually(lambda count=count: len(objects(place)) >= count + 4)  # type: ignore[misc]
        process.kill()
        process.wait()
        assert process.returncode != 0, round_number
    # Two at once go on from there.
    others = [start(place), start(place)]
    assert [other.wait(timeout=PATIENCE_SECONDS) for other in others] == [0, 0]
    assert place.run().objects == 0
    found = verify(place.archive(), threading.Event())
    assert (found.damaged, found.records) == ((), 601)
    place.forget({0: 300, 1: 300})
    assert read(place.log()) == whole


def objects(place: Place) -> list[str]:
    found = place.s3.client().list_objects(
        bucket_name=place.bucket, prefix="archive/events/", recursive=True
    )
    return [one.object_name or "" for one in found if "/records/" in (one.object_name or "")]


def start(place: Place) -> subprocess.Popen[bytes]:
    settings = (asdict(place.settings), asdict(place.s3.settings(place.bucket)))
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.integration.eventlog.archiving_process",
            *map(json.dumps, settings),
        ],
        stdin=subprocess.DEVNULL,
    )


def test_a_damaged_object_is_found(place: Place) -> None:
    place.fill(100)
    place.run()
    name = objects(place)[1]
    client = place.s3.client()
    data = bytearray(client.get_object(bucket_name=place.bucket, object_name=name).read())
    data[100] ^= 255
    client._execute("PUT", place.bucket, name, body=bytes(data))
    found = verify(place.archive(), threading.Event())
    assert len(found.damaged) == 1
    assert name.removeprefix("archive/") in found.damaged[0]
    place.forget({0: 50, 1: 50})
    with pytest.raises(ArchiveMismatchError, match="The archive is damaged"):
        read(place.log())
