"""The library's clients, made the way we use them."""

from __future__ import annotations

import logging
import socket
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from runstream_server.eventlog.kafka import limits
from runstream_server.eventlog.kafka.assignor import TopicAssignor
from runstream_server.eventlog.kafka.settings import KafkaSettings

# Which codec, and why: docs/decisions/0010-zstd-on-the-log.md.
COMPRESSION = "zstd"

# What it says below that repeats requests and records.
logging.getLogger("kafka").setLevel(logging.WARNING)


def reach(settings: KafkaSettings) -> None:
    """Raises OSError when no broker takes a connection.

    A client whose first connection fails leaves a thread and sockets behind:
    none is made while nobody is there.
    """
    failed: OSError | None = None
    for broker in settings.brokers():
        host, _, port = broker.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), limits.REACH_SECONDS):
                return
        except OSError as error:
            failed = error
    raise failed or OSError("no broker is named")


def administration(settings: KafkaSettings) -> Any:
    """Looks at topics and makes them."""
    reach(settings)
    return KafkaAdminClient(**settings.client_options())


def producer(settings: KafkaSettings) -> Any:
    """Idempotent: within one producer a batch is written once and in order."""
    reach(settings)
    return KafkaProducer(
        **settings.client_options(),
        acks="all",
        enable_idempotence=True,
        compression_type=COMPRESSION,
        batch_size=limits.PRODUCER_BATCH_BYTES,
        linger_ms=0,
        max_request_size=limits.TOPIC_MAX_MESSAGE_BYTES,
        delivery_timeout_ms=limits.DELIVERY_MS,
        max_block_ms=limits.REQUEST_MS,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )


def consumer(settings: KafkaSettings) -> Any:
    """Reads what it is told to, from where it is told to."""
    reach(settings)
    return KafkaConsumer(**settings.client_options(), **_READING)


def member(settings: KafkaSettings, group: str, topic: str, partitions: int) -> Any:
    """Reads what its group gives it of a topic. It never commits: the tables say where to begin."""
    reach(settings)
    return KafkaConsumer(
        **settings.client_options(),
        **_READING,
        group_id=group,
        session_timeout_ms=settings.session_ms,
        heartbeat_interval_ms=min(limits.HEARTBEAT_MS, settings.session_ms // 3),
        max_poll_interval_ms=limits.POLL_INTERVAL_MS,
        partition_assignment_strategy=[TopicAssignor(topic, partitions)],
    )


_READING: dict[str, Any] = {
    # A request waits behind a fetch for so long: a partition that comes, too.
    "fetch_max_wait_ms": limits.FETCH_WAIT_MS,
    "auto_offset_reset": "none",
    "enable_auto_commit": False,
    "fetch_max_bytes": limits.FETCH_MAX_BYTES,
    "max_partition_fetch_bytes": limits.PARTITION_FETCH_MAX_BYTES,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
}
