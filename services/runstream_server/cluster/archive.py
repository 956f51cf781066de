"""The archive that a deployment names."""

from __future__ import annotations

from runstream_server.cluster.settings import Deployment
from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.folder import FolderObjects


def open_archive(deployment: Deployment) -> Archive | None:
    """None where none is set. Makes no call. Raises SettingError."""
    place = deployment.archive
    if place is None:
        return None
    if place.folder is not None:
        return Archive(FolderObjects(place.folder))
    # Not needed, and not quickly imported, where the archive is a folder.
    from runstream_server.eventlog.archive.s3 import S3Objects

    s3 = deployment.blobs()
    return Archive(S3Objects(s3, f"{s3.prefix}/{place.prefix}" if s3.prefix else place.prefix))
