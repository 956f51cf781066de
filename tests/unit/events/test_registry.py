"""The fold of the registry log."""

from __future__ import annotations

from runstream.v1 import events_pb2 as pb
from runstream_server.events.ids import provisional_experiment_id
from runstream_server.events.records import order, single_request, stamped
from runstream_server.events.registry import Registry, Verdict

CLAIM_A, CLAIM_B, CLAIM_C = b"a" * 16, b"b" * 16, b"c" * 16


class Log:
    """A registry with a genesis, and what was applied to it so far."""

    def __init__(self) -> None:
        self.state = Registry()
        self.values: list[bytes] = []
        self.add(pb.Event(genesis=pb.Genesis(log_id="l", partitions=4)))

    def add(self, *events: pb.Event) -> list[int]:
        """Appends a record, accepted at 1000 ms per record up to it."""
        at = 1000 * (len(self.values) + 1)
        value = stamped(single_request("registry", events, attempt_start_ms=0), at)
        self.values.append(value)
        return self.state.apply(len(self.values) - 1, value)


def create(name: str, claim: bytes, **tags: str) -> pb.Event:
    pairs = [pb.KeyValue(key=key, value=value) for key, value in tags.items()]
    return pb.Event(experiment_created=pb.ExperimentCreated(claim_id=claim, name=name, tags=pairs))


def rename(experiment_id: str, name: str, claim: bytes) -> pb.Event:
    return pb.Event(
        experiment_renamed=pb.ExperimentRenamed(
            claim_id=claim, experiment_id=experiment_id, new_name=name
        )
    )


def delete(experiment_id: str) -> pb.Event:
    return pb.Event(experiment_deleted=pb.ExperimentDeleted(experiment_id=experiment_id))


def restore(experiment_id: str) -> pb.Event:
    return pb.Event(experiment_restored=pb.ExperimentRestored(experiment_id=experiment_id))


def test_the_genesis_makes_the_default_experiment() -> None:
    state = Log().state
    default = state.get(0)
    assert default is not None
    assert (default.name, default.artifact_location) == ("Default", "mlflow-artifacts:/0")
    assert (default.created_ms, default.updated_ms, default.deleted) == (1000, 1000, False)
    assert state.log_id == "l"


def test_experiments_are_numbered_in_the_order_of_winning_claims() -> None:
    log = Log()
    assert log.add(create("x", CLAIM_A, team="t")) == [1]
    assert log.add(create("x", CLAIM_B)) == []
    assert log.add(create("y", CLAIM_C)) == [2]
    assert log.state.verdict(CLAIM_A) == Verdict(True, 1)
    assert log.state.verdict(CLAIM_B) == Verdict(False, 1)
    assert log.state.verdict(b"?" * 16) is None
    found = log.state.get(1)
    assert found is not None
    assert (found.tags, found.created_ms) == ({"team": "t"}, 2000)


def test_a_claim_that_comes_again_changes_nothing() -> None:
    log = Log()
    log.add(create("x", CLAIM_A))
    log.add(rename("1", "y", CLAIM_B))
    assert log.add(create("x", CLAIM_A)) == []
    assert log.state.by_name("x") is None
    assert log.state.verdict(CLAIM_A) == Verdict(True, 1)


def test_a_record_that_comes_again_changes_nothing() -> None:
    log = Log()
    log.add(create("x", CLAIM_A))
    log.add(delete("1"))
    log.add(restore("1"))
    assert log.state.apply(1, log.values[1]) == []
    assert log.state.apply(4, log.values[2]) == [], "a late copy under an offset of its own"
    found = log.state.get(1)
    assert found is not None
    assert not found.deleted


def test_names_of_deleted_experiments_stay_taken() -> None:
    log = Log()
    log.add(create("x", CLAIM_A))
    assert log.add(delete("1")) == [1]
    log.add(create("x", CLAIM_B))
    assert log.state.verdict(CLAIM_B) == Verdict(False, 1)


def test_delete_and_restore_leave_times() -> None:
    log = Log()
    log.add(create("x", CLAIM_A))
    log.add(delete("1"))
    deleted = log.state.get(1)
    assert deleted is not None
    assert (deleted.deleted, deleted.changed_ms, deleted.updated_ms) == (True, 3000, 3000)
    assert log.add(delete("1")) == []
    log.add(restore("1"))
    restored = log.state.get(1)
    assert restored is not None
    assert (restored.deleted, restored.changed_ms) == (False, 5000)
    assert restored.version == order(4, 0)


def test_a_rename_frees_the_old_name() -> None:
    log = Log()
    log.add(create("x", CLAIM_A))
    log.add(rename("1", "y", CLAIM_B))
    assert log.state.verdict(CLAIM_B) == Verdict(True, 1)
    assert log.state.by_name("x") is None
    assert log.state.by_name("y") == log.state.get(1)
    log.add(create("x", CLAIM_C))
    assert log.state.verdict(CLAIM_C) == Verdict(True, 2)


def test_a_rename_to_a_taken_name_changes_nothing() -> None:
    log = Log()
    log.add(create("x", CLAIM_A))
    assert log.add(rename("1", "Default", CLAIM_B)) == []
    assert log.state.verdict(CLAIM_B) == Verdict(False, 0)
    assert log.state.by_name("x") is not None


def test_provisional_ids_find_who_holds_the_name() -> None:
    log = Log()
    alias = provisional_experiment_id("x")
    assert log.state.get(alias) is None
    log.add(create("x", CLAIM_A))
    assert log.state.get(alias) == log.state.get(1)
    log.add(rename(str(alias), "y", CLAIM_B))
    assert log.state.get(alias) == log.state.get(1), "still the one that held it last"
    assert sorted(log.add(create("x", CLAIM_C))) == [1, 2]
    assert log.state.get(alias) == log.state.get(2)
    found = log.state.get(1)
    assert found is not None
    assert found.aliases == (provisional_experiment_id("y"),)


def test_tags_are_set_and_deleted() -> None:
    log = Log()
    log.add(create("x", CLAIM_A, kept="1", gone="2"))
    event = pb.ExperimentTags(
        experiment_id="1", set=[pb.KeyValue(key="new", value="3")], delete=["gone", "absent"]
    )
    assert log.add(pb.Event(experiment_tags=event)) == [1]
    found = log.state.get(1)
    assert found is not None
    assert found.tags == {"kept": "1", "new": "3"}
    assert found.updated_ms == 2000, "as in MLflow, tags do not count as an update"


def test_what_names_no_experiment_is_skipped() -> None:
    log = Log()
    events = (delete("7"), restore("x"), rename("9", "n", CLAIM_A), pb.Event())
    assert log.add(*events) == []
    assert log.state.verdict(CLAIM_A) is None
    assert [found.experiment_id for found in log.state.experiments()] == [0]
