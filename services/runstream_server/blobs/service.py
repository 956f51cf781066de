"""The artifacts service: checks what is asked, hands out tickets."""

from __future__ import annotations

from runstream.error_codes import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from runstream.v1 import artifacts_pb2 as artifacts
from runstream_server.blobs.port import BlobNotFoundError, Blobs, Upload
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.events import ids, limits, rules
from runstream_server.service import CallContext


class ArtifactsService:
    """`ArtifactsApi` over a store of objects. Thread-safe."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def create_upload(
        self, request: artifacts.CreateUploadRequest, ctx: CallContext
    ) -> artifacts.Ticket:
        """Allows one upload of exactly the bytes the request describes."""
        try:
            _check_upload(request)
        except rules.RuleError as fault:
            raise _refusal(fault) from fault
        return self._blobs.create_upload(
            Upload(
                run_id=request.run_id,
                experiment_id=request.experiment_id,
                path=request.path,
                upload_id=request.upload_id,
                size_bytes=request.size_bytes,
                sha256=request.sha256,
            )
        )

    def create_download(
        self, request: artifacts.CreateDownloadRequest, ctx: CallContext
    ) -> artifacts.Ticket:
        """Allows to read one object."""
        try:
            rules.required("object_key", request.object_key)
            rules.at_most("file_name", request.file_name, limits.ARTIFACT_PATH_BYTES)
            return self._blobs.create_download(request.object_key, request.file_name)
        except rules.RuleError as fault:
            raise _refusal(fault) from fault
        except BlobNotFoundError as error:
            raise ServiceError(
                RESOURCE_DOES_NOT_EXIST,
                f"No artifact is stored under {rules.shown(request.object_key)}.",
                ErrorPlace(field="object_key"),
            ) from error


def _check_upload(request: artifacts.CreateUploadRequest) -> None:
    if not ids.is_run_id(request.run_id) and not ids.is_model_stream(request.run_id):
        raise rules.invalid("run_id", request.run_id, "it must be 32 lower-case hex characters.")
    if not ids.is_upload_id(request.upload_id):
        raise rules.invalid(
            "upload_id", request.upload_id, "it must be 32 lower-case hex characters."
        )
    if request.experiment_id:
        rules.experiment_id("experiment_id", request.experiment_id)
    rules.artifact_path("path", request.path)
    rules.not_negative("size_bytes", request.size_bytes)
    rules.exact_bytes("sha256", request.sha256, limits.SHA256_BYTES)


def _refusal(fault: rules.RuleError) -> ServiceError:
    return ServiceError(
        INVALID_PARAMETER_VALUE, fault.message, ErrorPlace(fault.field, fault.limit)
    )
