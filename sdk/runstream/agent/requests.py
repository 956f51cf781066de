"""What processes ask of the agent: calls with read-your-writes, flush, files, status.

Each handler runs on the thread of its connection; what concerns spools is asked
of the main thread through the mailbox.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from runstream import error_codes
from runstream.agent.agent import Agent
from runstream.agent.answer import RESOURCE_EXHAUSTED, UNAUTHENTICATED, Answer
from runstream.agent.barrier import Barrier, Missing
from runstream.agent.destination import Destination
from runstream.agent.downloads import Download, DownloadError
from runstream.agent.handover import ask
from runstream.agent.outcome import Refused
from runstream.agent.socket_server import Answer as Reply
from runstream.agent.status import status
from runstream.agent.upload import Stored, Upload
from runstream.agent.uploads import store_now
from runstream.v1 import ingest_pb2, spool_pb2, tracking_pb2

T = TypeVar("T")
_INGEST = "/runstream.v1.Ingest/"
_APPEND = "/runstream.v1.Ingest/Append"
_SERVER_INFO = "/runstream.v1.Query/GetServerInfo"
_WAIT = "/runstream.v1.Query/WaitForPosition"
_DEADLINE, _UNAVAILABLE, _UNIMPLEMENTED = 4, 14, 12
# Of an upload that failed: what the caller can do something about.
_TOLD = frozenset({RESOURCE_EXHAUSTED, UNAUTHENTICATED})
_DEFAULT_SECONDS = 30.0
_PROGRESS_SECONDS = 0.2


class Requests:
    """Answers the agent's socket."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._handlers: dict[str, Callable[[spool_pb2.AgentRequest, Reply], None]] = {
            "call": lambda request, reply: self._call(request.call, reply),
            "flush": lambda request, reply: self._flush(request.flush, reply),
            "download": lambda request, reply: self._download(request.download, reply),
            "upload": lambda request, reply: self._upload(request.upload, reply),
            "status": lambda request, reply: self._status(reply),
            "drain": lambda request, reply: self._drain(request.drain, reply),
        }

    def handle(self, request: spool_pb2.AgentRequest, reply: Reply) -> None:
        """Answer one request; the final answer comes last."""
        handler = self._handlers.get(request.WhichOneof("kind") or "")
        if handler is None:
            reply(_error(_UNIMPLEMENTED, "NOT_IMPLEMENTED", "this agent does not know the request"))
            return
        handler(request, reply)

    def _call(self, call: spool_pb2.AgentCall, reply: Reply) -> None:
        deadline = _deadline(call.timeout_ms)
        destination = self._agent.route(call.tracking_uri)
        position = b""
        if call.read_your_writes:
            missing = self._wait(call.tracking_uri, b"", deadline)
            if missing:
                reply(self._not_accepted(_UNAVAILABLE, destination, missing))
                return
            position = self._position(destination, deadline)
        answer = destination.call(call.method, call.request, deadline, position)
        response = _response(answer)
        if answer.code == _DEADLINE and answer.detail is None:
            response.error_code = "TEMPORARILY_UNAVAILABLE"
            response.message = f"{call.tracking_uri} did not answer {call.method} in time"
        if answer.code == 0 and call.method.startswith(_INGEST):
            self._remember(destination, call.method, answer.response)
        reply(response)

    def _flush(self, flush: spool_pb2.AgentFlush, reply: Reply) -> None:
        deadline = _deadline(flush.timeout_ms)
        told = self._told(flush.tracking_uri, reply)
        missing = self._wait(flush.tracking_uri, flush.producer_id, deadline, meanwhile=told)
        # Told only with an answer that says nothing else.
        refusals = [] if missing else self._ask(lambda: self._refusals(flush.producer_id))
        if not flush.tracking_uri:
            reply(_flushed(missing, refusals, self._anywhere_missing(missing)))
            return
        destination = self._agent.route(flush.tracking_uri)
        response = spool_pb2.AgentResponse()
        if missing:
            response = self._not_accepted(_DEADLINE, destination, missing)
        elif flush.level == "materialized":
            position = self._position(destination, deadline)
            response = _response(destination.call(_WAIT, b"", deadline, position))
            response.response = b""
        response.refusals.extend(refusals)
        response.position.CopyFrom(self._ask(destination.position.message))
        reply(response)

    def _download(self, request: spool_pb2.AgentDownload, reply: Reply) -> None:
        deadline = _deadline(request.timeout_ms)
        destination = self._agent.route(request.tracking_uri)
        told = self._told(request.tracking_uri, reply)
        missing = self._wait(request.tracking_uri, b"", deadline, meanwhile=told)
        if missing:
            reply(self._not_accepted(_UNAVAILABLE, destination, missing))
            return
        position = self._position(destination, deadline)
        download = Download(
            destination, request.run_id, request.path, Path(request.destination), deadline, position
        )
        try:
            path = download.run(_progress(reply, request.path))
        except DownloadError as error:
            reply(_error(error.code, error.error_code, str(error)))
            return
        reply(spool_pb2.AgentResponse(message=str(path)))

    def _upload(self, request: spool_pb2.AgentUpload, reply: Reply) -> None:
        deadline = _deadline(request.timeout_ms)
        destination = self._agent.route(request.tracking_uri)
        # The server has to know the run before it takes bytes for it.
        missing = self._wait(request.tracking_uri, b"", deadline, artifacts=False)
        if missing:
            reply(self._not_accepted(_UNAVAILABLE, destination, missing))
            return
        upload = Upload(
            run_id=request.run_id,
            experiment_id="",
            path=request.path,
            upload_id=request.upload_id,
            source=Path(request.source),
            size_bytes=request.size_bytes,
            sha256=request.sha256,
        )
        seen = _progress(reply, request.path)
        result = store_now(
            destination, upload, deadline, lambda done: seen(done, request.size_bytes)
        )
        if isinstance(result, Stored):
            reply(spool_pb2.AgentResponse(response=result.object_key.encode()))
        elif isinstance(result, Refused):
            code = result.detail.error_code or "INVALID_PARAMETER_VALUE"
            reply(_error(result.code, code, result.message))
        else:
            held = result.code if result.code in _TOLD else _UNAVAILABLE
            reply(_error(held, error_codes.FROM_GRPC[held], result.message))

    def _status(self, reply: Reply) -> None:
        reply(spool_pb2.AgentResponse(status=self._ask(lambda: status(self._agent))))

    def _drain(self, drain: spool_pb2.AgentDrain, reply: Reply) -> None:
        deadline = _deadline(drain.timeout_ms)
        self._ask(self._agent.adoption.look)
        missing = self._wait("", b"", deadline, meanwhile=self._told("", reply))
        reply(_flushed(missing, [], self._anywhere_missing(missing)))

    # ---- Pieces.

    def _ask(self, question: Callable[[], T]) -> T:
        return ask(self._agent.mailbox, question)

    def _wait(
        self,
        tracking_uri: str,
        producer_id: bytes,
        deadline: float,
        *,
        artifacts: bool = True,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Missing:
        barrier = Barrier(tracking_uri, deadline, artifacts)
        if tracking_uri:
            denial = self._agent.route(tracking_uri).denial
            barrier.hopeless = lambda: denial.why
        self._ask(lambda: self._agent.begin_barrier(barrier, producer_id))
        return barrier.wait(meanwhile)

    def _told(self, tracking_uri: str, reply: Reply) -> Callable[[], None]:
        """Tells who waits how far the largest upload is."""

        def tell() -> None:
            meter = self._agent.meters.largest(tracking_uri)
            if meter is not None:
                _say(reply, meter.done_bytes, meter.total_bytes, meter.what)

        return tell

    def _position(self, destination: Destination, deadline: float) -> bytes:
        """What a read has to bring, serialized.

        An agent that is new does not know what the one before it had sent: it
        asks for the end of the logs, once.
        """
        if not self._ask(lambda: destination.position.complete):
            answer = destination.call(_SERVER_INFO, b"", deadline)
            if answer.code == 0:
                info = tracking_pb2.ServerInfo.FromString(answer.response)
                self._ask(lambda: destination.position.merge(info.end, complete=True))
        return self._ask(destination.position.message).SerializeToString()

    def _remember(self, destination: Destination, method: str, response: bytes) -> None:
        kind = ingest_pb2.AppendResponse if method == _APPEND else ingest_pb2.ExperimentResponse
        position = kind.FromString(response).position
        self._ask(lambda: destination.position.merge(position))

    def _refusals(self, producer_id: bytes) -> list[str]:
        return [
            sentence
            for process in self._agent.processes()
            if producer_id in (b"", process.reader.meta.producer_id)
            for sentence in process.refusals.take()
        ] + self._agent.scope.take_damage(producer_id)

    def _not_accepted(
        self, code: int, destination: Destination, missing: Missing
    ) -> spool_pb2.AgentResponse:
        why = destination.denial.why or destination.health.last_error
        if destination.denial.why:
            code = UNAUTHENTICATED
            return _error(code, "UNAUTHENTICATED", f"{why} ({missing}; they are safe in the spool)")
        error_code = "DEADLINE_EXCEEDED" if code == _DEADLINE else "TEMPORARILY_UNAVAILABLE"
        message = f"{missing} by {destination.tracking_uri} yet; they are safe in the spool"
        return _error(code, error_code, f"{message} ({why})" if why else message)

    def _anywhere_missing(self, missing: Missing) -> str:
        if not missing:
            return ""
        errors = {
            uri: destination.health.last_error
            for uri, destination in list(self._agent.destinations.items())
            if destination.health.last_error and not destination.connected
        }
        said = "; ".join(f"{uri}: {error}" for uri, error in errors.items())
        return f"{missing} yet; they are safe in the spool" + (f" ({said})" if said else "")


def _flushed(missing: Missing, refusals: list[str], message: str) -> spool_pb2.AgentResponse:
    if missing:
        response = _error(_DEADLINE, "DEADLINE_EXCEEDED", message)
    else:
        response = spool_pb2.AgentResponse()
    response.refusals.extend(refusals)
    return response


def _response(answer: Answer) -> spool_pb2.AgentResponse:
    if answer.code:
        return _error(answer.code, answer.error_code, answer.message)
    return spool_pb2.AgentResponse(response=answer.response)


def _error(code: int, error_code: str, message: str) -> spool_pb2.AgentResponse:
    return spool_pb2.AgentResponse(code=code, error_code=error_code, message=message)


def _deadline(timeout_ms: int) -> float:
    seconds = timeout_ms / 1000 if timeout_ms > 0 else _DEFAULT_SECONDS
    return time.monotonic() + seconds


def _progress(reply: Reply, what: str) -> Callable[[int, int], None]:
    """Counts bytes, and says how many now and then; keeps the client waiting gladly."""
    done, said_at = 0, time.monotonic()

    def count(more: int, total: int) -> None:
        nonlocal done, said_at
        done += more
        now = time.monotonic()
        if now - said_at >= _PROGRESS_SECONDS:
            said_at = now
            _say(reply, done, total, what)

    return count


def _say(reply: Reply, done: int, total: int, what: str) -> None:
    progress = spool_pb2.AgentProgress(done=max(done, 0), total=total, what=what)
    reply(spool_pb2.AgentResponse(progress=progress))
