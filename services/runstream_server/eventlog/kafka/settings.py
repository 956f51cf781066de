"""How to reach Kafka, and what the topics are called and made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from runstream_server.eventlog.kafka import limits

_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
# For ever.
KEEP = -1


class SettingsError(Exception):
    """A setting cannot be used; the message names it."""


@dataclass(frozen=True)
class KafkaSettings:
    """Everything that a deployment chooses about its log.

    Every client (producer, consumer, administration) is made from it.
    """

    # RUNSTREAM_KAFKA: brokers to begin with, "host:port,host:port".
    bootstrap: str
    # The topics are PREFIX.events and PREFIX.registry.
    prefix: str = "runstream"
    # Of the events topic, used only when it is created; never changes.
    partitions: int = 32
    # Copies of each record, used when a topic is created and checked later.
    replication: int = 3
    # Accept topics with one copy: a lost disk is a lost log.
    single_broker: bool = False
    # Events are copied to an archive: their topic may delete old ones.
    archived: bool = False
    # This process is the one that fills them from the archive: nobody else may come in.
    restoring: bool = False
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = ""
    sasl_username: str = ""
    sasl_password: str = field(default="", repr=False)
    # PEM files: whom to trust, and who we are.
    ssl_cafile: str = ""
    ssl_certfile: str = ""
    ssl_keyfile: str = ""
    # A start waits so long for a broker.
    connect_seconds: float = limits.CONNECT_SECONDS
    # What may be on its way to the broker.
    room_bytes: int = limits.ROOM_BYTES
    # After how long a member that was killed is missed.
    session_ms: int = limits.SESSION_MS
    # How often topics are looked at for having been replaced.
    guard_seconds: float = limits.GUARD_SECONDS

    def __post_init__(self) -> None:
        if not self.brokers():
            raise SettingsError("RUNSTREAM_KAFKA is empty: name a broker, as host:port")
        for broker in self.brokers():
            if not broker.rpartition(":")[0] or not broker.rpartition(":")[2].isdecimal():
                raise SettingsError(f"RUNSTREAM_KAFKA has {broker!r}; brokers are named host:port")
        if self.partitions < 1:
            raise SettingsError(f"RUNSTREAM_PARTITIONS is {self.partitions}; it must be at least 1")
        if self.replication < 1:
            raise SettingsError(
                f"RUNSTREAM_KAFKA_REPLICATION is {self.replication}; it must be at least 1"
            )
        if self.security_protocol not in _PROTOCOLS:
            raise SettingsError(
                f"RUNSTREAM_KAFKA_SECURITY_PROTOCOL is {self.security_protocol!r}; it must be one "
                f"of {', '.join(_PROTOCOLS)}"
            )
        if self.security_protocol.startswith("SASL") and not self.sasl_mechanism:
            raise SettingsError(
                f"RUNSTREAM_KAFKA_SASL_MECHANISM is empty, and {self.security_protocol} needs one, "
                "for example SCRAM-SHA-512"
            )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> KafkaSettings:
        """From RUNSTREAM_KAFKA and its neighbours. Raises SettingsError."""
        names = {
            f"RUNSTREAM_KAFKA_{one.name.upper()}": one.name
            for one in fields(cls)
            if one.name.startswith(("security_", "sasl_", "ssl_"))
        }
        names["RUNSTREAM_KAFKA_PREFIX"] = "prefix"
        given: dict[str, Any] = {
            field_name: environ[name] for name, field_name in names.items() if environ.get(name)
        }
        for name, field_name in _NUMBERS.items():
            if environ.get(name):
                given[field_name] = _number(name, environ[name])
        given["single_broker"] = environ.get("RUNSTREAM_SINGLE_BROKER", "").lower() in _TRUE
        return cls(environ.get("RUNSTREAM_KAFKA", ""), **given)

    def brokers(self) -> list[str]:
        """The brokers to begin with."""
        return [broker.strip() for broker in self.bootstrap.split(",") if broker.strip()]

    def topic(self, log: str) -> str:
        """What the topic of a log is called."""
        return f"{self.prefix}.{log}"

    @property
    def restoring_topic(self) -> str:
        """The topic that is there while the two are being restored."""
        return f"{self.prefix}.restoring"

    def group(self, name: str, log: str) -> str:
        """What a group of readers of a log is called."""
        return f"{self.prefix}.{name}.{log}"

    def client_options(self) -> dict[str, Any]:
        """What every client is made with."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.brokers(),
            "client_id": "runstream",
            "security_protocol": self.security_protocol,
            "request_timeout_ms": limits.REQUEST_MS,
            "bootstrap_timeout_ms": limits.BOOTSTRAP_MS,
            "reconnect_backoff_max_ms": limits.RECONNECT_MAX_MS,
        }
        optional = {
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
        }
        return options | {name: value for name, value in optional.items() if value}


_TRUE = ("1", "true", "yes", "on")
_NUMBERS = {
    "RUNSTREAM_PARTITIONS": "partitions",
    "RUNSTREAM_KAFKA_REPLICATION": "replication",
}


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise SettingsError(f"{name} is {text!r}; it must be a whole number")
    return int(text)
