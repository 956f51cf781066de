"""An archiver with small objects, as a process that can be killed."""

from __future__ import annotations

import json
import sys
import threading

from runstream_server.blobs.s3_settings import S3Settings
from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.archiver import Archiver
from runstream_server.eventlog.archive.s3 import S3Objects
from runstream_server.eventlog.genesis import establish
from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.kafka.settings import KafkaSettings

SEGMENT_BYTES = 20_000


def main(kafka: str, s3: str) -> None:
    """kafka, s3: their settings, as JSON."""
    logs = KafkaLogs(KafkaSettings(**json.loads(kafka)))
    archive = Archive(S3Objects(S3Settings(**json.loads(s3)), "archive"))
    identity = establish(logs.events, logs.registry)._replace(incarnation=logs.incarnation)
    Archiver(logs, archive, identity, segment_bytes=SEGMENT_BYTES).run(threading.Event())
    logs.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
