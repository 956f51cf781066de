"""Artifact bytes by ticket, in constant memory."""

from __future__ import annotations

from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from runstream.error_codes import (
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    PERMISSION_DENIED,
    RESOURCE_DOES_NOT_EXIST,
)
from runstream_server.activity import Activity
from runstream_server.blobs.local import URL_PREFIX, Download, Incoming, UploadError
from runstream_server.blobs.port import BlobNotFoundError
from runstream_server.blobs.tickets import TicketError
from runstream_server.gateway.errors import answer
from runstream_server.telemetry import UPLOADS_FAILED, UPLOADS_STORED, Telemetry

# Handed to a thread at once: hashing and writing it takes about a millisecond.
_WRITE_BYTES = 1024 * 1024


class TicketDoor(Protocol):
    """What the bytes go to and come from."""

    def receive(self, token: str) -> Incoming: ...

    def open(self, token: str) -> Download: ...


class BlobRoutes:
    """PUT and GET under the prefix of tickets."""

    def __init__(self, door: TicketDoor, telemetry: Telemetry, activity: Activity) -> None:
        self._door = door
        self._telemetry = telemetry
        self._activity = activity

    def routes(self) -> list[Route]:
        """For the application."""
        path = URL_PREFIX + "{token}"
        return [
            Route(path, self.put, methods=["PUT"]),
            Route(path, self.get, methods=["GET"]),
        ]

    async def put(self, request: Request) -> Response:
        """200 when the bytes are on the disk, whole and as the ticket says."""
        with self._activity.call():
            response = await self._put(request)
        stored = response.status_code == 200
        self._telemetry.count(UPLOADS_STORED if stored else UPLOADS_FAILED)
        return response

    async def get(self, request: Request) -> Response:
        """The bytes; ranges are answered too."""
        try:
            download = await run_in_threadpool(self._door.open, request.path_params["token"])
        except TicketError as error:
            return answer(PERMISSION_DENIED, f"{error}.")
        except BlobNotFoundError:
            return answer(RESOURCE_DOES_NOT_EXIST, "The artifact is not stored here.")
        except UploadError as error:
            return answer(INTERNAL_ERROR, f"The artifact was changed behind our back: {error}.")
        return _BusyFileResponse(download, self._activity)

    async def _put(self, request: Request) -> Response:
        try:
            incoming = await run_in_threadpool(self._door.receive, request.path_params["token"])
        except TicketError as error:
            return answer(PERMISSION_DENIED, f"{error}.")
        try:
            await _received(request, incoming)
        except UploadError as error:
            return answer(INVALID_PARAMETER_VALUE, f"The upload was not stored: {error}.")
        except ClientDisconnect:
            return answer(INVALID_PARAMETER_VALUE, "The upload broke off.")
        finally:
            await run_in_threadpool(incoming.close)
        return Response()


class _BusyFileResponse(FileResponse):
    """Counts as activity until the last byte is sent."""

    def __init__(self, download: Download, activity: Activity) -> None:
        super().__init__(
            download.path,
            filename=download.file_name or None,
            media_type="application/octet-stream",
        )
        self._activity = activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._activity.call():
            await super().__call__(scope, receive, send)


async def _received(request: Request, incoming: Incoming) -> None:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size >= _WRITE_BYTES:
            await run_in_threadpool(incoming.write, b"".join(chunks))
            chunks, size = [], 0
    if chunks:
        await run_in_threadpool(incoming.write, b"".join(chunks))
    await run_in_threadpool(incoming.finish)
