"""Which experiment a new run comes into."""

from __future__ import annotations

import pytest

from runstream.v1 import events_pb2 as pb
from runstream.v1 import ingest_pb2 as ingest
from runstream_server.errors import ServiceError
from runstream_server.events.ids import provisional_experiment_id
from tests.unit.ingest.fixtures import RUN, Deployment, ctx, read


def created(experiment_id: str = "", name: str = "") -> pb.Event:
    return pb.Event(run_created=pb.RunCreated(experiment_id=experiment_id, experiment_name=name))


def _delete(there: Deployment, experiment_id: str) -> None:
    request = ingest.ExperimentIdRequest(experiment_id=experiment_id)
    there.ingest.delete_experiment(request, ctx())


def test_by_id() -> None:
    there = Deployment()
    response = there.append(created("0"))
    assert (response.experiment_id, response.warning) == ("0", "")
    assert there.records()[0].experiment_id == "0"


def test_a_new_name_becomes_an_experiment() -> None:
    there = Deployment()
    assert there.append(created(name="x")).experiment_id == "1"
    assert there.append(created(name="x")).experiment_id == "1"
    assert there.append(created(name="Default")).experiment_id == "0"
    assert there.logs.registry.end_offsets() == {0: 2}


def test_the_answer_waits_for_the_registry_too() -> None:
    position = Deployment().append(created(name="x")).position
    assert [(entry.log, entry.next_offset) for entry in position.offsets] == [
        ("events", 1),
        ("registry", 2),
    ]


def test_the_provisional_id_of_a_known_name() -> None:
    there = Deployment()
    there.create("x")
    response = there.append(created(str(provisional_experiment_id("x"))))
    assert (response.experiment_id, response.warning) == ("1", "")


def test_an_unknown_id_goes_to_the_default_with_a_tag() -> None:
    there = Deployment()
    response = there.append(created("77"))
    assert response.experiment_id == "0"
    assert "No Experiment with id=77" in response.warning
    run, tag = there.records()
    assert (run.experiment_id, run.stream_id, tag.stream_id) == ("0", RUN, RUN)
    assert tag.producer_id != run.producer_id
    assert (tag.seq, tag.attempt_start_ms) == (1, run.attempt_start_ms)
    (pair,) = tag.events[0].tags.set
    assert (pair.key, pair.value) == ("runstream.requested_experiment", "77")
    assert response.position.offsets[0].next_offset == 2


@pytest.mark.parametrize("event", [created("1"), created(name="x")])
def test_a_deleted_one_goes_to_the_default_with_a_tag(event: pb.Event) -> None:
    there = Deployment()
    there.create("x")
    _delete(there, "1")
    response = there.append(event)
    assert response.experiment_id == "0"
    assert "'x' is deleted" in response.warning
    assert len(read(there.logs.events)) == 2


def test_the_default_takes_runs_also_when_it_is_deleted() -> None:
    there = Deployment()
    _delete(there, "0")
    response = there.append(created("0"))
    assert (response.experiment_id, response.warning) == ("0", "")


def test_one_batch_creates_in_one_experiment() -> None:
    there = Deployment()
    there.append(created("0"), created("0"))
    with pytest.raises(ServiceError) as caught:
        there.append(created("0"), created(name="y"))
    assert list(caught.value.place.event_indexes) == [1]


def test_models_are_placed_as_well() -> None:
    there = Deployment()
    model_id = "m-" + "5" * 32
    model = pb.LoggedModelCreated(model_id=model_id, experiment_name="models", name="net")
    event = pb.Event(logged_model_created=model)
    assert there.append(event, stream_id=model_id).experiment_id == "1"


def test_a_model_without_its_experiment_says_what_it_asked_for() -> None:
    there = Deployment()
    model_id = "m-" + "5" * 32
    model = pb.LoggedModelCreated(model_id=model_id, experiment_id="77", name="net")
    response = there.append(pb.Event(logged_model_created=model), stream_id=model_id)
    assert (response.experiment_id, "77" in response.warning) == ("0", True)
    (tags,) = (record.events[0].logged_model_tags for record in there.records()[1:])
    assert tags.model_id == model_id
    assert (tags.set[0].key, tags.set[0].value) == ("runstream.requested_experiment", "77")
