"""The HTTP application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from runstream_server.activity import Activity
from runstream_server.gateway.blobs import BlobRoutes, TicketDoor
from runstream_server.gateway.exposition import CONTENT_TYPE, exposition
from runstream_server.telemetry import Telemetry


class Site(NamedTuple):
    """What the gateway needs of the process around it.

    well_known: what /.well-known/runstream answers: product, version, log_id,
        grpc_port.
    health: empty when all is well, else what is wrong, one sentence.
    blobs: None: tickets lead elsewhere.
    """

    well_known: Mapping[str, str | int]
    health: Callable[[], str]
    telemetry: Telemetry
    activity: Activity
    blobs: TicketDoor | None = None


def application(site: Site) -> Starlette:
    """The routes of a site."""

    async def health(_request: Request) -> Response:
        fault = await run_in_threadpool(site.health)
        if fault:
            return JSONResponse({"status": "unhealthy", "reason": fault}, status_code=503)
        return JSONResponse({"status": "ok"})

    async def well_known(_request: Request) -> Response:
        return JSONResponse(dict(site.well_known))

    async def version(_request: Request) -> Response:
        return PlainTextResponse(str(site.well_known["version"]))

    async def metrics(_request: Request) -> Response:
        text = await run_in_threadpool(exposition, site.telemetry)
        return Response(text, headers={"content-type": CONTENT_TYPE})

    routes = [
        Route("/health", health),
        Route("/version", version),
        Route("/metrics", metrics),
        Route("/.well-known/runstream", well_known),
    ]
    if site.blobs is not None:
        routes += BlobRoutes(site.blobs, site.telemetry, site.activity).routes()
    return Starlette(routes=routes)
