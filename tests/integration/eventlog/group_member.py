"""One member of a group as a process: says what it holds.

    python -m tests.integration.eventlog.group_member ADDRESS PREFIX PARTITIONS SESSION_MS STATE

Writes a line into STATE, in place of the last one, after each poll. SIGUSR1: asks the broker
what there is of the topic, as the library does every five minutes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Collection
from pathlib import Path

from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.port import LogUnavailableError, Member
from tests.servers.fixtures_kafka import settings_for

GROUP = "sharing"


class _Begins(Member):
    """At the start of whatever falls to it."""

    def begin(self, partitions: Collection[int]) -> dict[int, int]:
        return {}

    def end(self, partitions: Collection[int]) -> None:
        pass


def main(address: str, prefix: str, partitions: int, session_ms: int, state: Path) -> None:
    # What looks after the topics has no part in this.
    settings = settings_for(
        address, prefix=prefix, partitions=partitions, session_ms=session_ms, guard_seconds=600.0
    )
    reader = KafkaLogs(settings).events.open_group_reader(GROUP, _Begins())
    cluster = reader._consumer._client.cluster  # type: ignore[attr-defined]
    signal.signal(signal.SIGUSR1, lambda *_: cluster.request_update())
    while True:
        try:
            reader.poll(1 << 20, 0.25)
        except LogUnavailableError as error:
            print(error, flush=True)
            time.sleep(0.2)
        written = state.with_suffix(".new")
        written.write_text(json.dumps(sorted(reader.offsets())))
        os.replace(written, state)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
