"""Folds of everything that is no point."""

from __future__ import annotations

from runstream.v1 import events_pb2 as pb
from runstream_server.events.folds.artifacts import fold_artifacts
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.params import fold_params
from runstream_server.events.folds.producers import fold_producers
from runstream_server.events.folds.runs import fold_runs
from runstream_server.events.folds.tags import fold_tags
from runstream_server.events.folds.tombstones import fold_tombstones
from tests.unit.folds.batches import (
    RUN,
    Point,
    artifact,
    batch,
    batches,
    created,
    metrics,
    params,
    tags,
    updated,
)
from tests.unit.folds.oracle_log import MIDDLE, UINT64_MAX
from tests.unit.folds.rows import plain_rows

STEP = 2**20


def test_a_param_keeps_its_first_value_and_shows_the_conflict() -> None:
    found = fold_params(Flush(batches([params(p="b"), params(p="c")], [params(p="a", q="1")])))
    assert plain_rows(found) == [
        (RUN, "p", (0, "b"), "a", "c"),
        (RUN, "q", (STEP, "1"), "1", "1"),
    ]


def test_within_one_batch_the_order_of_events_counts() -> None:
    events = [tags(t="1"), tags("t"), tags(t="2")]
    assert plain_rows(fold_tags(Flush([batch(*events)]))) == [(RUN, "t", "2", MIDDLE + 2, 0)]
    assert plain_rows(fold_tags(Flush([batch(*events[:2])]))) == [(RUN, "t", "", MIDDLE + 1, 1)]


def test_one_event_sets_before_it_deletes() -> None:
    assert plain_rows(fold_tags(Flush([batch(tags("t", t="1"))]))) == [(RUN, "t", "", MIDDLE, 1)]


def test_the_name_of_the_first_creation_yields_to_any_renaming() -> None:
    flush = Flush(batches([tags(**{"mlflow.runName": "mine"})], [created("a")], [created("b")]))
    assert plain_rows(fold_tags(flush)) == [(RUN, "mlflow.runName", "mine", MIDDLE, 0)]
    assert plain_rows(fold_runs(flush))[0][4] == (MIDDLE, "mine")
    unnamed = Flush(batches([created("a")], [created("b")]))
    assert plain_rows(fold_runs(unnamed))[0][4] == (MIDDLE - 1, "a")
    assert plain_rows(fold_tags(unnamed)) == [(RUN, "mlflow.runName", "a", MIDDLE - 1, 0)]


def test_created_and_finished_in_one_batch() -> None:
    flush = Flush([batch(created(start=5), updated(status=pb.FINISHED, end_time_ms=9))])
    assert plain_rows(fold_runs(flush)) == [
        (RUN, (0, 3, 5, "me"), (1000, 1, 3), (1000, 1, 9), (0, ""), (0, 0, 0), 5000, 0)
    ]


def test_an_older_attempt_does_not_beat_a_newer_one() -> None:
    newer = batch(updated(status=pb.RUNNING), attempt_start_ms=2000)
    late = batch(updated(status=pb.FAILED, end_time_ms=7), offset=1, seq=2)
    row = plain_rows(fold_runs(Flush([newer, late])))[0]
    assert row[2] == (2000, 0, 1)
    assert row[3] == (1000, STEP, 7)


def test_a_run_of_which_only_points_are_known() -> None:
    row = plain_rows(fold_runs(Flush([batch(metrics(Point("k", 1, 1, 1.0)))])))[0]
    assert row[1] == (UINT64_MAX, 0, 0, "")
    assert row[6] == 5000


def test_deleting_is_no_sign_of_life() -> None:
    delete = batch(pb.Event(run_deleted=pb.RunDeleted()), accepted_ms=9000)
    row = plain_rows(fold_runs(Flush([delete])))[0]
    assert (row[5], row[6]) == ((9000, 0, 1), 0)


def test_the_last_object_of_a_path_counts() -> None:
    flush = Flush([batch(artifact("a", "k1"), artifact("b", "k2"), artifact("a", "k3", size=7))])
    assert plain_rows(fold_artifacts(flush)) == [
        (RUN, "a", "k3", 7, b"s" * 32, 2),
        (RUN, "b", "k2", 1, b"s" * 32, 1),
    ]


def test_a_purged_run_leaves_nothing_but_that() -> None:
    flush = Flush(batches([created("a"), params(p="1")], [pb.Event(run_purged=pb.RunPurged())]))
    assert fold_params(flush).count == 0
    assert plain_rows(fold_tombstones(flush)) == [(RUN,)]
    ((run_id, first, *_, purged),) = plain_rows(fold_runs(flush))
    assert (run_id, first[0], purged) == (RUN, UINT64_MAX, 1)


def test_what_comes_after_the_purge_is_dropped() -> None:
    flush = Flush([batch(created(), params(p="1"))], purged=frozenset({RUN}))
    assert [fold_params(flush).count, fold_runs(flush).count] == [0, 0]


def test_of_a_conflicting_batch_only_points_are_folded() -> None:
    wrong = batch(params(p="1"), metrics(Point("k", 1, 1, 1.0)))
    flush = Flush([], [wrong])
    assert fold_params(flush).count == 0
    assert len(flush.points) == 1


def test_producers_of_every_stream_are_known() -> None:
    started = pb.Event(producer_started=pb.ProducerStarted(host="h", pid=4, world_size=2))
    ended = pb.Event(producer_end=pb.ProducerEnd(last_seq=2, points=3, events=4, died=True))
    model = "m-" + RUN
    flush = Flush(batches([started], [ended], [started], source="rank=0", stream_id=model))
    assert {row[2:] for row in plain_rows(fold_producers(flush))} == {
        ((0, "rank=0", "h", 4, 2), (2, 3, 4, 1))
    }
    assert UINT64_MAX not in [row[2][0] for row in plain_rows(fold_producers(flush))]
