"""A group's partitions are dealt out whatever the client has heard of the topic."""

from __future__ import annotations

from typing import Any, NamedTuple

from kafka.protocol.consumer.metadata import ConsumerProtocolSubscription

from runstream_server.eventlog.kafka.assignor import TopicAssignor


class Member(NamedTuple):
    member_id: str
    metadata: Any


class HeardOfNothing:
    """What a client knows of a cluster before the first answer."""

    def topics(self) -> set[str]:
        return set()

    def partitions_for_topic(self, topic: str) -> None:
        return None


def dealt(assignor: TopicAssignor, *names: str) -> dict[str, list[tuple[str, list[int]]]]:
    encoded = assignor.metadata({"x.events"}).encode()
    members = [Member(name, ConsumerProtocolSubscription.decode(encoded)) for name in names]
    answer = assignor.assign(HeardOfNothing(), members)
    return {name: list(share.assigned_partitions) for name, share in answer.items()}


def test_one_member_gets_them_all() -> None:
    assert dealt(TopicAssignor("x.events", 3), "a") == {"a": [("x.events", [0, 1, 2])]}


def test_two_members_share_them() -> None:
    shares = dealt(TopicAssignor("x.events", 4), "a", "b")
    partitions = [one for share in shares.values() for _, numbers in share for one in numbers]
    assert sorted(partitions) == [0, 1, 2, 3]
    assert all(share for share in shares.values())


def test_another_topic_is_not_dealt_out() -> None:
    assert dealt(TopicAssignor("y.events", 4), "a") == {"a": []}
