"""The topics of a deployment: made or verified at start, looked at later.

Whatever is found wrong is one sentence: what would be lost, and how to mend it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    InvalidReplicationFactorError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)

from runstream_server.eventlog.kafka import limits
from runstream_server.eventlog.kafka.mending import MEND
from runstream_server.eventlog.kafka.settings import KEEP, KafkaSettings
from runstream_server.eventlog.port import EVENTS, REGISTRY, LogMismatchError, LogUnavailableError

_NO_TOPIC = 3
_SAFE_REPLICATION = 3
_SAFE_IN_SYNC = 2


@dataclass(frozen=True)
class Topic:
    """A topic as it is.

    topic_id: another one for a topic that was deleted and made again.
    replication: of the partition with the fewest copies.
    """

    name: str
    topic_id: str
    partitions: int
    replication: int


class TopicError(Exception):
    """A topic would lose records; the message says how, and how to mend it."""


class TooFewBrokersError(TopicError):
    """Brokers that start at the same time may still come."""


def ensure(admin: Any, settings: KafkaSettings) -> dict[str, Topic]:
    """Both topics, made when this is a new deployment.

    Raises LogMismatchError when one of them is gone, TopicError when one would
    lose records, LogUnavailableError and the library's errors.
    """
    check_not_restoring(admin, settings)
    found = describe(admin, settings)
    # The registry last: where it is, the events were.
    if REGISTRY in found and EVENTS not in found:
        raise LogMismatchError(
            f"the topic {settings.topic(EVENTS)} is gone, and all its records with it, while "
            f"{settings.topic(REGISTRY)} is there. Nothing was changed. {MEND}"
        )
    for log, partitions in ((EVENTS, settings.partitions), (REGISTRY, 1)):
        if log not in found:
            _make(admin, settings, log, partitions)
    admin.wait_for_topics([settings.topic(log) for log in (EVENTS, REGISTRY)])
    # Begun meanwhile: what it found missing may be what we have just made.
    check_not_restoring(admin, settings)
    found = describe(admin, settings)
    if missing := {EVENTS, REGISTRY} - found.keys():
        raise LogUnavailableError(f"the topics {sorted(missing)} were made and are not there yet")
    if wrong := list(problems(admin, settings, found)):
        raise TopicError("\n".join(wrong))
    return found


def describe(admin: Any, settings: KafkaSettings) -> dict[str, Topic]:
    """Those of the two topics that are there, by log."""
    names = {settings.topic(log): log for log in (EVENTS, REGISTRY)}
    found = {}
    for one in admin.describe_topics(list(names)):
        if one["error_code"] == _NO_TOPIC:
            continue
        if one["error_code"]:
            raise LogUnavailableError(
                f"the topic {one['name']} cannot be looked at: error {one['error_code']}"
            )
        parts = one["partitions"]
        found[names[one["name"]]] = Topic(
            one["name"],
            str(one["topic_id"]),
            len(parts),
            min((len(part["replica_nodes"]) for part in parts), default=0),
        )
    return found


def check_not_restoring(admin: Any, settings: KafkaSettings) -> None:
    """Raises LogUnavailableError while they are being filled from the archive by another."""
    if not settings.restoring and is_restoring(admin, settings):
        raise LogUnavailableError(restoring_sentence(settings))


def restoring_sentence(settings: KafkaSettings) -> str:
    """Why nobody may come in while the log is being restored."""
    return (
        f"the log is being restored: the topic {settings.restoring_topic} is there until "
        "`runstream archive restore` has finished. The same command goes on with one that broke off"
    )


def is_restoring(admin: Any, settings: KafkaSettings) -> bool:
    """Whether a restore was begun and has not finished."""
    (one,) = admin.describe_topics([settings.restoring_topic])
    if one["error_code"] not in (0, _NO_TOPIC):
        raise LogUnavailableError(
            f"the topic {one['name']} cannot be looked at: error {one['error_code']}"
        )
    return not one["error_code"]


def begin_restoring(admin: Any, settings: KafkaSettings) -> None:
    """From now on no other process comes in."""
    if is_restoring(admin, settings):
        return
    replication = 1 if settings.single_broker else settings.replication
    topic = {"num_partitions": 1, "replication_factor": replication}
    with contextlib.suppress(TopicAlreadyExistsError):
        admin.create_topics({settings.restoring_topic: topic})
    admin.wait_for_topics([settings.restoring_topic])


def end_restoring(admin: Any, settings: KafkaSettings) -> None:
    """The log is whole: others may come in."""
    with contextlib.suppress(UnknownTopicOrPartitionError):
        admin.delete_topics([settings.restoring_topic])


def incarnation(found: Mapping[str, Topic]) -> str:
    """Another one when one of the two was deleted and made again."""
    return "+".join(found[log].topic_id for log in (EVENTS, REGISTRY))


def retention_ms(admin: Any, settings: KafkaSettings) -> int:
    """How long the topic of the events keeps a record; KEEP: for ever."""
    return int(_configs(admin, settings.topic(EVENTS))["retention.ms"])


def fault(admin: Any, settings: KafkaSettings, known: Mapping[str, Topic]) -> str:
    """What ends the use of topics that were known before; empty: nothing."""
    if wrong := changed(known, describe(admin, settings)):
        return wrong
    if not settings.restoring and is_restoring(admin, settings):
        return restoring_sentence(settings)
    return ""


def changed(known: Mapping[str, Topic], found: Mapping[str, Topic]) -> str:
    """What happened to the topics since the start that ends their use; empty: nothing."""
    for log, before in known.items():
        now = found.get(log)
        if now is None:
            return (
                f"the topic {before.name} is gone, and all its records with it. Stop every "
                f"process. {MEND}"
            )
        if now.topic_id != before.topic_id:
            return (
                f"the topic {before.name} was deleted and made again: its records are gone. Stop "
                f"every process. {MEND}"
            )
        if now.partitions != before.partitions:
            return (
                f"the topic {before.name} has {now.partitions} partitions and was made with "
                f"{before.partitions}: streams would be looked for in the wrong ones. The number "
                "never changes; copy the records into a new log and rebuild the tables"
            )
    return ""


def _make(admin: Any, settings: KafkaSettings, log: str, partitions: int) -> None:
    name = settings.topic(log)
    replication = 1 if settings.single_broker else settings.replication
    wanted = {
        "num_partitions": partitions,
        "replication_factor": replication,
        "configs": {
            "cleanup.policy": "delete",
            "retention.ms": str(KEEP),
            "retention.bytes": str(KEEP),
            "max.message.bytes": str(limits.TOPIC_MAX_MESSAGE_BYTES),
            "min.insync.replicas": str(_SAFE_IN_SYNC if replication > 1 else 1),
            "unclean.leader.election.enable": "false",
            "compression.type": "producer",
        },
    }
    try:
        admin.create_topics({name: wanted})
    except TopicAlreadyExistsError:
        # Another process that starts: what it made is verified like any other.
        return
    except InvalidReplicationFactorError as error:
        raise TooFewBrokersError(
            f"{name}: the cluster has fewer than {replication} brokers, and with fewer copies a "
            "lost disk is a lost log. Add brokers; or, where that may be, start with "
            "--single-broker"
        ) from error


def problems(admin: Any, settings: KafkaSettings, topics: Mapping[str, Topic]) -> Iterator[str]:
    """How each topic would lose records, and how to mend it. Raises LogMismatchError."""
    if topics[REGISTRY].partitions != 1:
        raise LogMismatchError(
            f"the topic {topics[REGISTRY].name} has {topics[REGISTRY].partitions} partitions and "
            "must have one: the order of names in it would be lost. Nothing was changed. "
            f"{MEND}"
        )
    for log, topic in topics.items():
        configs = _configs(admin, topic.name)
        yield from _retention_problems(topic, configs, settings.archived and log == EVENTS)
        yield from _copy_problems(topic, configs, settings.single_broker)
        if int(configs["max.message.bytes"]) < limits.BATCH_MAX_BYTES:
            yield (
                f"{topic.name}: max.message.bytes is {configs['max.message.bytes']}, and batches "
                f"of {limits.BATCH_MAX_BYTES} bytes would never be taken. Set it to "
                f"{limits.TOPIC_MAX_MESSAGE_BYTES}"
            )


def _configs(admin: Any, name: str) -> dict[str, str]:
    resource = ConfigResource(ConfigResourceType.TOPIC, name)
    answer = admin.describe_configs([resource], config_filter="all")
    return {key: one["value"] for key, one in answer["topic"][name].items()}


def _retention_problems(topic: Topic, configs: Mapping[str, str], archived: bool) -> Iterator[str]:
    if configs["cleanup.policy"] != "delete":
        yield (
            f"{topic.name}: cleanup.policy is {configs['cleanup.policy']}: compaction would delete "
            "records without a key, which all of ours are. Set it to delete"
        )
    kept_ms = int(configs["retention.ms"])
    if archived and KEEP < kept_ms < limits.RETENTION_MIN_MS:
        yield (
            f"{topic.name}: retention.ms is {kept_ms}: records would be deleted before an "
            f"archiver had time to copy them. Set it to {limits.RETENTION_MIN_MS} or more"
        )
    elif not archived and kept_ms != KEEP:
        yield _deleting(topic, "retention.ms", configs)
    if int(configs["retention.bytes"]) != KEEP:
        # How long a size lasts nobody knows, so whether an archiver keeps up neither.
        yield _deleting(topic, "retention.bytes", configs)


def _deleting(topic: Topic, key: str, configs: Mapping[str, str]) -> str:
    return (
        f"{topic.name}: {key} is {configs[key]}: older records would be deleted, and the "
        f"tables could not be built again. Set it to {KEEP}"
    )


def _copy_problems(topic: Topic, configs: Mapping[str, str], single_broker: bool) -> Iterator[str]:
    if configs["unclean.leader.election.enable"] != "false":
        yield (
            f"{topic.name}: unclean.leader.election.enable is on: a replica that lacks "
            "acknowledged records could become the leader, and they would be lost. Set it to false"
        )
    if single_broker:
        return
    if topic.replication < _SAFE_REPLICATION:
        yield (
            f"{topic.name}: replication is {topic.replication}: with one disk more than that lost, "
            f"acknowledged records are. Reassign its partitions to {_SAFE_REPLICATION} replicas; "
            "or, where that may be, start with --single-broker"
        )
    if int(configs["min.insync.replicas"]) < _SAFE_IN_SYNC:
        yield (
            f"{topic.name}: min.insync.replicas is {configs['min.insync.replicas']}: a record "
            "that only one disk has would be acknowledged, and be lost with it. Set it to "
            f"{_SAFE_IN_SYNC}; or, where that may be, start with --single-broker"
        )


def risk(settings: KafkaSettings) -> str:
    """What `--single-broker` gives up; empty without it."""
    if not settings.single_broker:
        return ""
    return (
        "--single-broker: topics may have one copy of each record; a lost disk of the broker is "
        "the loss of every record that is not archived"
    )
