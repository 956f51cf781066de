"""The HTTP application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from runstream_server.activity import Activity
from runstream_server.calls import Services, Watchers
from runstream_server.doors.authenticator import Authenticator
from runstream_server.errors import ServiceError
from runstream_server.gateway.blobs import BlobRoutes, TicketDoor
from runstream_server.gateway.calls import CallRoutes, refusal
from runstream_server.gateway.exposition import CONTENT_TYPE, exposition
from runstream_server.gateway.guard import Guard
from runstream_server.telemetry import Telemetry
from runstream_server.version import program_version


class Site(NamedTuple):
    """What the gateway needs of the process around it.

    well_known: what /.well-known/runstream answers: product, version, log_id,
        grpc_port; nothing but the version where clients should not come.
    health: empty when all is well, else what is wrong, one sentence.
    blobs: None: tickets lead elsewhere.
    services: what is called over HTTP.
    authenticator: None: nobody is asked for credentials.
    unready: empty when calls may be sent here; None: as health.
    """

    well_known: Callable[[], Mapping[str, object]]
    health: Callable[[], str]
    telemetry: Telemetry
    activity: Activity
    blobs: TicketDoor | None = None
    services: Services = Services()
    authenticator: Authenticator | None = None
    unready: Callable[[], str] | None = None


def application(site: Site) -> Starlette:
    """The routes of a site."""

    async def health(_request: Request) -> Response:
        return _state("unhealthy", await run_in_threadpool(site.health))

    async def ready(_request: Request) -> Response:
        return _state("not ready", await run_in_threadpool(site.unready or site.health))

    async def well_known(_request: Request) -> Response:
        try:
            return JSONResponse(dict(await run_in_threadpool(site.well_known)))
        except ServiceError as error:
            return refusal(error)

    async def version(_request: Request) -> Response:
        return PlainTextResponse(program_version())

    async def metrics(_request: Request) -> Response:
        text = await run_in_threadpool(exposition, site.telemetry)
        return Response(text, headers={"content-type": CONTENT_TYPE})

    routes = [
        Route("/health", health),
        Route("/ready", ready),
        Route("/version", version),
        Route("/metrics", metrics),
        Route("/.well-known/runstream", well_known),
    ]
    if site.blobs is not None:
        routes += BlobRoutes(site.blobs, site.telemetry, site.activity).routes()
    routes += CallRoutes(site.services, Watchers(site.telemetry, site.activity)).routes()
    guards = []
    if site.authenticator is not None:
        guards.append(Middleware(Guard, site.authenticator, site.telemetry))
    return Starlette(routes=routes, middleware=guards)


def _state(bad: str, reason: str) -> Response:
    if reason:
        return JSONResponse({"status": bad, "reason": reason}, status_code=503)
    return JSONResponse({"status": "ok"})
