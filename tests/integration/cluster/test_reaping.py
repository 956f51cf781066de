"""What a killed upload left on S3 is removed by a running ingest."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime, timedelta, timezone

from runstream_server.blobs.port import Upload
from runstream_server.blobs.s3 import S3Blobs
from tests.e2e.harness import eventually
from tests.servers.cluster import Cluster
from tests.servers.role_process import RoleProcess


def test_parts_that_nobody_put_together(cluster: Cluster) -> None:
    bucket = cluster.environment["RUNSTREAM_S3_BUCKET"]
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    with contextlib.closing(S3Blobs(cluster.s3.settings(bucket))) as blobs:
        ticket = blobs.create_upload(
            Upload("ab" * 16, "0", "model.bin", "cd" * 16, 100_000_000, os.urandom(32), True)
        )
        assert ticket.parts.parts_id
        # Those that run keep it for a week.
        assert len(blobs.begun_before(later)) == 1
        log = cluster.folder / "reaping.log"
        reaping = RoleProcess("ingest", log, cluster.environment, ("--upload-keep-hours", "0"))
        try:
            reaping.start()
            eventually(lambda: reaping.metric("runstream_uploads_reaped_total") == 1)
            assert blobs.begun_before(later) == []
        finally:
            reaping.kill()
