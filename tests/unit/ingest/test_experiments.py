"""The registry's calls: claims, MLflow's errors and messages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from runstream.error_codes import (
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
)
from runstream.v1 import events_pb2 as pb
from runstream.v1 import ingest_pb2 as ingest
from runstream_server.errors import ServiceError
from tests.unit.ingest.fixtures import NOW_MS, Deployment, ctx

CLAIM, OTHER_CLAIM = b"1" * 16, b"2" * 16


def _id(experiment_id: str) -> ingest.ExperimentIdRequest:
    return ingest.ExperimentIdRequest(experiment_id=experiment_id)


def _rename(
    experiment_id: str, name: str, claim: bytes = OTHER_CLAIM
) -> ingest.RenameExperimentRequest:
    return ingest.RenameExperimentRequest(
        claim_id=claim, experiment_id=experiment_id, new_name=name
    )


def test_create_gives_the_next_id() -> None:
    there = Deployment()
    request = ingest.CreateExperimentRequest(
        claim_id=CLAIM,
        name="a/b\nc",
        artifact_location="file:///tmp/x",
        tags=[pb.KeyValue(key="team", value="t" * 20_000)],
    )
    response = there.ingest.create_experiment(request, ctx())
    experiment = response.experiment
    assert (experiment.experiment_id, experiment.name) == ("1", "a/b\nc")
    assert experiment.artifact_location == "file:///tmp/x"
    assert (experiment.lifecycle_stage, experiment.creation_time) == ("active", NOW_MS)
    assert experiment.last_update_time == NOW_MS
    assert experiment.tags[0].key == "team"
    assert [(entry.log, entry.next_offset) for entry in response.position.offsets] == [
        ("registry", 2)
    ]


def test_create_again_with_the_same_claim_gives_the_same() -> None:
    there = Deployment()
    first = there.create("x", CLAIM)
    assert there.create("x", CLAIM).experiment == first.experiment
    assert there.logs.registry.end_offsets() == {0: 2}


def test_create_with_a_taken_name() -> None:
    there = Deployment()
    there.create("x", CLAIM)
    with pytest.raises(ServiceError, match="Experiment 'x' already exists") as caught:
        there.create("x", OTHER_CLAIM)
    assert caught.value.error_code == RESOURCE_ALREADY_EXISTS
    there.ingest.delete_experiment(_id("1"), ctx())
    with pytest.raises(ServiceError, match="already exists in deleted state"):
        there.create("x", OTHER_CLAIM)


def test_of_many_claims_at_once_one_wins() -> None:
    there = Deployment()
    won, lost = [], []

    def claim(number: int) -> None:
        try:
            won.append(there.create("x", bytes([number]) * 16).experiment.experiment_id)
        except ServiceError as error:
            lost.append(error.error_code)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(claim, range(16)))
    assert won == ["1"]
    assert lost == [RESOURCE_ALREADY_EXISTS] * 15


def test_two_processes_agree_on_who_won() -> None:
    here = Deployment()
    there = Deployment(here.logs)
    assert here.create("x", CLAIM).experiment.experiment_id == "1"
    with pytest.raises(ServiceError, match="already exists"):
        there.create("x", OTHER_CLAIM)
    assert there.create("y", OTHER_CLAIM).experiment.experiment_id == "2"
    found = here.ingest.ensure_experiment(ingest.EnsureExperimentRequest(name="y"), ctx())
    assert found.experiment.experiment_id == "2"


@pytest.mark.parametrize(
    ("request_", "phrase"),
    [
        (ingest.CreateExperimentRequest(claim_id=CLAIM), "Missing value"),
        (ingest.CreateExperimentRequest(claim_id=b"x", name="n"), "must be 16 bytes"),
        (
            ingest.CreateExperimentRequest(claim_id=CLAIM, name="n" * 501),
            "exceeds the maximum length of 500 characters",
        ),
        (
            ingest.CreateExperimentRequest(
                claim_id=CLAIM, name="n", tags=[pb.KeyValue(key="k", value="v" * 20_001)]
            ),
            "exceeds the maximum length of 20000 characters",
        ),
        *(
            (
                ingest.CreateExperimentRequest(
                    claim_id=CLAIM, name="n", artifact_location=location
                ),
                "artifact_location",
            )
            for location in (
                "relative/path",
                "s3://bucket/x",
                "http://x/y",
                "runs:/1",
                "file:///x#y",
                "file:///" + "x" * 2048,
            )
        ),
    ],
)
def test_what_create_refuses(request_: ingest.CreateExperimentRequest, phrase: str) -> None:
    there = Deployment()
    with pytest.raises(ServiceError, match=phrase) as caught:
        there.ingest.create_experiment(request_, ctx())
    assert caught.value.error_code == INVALID_PARAMETER_VALUE
    assert there.logs.registry.end_offsets() == {0: 1}


@pytest.mark.parametrize(
    ("location", "taken"),
    [
        ("s3://runs", True),
        ("s3://runs/", True),
        ("s3://runs/team/a", True),
        ("s3://runs-of-others/a", False),
        ("s3://other", False),
        ("s3://runs/../other", False),
        ("s3://runs//a", False),
        ("s3://runs/a#b", False),
        ("S3://runs/a", False),
    ],
)
def test_s3_locations_lie_in_our_bucket(location: str, taken: bool) -> None:
    there = Deployment(s3_root="s3://runs")
    request = ingest.CreateExperimentRequest(claim_id=CLAIM, name="n", artifact_location=location)
    if taken:
        created = there.ingest.create_experiment(request, ctx())
        assert created.experiment.artifact_location == location
        return
    with pytest.raises(ServiceError, match="artifact_location") as caught:
        there.ingest.create_experiment(request, ctx())
    assert caught.value.error_code == INVALID_PARAMETER_VALUE


def test_ensure_finds_or_creates() -> None:
    there = Deployment()
    request = ingest.EnsureExperimentRequest(name="x")
    first = there.ingest.ensure_experiment(request, ctx())
    assert first.experiment.experiment_id == "1"
    there.ingest.delete_experiment(_id("1"), ctx())
    again = there.ingest.ensure_experiment(request, ctx())
    assert (again.experiment.experiment_id, again.experiment.lifecycle_stage) == ("1", "deleted")


def test_rename() -> None:
    there = Deployment()
    there.create("x")
    response = there.ingest.rename_experiment(_rename("1", "y"), ctx())
    assert response.experiment.name == "y"
    again = there.ingest.rename_experiment(_rename("1", "y"), ctx())
    assert again.experiment == response.experiment
    assert there.logs.registry.end_offsets() == {0: 3}
    same = there.ingest.rename_experiment(_rename("1", "y", b"3" * 16), ctx())
    assert same.experiment == response.experiment


def test_rename_to_a_taken_name_and_of_a_deleted_one() -> None:
    there = Deployment()
    there.create("x")
    with pytest.raises(ServiceError, match="'Default' already exists") as taken:
        there.ingest.rename_experiment(_rename("1", "Default"), ctx())
    assert taken.value.error_code == RESOURCE_ALREADY_EXISTS
    there.ingest.delete_experiment(_id("1"), ctx())
    with pytest.raises(ServiceError, match="Cannot rename a non-active experiment") as deleted:
        there.ingest.rename_experiment(_rename("1", "y"), ctx())
    assert deleted.value.error_code == INVALID_STATE


def test_delete_and_restore() -> None:
    there = Deployment()
    there.create("x")
    assert there.ingest.delete_experiment(_id("1"), ctx()).experiment.lifecycle_stage == "deleted"
    with pytest.raises(ServiceError, match="No Experiment with id=1 exists") as again:
        there.ingest.delete_experiment(_id("1"), ctx())
    assert again.value.error_code == RESOURCE_DOES_NOT_EXIST
    assert there.ingest.restore_experiment(_id("1"), ctx()).experiment.lifecycle_stage == "active"
    with pytest.raises(ServiceError, match="No Experiment with id=1 exists"):
        there.ingest.restore_experiment(_id("1"), ctx())


@pytest.mark.parametrize(
    ("experiment_id", "phrase", "code"),
    [
        ("7", "No Experiment with id=7 exists", RESOURCE_DOES_NOT_EXIST),
        ("x", "must be a valid integer", INVALID_PARAMETER_VALUE),
        ("", "must be a valid integer", INVALID_PARAMETER_VALUE),
    ],
)
def test_experiments_that_are_none(experiment_id: str, phrase: str, code: str) -> None:
    there = Deployment()
    with pytest.raises(ServiceError, match=phrase) as caught:
        there.ingest.delete_experiment(_id(experiment_id), ctx())
    assert caught.value.error_code == code


def test_tags() -> None:
    there = Deployment()
    request = ingest.TagExperimentRequest(
        experiment_id="0", set=[pb.KeyValue(key="b", value="2"), pb.KeyValue(key="a", value="1")]
    )
    response = there.ingest.tag_experiment(request, ctx())
    assert [tag.key for tag in response.experiment.tags] == ["a", "b"]
    request = ingest.TagExperimentRequest(experiment_id="0", delete=["a"])
    response = there.ingest.tag_experiment(request, ctx())
    assert [tag.key for tag in response.experiment.tags] == ["b"]
    with pytest.raises(ServiceError, match="No tag with name: a") as missing:
        there.ingest.tag_experiment(request, ctx())
    assert missing.value.error_code == RESOURCE_DOES_NOT_EXIST


def test_tags_of_a_deleted_experiment() -> None:
    there = Deployment()
    there.ingest.delete_experiment(_id("0"), ctx())
    request = ingest.TagExperimentRequest(experiment_id="0", set=[pb.KeyValue(key="a")])
    with pytest.raises(ServiceError, match="must be in the 'active' state"):
        there.ingest.tag_experiment(request, ctx())
