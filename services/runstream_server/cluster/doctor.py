"""What is wrong with a deployment, and how to mend it. Changes nothing that stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from runstream_server.blobs.s3_probe import faults
from runstream_server.cluster.archive import open_archive
from runstream_server.cluster.errors import SettingError
from runstream_server.cluster.settings import Deployment
from runstream_server.eventlog.kafka.examine import examine_topics
from runstream_server.eventlog.kafka.mending import MEND
from runstream_server.eventlog.port import LogMismatchError, LogUnavailableError
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError, StoreUnavailableError
from runstream_server.store.schema.migrations import SCHEMA_VERSION, read_state
from runstream_server.store.server_engine import ServerEngine, ServerPolicy

# Deletes and restores are ordered by ingest's clock, heartbeats by the reader's.
_CLOCK_SECONDS = 5.0
_CONNECT_SECONDS = 5


class Finding(NamedTuple):
    """What one check found. mend: what to do; empty when it is well."""

    check: str
    ok: bool
    found: str
    mend: str = ""

    def text(self) -> str:
        line = f"{'ok   ' if self.ok else 'WRONG'}  {self.check}: {self.found}"
        return f"{line}\n       {self.mend}" if self.mend else line


def examine(deployment: Deployment) -> list[Finding]:
    """Every check; each stands alone, so that one look shows all that is wrong."""
    return [
        *_checked("kafka", _kafka, deployment),
        *_checked("clickhouse", _store, deployment),
        *_checked("s3", _s3, deployment),
        *_checked("archive", _archive, deployment),
    ]


def _checked(
    name: str, check: Callable[[Deployment], Iterator[Finding]], deployment: Deployment
) -> Iterator[Finding]:
    try:
        yield from check(deployment)
    except SettingError as error:
        yield Finding(name, False, str(error), "Set it, then ask again.")


def _kafka(deployment: Deployment) -> Iterator[Finding]:
    settings = deployment.log()
    try:
        topics = examine_topics(settings)
    except LogUnavailableError as error:
        yield Finding(
            "kafka",
            False,
            str(error),
            "Is it running, and does it advertise addresses that are reached from here? Look at "
            "RUNSTREAM_KAFKA and RUNSTREAM_KAFKA_SECURITY_PROTOCOL.",
        )
        return
    yield Finding("kafka", True, f"{settings.bootstrap} answers")
    if not topics.found:
        yield Finding("topics", True, "there are none yet: the first process makes them")
    elif len(topics.found) == 1:
        (there,) = topics.found.values()
        yield Finding(
            "topics",
            False,
            f"of the two topics there is only {there.name}",
            f"One was deleted. {MEND}.",
        )
    for problem in topics.problems:
        found, _, mend = problem.rpartition(". ")
        yield Finding("topics", False, found or problem, f"{mend}." if found else "")
    if len(topics.found) == 2 and not topics.problems:
        events = topics.found["events"]
        yield Finding(
            "topics",
            True,
            f"{events.name} has {events.partitions} partitions, {events.replication} copies",
        )


def _store(deployment: Deployment) -> Iterator[Finding]:
    address = deployment.store()
    store = Store(ServerEngine(address, ServerPolicy(_CONNECT_SECONDS, retry_within_seconds=0)))
    try:
        before = time.time()
        ((version, milliseconds),) = store.rows(
            "SELECT version(), toUnixTimestamp64Milli(now64(3))"
        )
        ahead = milliseconds / 1000 - (before + time.time()) / 2
        yield Finding("clickhouse", True, f"{address} answers, version {version}")
        yield _clock("clickhouse", ahead, _CLOCK_SECONDS)
        yield _schema(store)
    except StoreUnavailableError as error:
        yield Finding(
            "clickhouse",
            False,
            str(error),
            "Is it running, and is its HTTP port the one in RUNSTREAM_CLICKHOUSE (8123, or 8443)?",
        )
    except StoreError as error:
        if error.code == _NO_DATABASE:
            yield Finding(
                "schema", True, f"there is no database {address.database} yet: it will be made"
            )
            return
        yield Finding(
            "clickhouse",
            False,
            str(error),
            "Look at user, password and rights: the user needs ALL on the database.",
        )
    finally:
        store.terminate()


_NO_DATABASE = 81


def _schema(store: Store) -> Finding:
    version = read_state(store).version
    if version is None:
        return Finding("schema", True, "there are no tables yet: the first process makes them")
    if version > SCHEMA_VERSION:
        return Finding(
            "schema",
            False,
            f"the tables are of version {version}, this program knows up to {SCHEMA_VERSION}",
            "Start the newer version of Runstream that wrote them.",
        )
    if version < SCHEMA_VERSION:
        return Finding(
            "schema",
            True,
            f"version {version}: it is brought to {SCHEMA_VERSION} at the next start",
        )
    return Finding("schema", True, f"version {version}")


def _s3(deployment: Deployment) -> Iterator[Finding]:
    settings = deployment.blobs()
    wrong = faults(settings)
    for fault in wrong:
        yield Finding("s3", False, fault)
    if not wrong:
        where = settings.endpoint
        if settings.public_endpoint:
            where += f" (tickets: {settings.public_endpoint})"
        yield Finding("s3", True, f"{where}: an object was stored in {settings.bucket} and removed")


def _archive(deployment: Deployment) -> Iterator[Finding]:
    archive = open_archive(deployment)
    if archive is None:
        return
    where = archive.objects.describe()
    try:
        identity = archive.identity()
    except (LogUnavailableError, LogMismatchError) as error:
        yield Finding("archive", False, str(error), "Look at RUNSTREAM_ARCHIVE and its storage.")
        return
    finally:
        archive.close()
    if identity is None:
        yield Finding("archive", True, f"{where}: nothing was archived yet")
        return
    yield Finding("archive", True, f"{where}: of log {identity.log_id}")


def _clock(name: str, ahead: float, allowed: float) -> Finding:
    if abs(ahead) <= allowed:
        return Finding(f"clock of {name}", True, f"within {allowed:.0f} s of ours")
    side = "ahead of" if ahead > 0 else "behind"
    return Finding(
        f"clock of {name}",
        False,
        f"it is {abs(ahead):.0f} s {side} this machine's",
        "Let both follow a time server (chrony, systemd-timesyncd).",
    )
