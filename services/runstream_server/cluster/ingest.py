"""The ingest role: batches and claims of names into the log, tickets for artifacts."""

from __future__ import annotations

import contextlib

from runstream_server.blobs.reaper import Reaper
from runstream_server.blobs.s3 import S3Blobs
from runstream_server.blobs.service import ArtifactsService
from runstream_server.calls import Services
from runstream_server.cluster.archive import open_archive
from runstream_server.cluster.log import DeploymentLog
from runstream_server.cluster.settings import Deployment
from runstream_server.cluster.work import Around, Work
from runstream_server.ingest.service import IngestService
from runstream_server.quota import Quota


class Ingest(Work):
    """Keeps nothing but the registry as it reads it from the log: any number may run."""

    def __init__(self, deployment: Deployment, around: Around, upload_keep_hours: float) -> None:
        """upload_keep_hours: uploads that were begun longer ago and not finished are removed.

        Raises SettingError and the errors of the log.
        """
        settings, s3 = deployment.log(), deployment.blobs()
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            undo.callback(self._closing.close)
            log = DeploymentLog(settings, around.fault, open_archive(deployment))
            self._closing.callback(log.close)
            log.watch(around.telemetry)
            quota = Quota(around.limits, around.telemetry)
            ingest = IngestService(
                log.logs.events,
                log.logs.registry,
                log.identity,
                around.telemetry,
                quota=quota,
                s3_root=s3.root,
            )
            self._closing.callback(ingest.close)
            blobs = S3Blobs(s3)
            self._closing.callback(blobs.close)
            reaper = Reaper(blobs, upload_keep_hours, around.telemetry)
            self._closing.callback(reaper.close)
            reaper.start()
            self._services = Services(ingest, None, ArtifactsService(blobs, quota))
            undo.pop_all()

    def services(self) -> Services:
        return self._services

    def close(self) -> None:
        self._closing.close()
