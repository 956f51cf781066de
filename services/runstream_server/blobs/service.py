"""The artifacts service: checks what is asked, hands out tickets."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from runstream.error_codes import (
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    RESOURCE_DOES_NOT_EXIST,
    RESOURCE_EXHAUSTED,
    TEMPORARILY_UNAVAILABLE,
)
from runstream.v1 import artifacts_pb2 as artifacts
from runstream_server.blobs.parts import MOST_PARTS, Part, fault_of
from runstream_server.blobs.port import (
    BlobNotFoundError,
    Blobs,
    PartsOf,
    StoreUnavailableError,
    Upload,
    UploadConflictError,
    UploadLostError,
)
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.events import ids, limits, rules
from runstream_server.quota import Artifact, Quota
from runstream_server.service import CallContext

# Time for a store to come back; who asks doubles it by itself.
_RETRY_MS = 1000
# Calls that wait for the store, side by side: half of the threads of all writes.
# A store that hangs must not keep a batch of metrics from its thread.
_MOST_CALLS = 16
_BUSY_MS = 200


class ArtifactsService:
    """`ArtifactsApi` over a store of objects. Thread-safe."""

    def __init__(self, blobs: Blobs, quota: Quota | None = None) -> None:
        self._blobs = blobs
        self._quota = quota
        self._room = threading.BoundedSemaphore(_MOST_CALLS)

    def create_upload(
        self, request: artifacts.CreateUploadRequest, ctx: CallContext
    ) -> artifacts.Ticket:
        """Allows one upload of exactly the bytes the request describes."""
        with _answered():
            _check_upload(request)
            if self._quota is not None:
                run_id, size_bytes = request.run_id, request.size_bytes
                use = Artifact(run_id, ctx.caller, request.upload_id, size_bytes)
                self._quota.take_artifact(use)
            upload = Upload(
                run_id=request.run_id,
                experiment_id=request.experiment_id,
                path=request.path,
                upload_id=request.upload_id,
                size_bytes=request.size_bytes,
                sha256=request.sha256,
                in_parts=request.accepts_parts,
            )
            with self._store() as blobs:
                return blobs.create_upload(upload)

    def create_download(
        self, request: artifacts.CreateDownloadRequest, ctx: CallContext
    ) -> artifacts.Ticket:
        """Allows to read one object."""
        with _answered():
            rules.required("object_key", request.object_key)
            rules.at_most("file_name", request.file_name, limits.ARTIFACT_PATH_BYTES)
            with self._store() as blobs:
                return blobs.create_download(request.object_key, request.file_name)

    def create_parts(
        self, request: artifacts.CreatePartsRequest, ctx: CallContext
    ) -> artifacts.PartTickets:
        """Allows to send some parts."""
        with _answered():
            of = _parts_of(request)
            parts = _parts(request.parts)
            with self._store() as blobs:
                return artifacts.PartTickets(tickets=blobs.create_parts(of, parts, request.again))

    def complete_upload(
        self, request: artifacts.CompleteUploadRequest, ctx: CallContext
    ) -> artifacts.Ticket:
        """Makes the object of an upload in parts visible."""
        with _answered():
            of = _parts_of(request)
            rules.exact_bytes("sha256", request.sha256, limits.SHA256_BYTES)
            parts = _parts(request.parts)
            fault = fault_of(parts, request.size_bytes)
            if fault:
                raise rules.RuleError("parts", f"Invalid value for parameter 'parts': {fault}.")
            with self._store() as blobs:
                return blobs.complete_upload(of, request.size_bytes, request.sha256, parts)

    @contextmanager
    def _store(self) -> Iterator[Blobs]:
        """The store, when not too many wait for it already."""
        if not self._room.acquire(blocking=False):
            raise ServiceError(
                RESOURCE_EXHAUSTED,
                f"{_MOST_CALLS} calls wait for the artifact store already; try again.",
                ErrorPlace(limit=f"{_MOST_CALLS} calls"),
                retry_after_ms=_BUSY_MS,
            )
        try:
            yield self._blobs
        finally:
            self._room.release()


@contextmanager
def _answered() -> Iterator[None]:
    """What the rules and the port raise, as the service's error."""
    try:
        yield
    except rules.RuleError as fault:
        raise ServiceError(
            INVALID_PARAMETER_VALUE, fault.message, ErrorPlace(fault.field, fault.limit)
        ) from fault
    except BlobNotFoundError as error:
        raise ServiceError(
            RESOURCE_DOES_NOT_EXIST,
            f"No artifact is stored under {rules.shown(str(error))}.",
            ErrorPlace(field="object_key"),
        ) from error
    except UploadConflictError as error:
        raise ServiceError(
            INVALID_STATE, f"The upload is refused: {error}.", ErrorPlace(field="upload_id")
        ) from error
    except UploadLostError as error:
        raise ServiceError(
            TEMPORARILY_UNAVAILABLE,
            f"Nothing was stored: {error}. Begin again with CreateUpload.",
            ErrorPlace(field="parts_id"),
        ) from error
    except StoreUnavailableError as error:
        raise ServiceError(TEMPORARILY_UNAVAILABLE, str(error), retry_after_ms=_RETRY_MS) from error


def _check_upload(request: artifacts.CreateUploadRequest) -> None:
    _check_ids(request.run_id, request.upload_id)
    if request.experiment_id:
        rules.experiment_id("experiment_id", request.experiment_id)
    rules.artifact_path("path", request.path)
    rules.not_negative("size_bytes", request.size_bytes)
    rules.exact_bytes("sha256", request.sha256, limits.SHA256_BYTES)


def _check_ids(run_id: str, upload_id: str) -> None:
    if not ids.is_run_id(run_id) and not ids.is_model_stream(run_id):
        raise rules.invalid("run_id", run_id, "it must be 32 lower-case hex characters.")
    if not ids.is_upload_id(upload_id):
        raise rules.invalid("upload_id", upload_id, "it must be 32 lower-case hex characters.")


def _parts_of(
    request: artifacts.CreatePartsRequest | artifacts.CompleteUploadRequest,
) -> PartsOf:
    _check_ids(request.run_id, request.upload_id)
    rules.required("parts_id", request.parts_id)
    rules.at_most("parts_id", request.parts_id, limits.OBJECT_KEY_BYTES)
    return PartsOf(request.run_id, request.upload_id, request.parts_id)


def _parts(parts: Sequence[artifacts.Part]) -> list[Part]:
    if not 1 <= len(parts) <= MOST_PARTS:
        raise rules.invalid("parts", len(parts), f"from 1 to {MOST_PARTS} parts are named.")
    for index, part in enumerate(parts):
        rules.exact_bytes(f"parts[{index}].sha256", part.sha256, limits.SHA256_BYTES)
        if not 1 <= part.number <= MOST_PARTS:
            raise rules.invalid(
                f"parts[{index}].number", part.number, f"it must be from 1 to {MOST_PARTS}."
            )
    return [Part(part.number, part.size_bytes, part.sha256) for part in parts]
