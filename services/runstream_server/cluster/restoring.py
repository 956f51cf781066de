"""`runstream archive restore`: the log of a deployment again, from its archive."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event

from runstream_server.cluster.archiving import Lines, opened
from runstream_server.cluster.errors import RoleError, SettingError
from runstream_server.cluster.settings import Deployment
from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.restorer import Plan, Restored, Restorer, plan
from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.kafka import restoring
from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.kafka.settings import KafkaSettings
from runstream_server.eventlog.kafka.topics import TopicError
from runstream_server.eventlog.port import LogUnavailableError
from runstream_server.materialize.adopt import adopt, obstacle
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.schema.migrations import SCHEMA_VERSION, read_state
from runstream_server.store.server_engine import ServerEngine, ServerPolicy

_RETRY_SECONDS = 5.0
_CONNECT_SECONDS = 5
_NO_DATABASE = 81
_MB = 1_000_000

Say = Callable[[str], None]


def restore_deployment(deployment: Deployment, dry_run: bool, stop: Event, say: Say) -> bool:
    """False when `stop` was set before its end.

    dry_run: only says what would be done. Raises SettingError, RoleError, and the errors of
    log, archive and store.
    """
    faults: list[str] = []

    def fault(reason: str) -> None:
        faults.append(reason)
        stop.set()

    with contextlib.ExitStack() as closing:
        archive = opened(deployment)
        closing.callback(archive.close)
        work = _Work(deployment, archive, stop, say)
        work.look()
        done = dry_run or work.restore(fault)
    if faults:
        raise RoleError(faults[0])
    return done


class _Work:
    def __init__(self, deployment: Deployment, archive: Archive, stop: Event, say: Say) -> None:
        """Reads the archive's manifest."""
        self._archive, self._stop, self._say = archive, stop, say
        self._plan: Plan = plan(archive)
        self._tables = _Tables(deployment)
        self._settings: KafkaSettings = replace(
            deployment.log(), partitions=self._plan.identity.partitions, restoring=True
        )

    def look(self) -> None:
        """Says what there is and what will become of it; raises when it cannot be done."""
        found = self._plan
        self._say(
            f"The archive {self._archive.objects.describe()} holds {found.records} records "
            f"({found.record_bytes / _MB:.1f} MB) of log {found.identity.described()}."
        )
        target = restoring.look(self._settings)
        prefix = self._settings.prefix
        if target.begun:
            self._say(
                f"A restore into the topics of {prefix} was begun: {target.records} records are "
                "there, and will be compared."
            )
        else:
            how = "are there and empty" if target.names else "will be made"
            self._say(f"The topics of {prefix} {how}.")
        identity = found.identity._replace(incarnation=target.incarnation)
        self._say(self._tables.sentence(found, identity, self._before(identity)))
        self._say("Whatever came after the archive's end is lost.")

    def restore(self, fault: Callable[[str], None]) -> bool:
        """Goes on where it was when it is called again."""
        restoring.begin(self._settings)
        with contextlib.closing(self._open(fault)) as logs:
            identity = self._plan.identity._replace(incarnation=logs.incarnation)
            before = self._before(identity)
            if not self._fill(logs, identity):
                self._say("Broken off; the same command goes on.")
                return False
        went_on = self._tables.go_on(self._plan, identity, before)
        restoring.end(self._settings)
        self._say(
            f"Restored {self._plan.records} records into the topics of {self._settings.prefix}; "
            f"processes with this prefix may start. {went_on}"
        )
        return True

    def _before(self, identity: LogIdentity) -> str:
        """The incarnation that was archived last."""
        others = [one for one in self._archive.keepers() if one != identity.incarnation]
        return others[-1] if others else ""

    def _open(self, fault: Callable[[str], None]) -> KafkaLogs:
        try:
            return KafkaLogs(self._settings, fault)
        except TopicError as error:
            raise SettingError(str(error)) from error

    def _fill(self, logs: KafkaLogs, identity: LogIdentity) -> bool:
        lines = Lines(self._say)

        def tell(restored: Restored) -> None:
            lines.moved(restored.done_records, restored.total_records)

        restorer = Restorer(logs, self._archive, tell)
        while not self._stop.is_set():
            try:
                if restorer.run(self._plan, self._stop) is None:
                    return False
                self._archive.hand_over(identity)
                # Nobody else adds to it from now on; what somebody did before comes, too.
                if (now := plan(self._archive)) == self._plan:
                    return True
                self._plan = now
            except LogUnavailableError as error:
                self._say(f"{error}. Tried again in {_RETRY_SECONDS:.0f} s.")
                self._stop.wait(_RETRY_SECONDS)
        return False


class _Tables:
    """Those that the deployment names, if it does."""

    def __init__(self, deployment: Deployment) -> None:
        self._address = deployment.clickhouse

    def sentence(self, found: Plan, identity: LogIdentity, before: str) -> str:
        """What will become of them."""
        wrong = self._obstacle(found, identity, before)
        if wrong is None:
            return _NONE
        return _anew(wrong) if wrong else "The tables hold nothing that is lost: they go on."

    def go_on(self, found: Plan, identity: LogIdentity, before: str) -> str:
        """Lets them go on with the restored log where they can; what became of them."""
        wrong = self._obstacle(found, identity, before)
        if wrong is None:
            return _NONE
        if wrong:
            return _anew(wrong)
        with self._opened() as store:
            adopt(store, identity)
        return "The tables go on with it."

    def _obstacle(self, found: Plan, identity: LogIdentity, before: str) -> str | None:
        """None: there are no tables."""
        if self._address is None:
            return None
        with self._opened() as store:
            try:
                version = read_state(store).version
            except StoreError as error:
                if error.code == _NO_DATABASE:
                    return None
                raise
            if version is None:
                return None
            if version != SCHEMA_VERSION:
                return f"they are of version {version}, and this program's are {SCHEMA_VERSION}"
            return obstacle(store, identity, before, found.ends)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Store]:
        assert self._address is not None
        store = Store(ServerEngine(self._address, ServerPolicy(_CONNECT_SECONDS)))
        try:
            yield store
        finally:
            store.terminate()


_NONE = (
    "There are no tables in RUNSTREAM_CLICKHOUSE: they are built from the log. Older ones "
    "elsewhere cannot be used with it any more."
)


def _anew(wrong: str) -> str:
    return (
        f"The tables cannot go on: {wrong}. Name another, empty database in RUNSTREAM_CLICKHOUSE "
        "(or drop this one): they are built from the log."
    )
