"""A small real server: gRPC and HTTP on Unix sockets, a MemoryLog behind."""

from __future__ import annotations

import hashlib
import socketserver
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import grpc

from runstream.agent.outcome import Failed, Refused
from runstream.v1 import artifacts_pb2, ingest_pb2, tracking_pb2
from tests.unit.agent.servers import MemoryLog

_CODES = {code.value[0]: code for code in grpc.StatusCode}
Method = Callable[[bytes, grpc.ServicerContext], bytes]


class GrpcServer:
    """Answers what an agent asks. `log.judge` refuses; `busy` has it come again."""

    def __init__(self, folder: Path) -> None:
        self.log = MemoryLog()
        self.objects: dict[str, bytes] = {}
        self.files: list[tracking_pb2.FileInfo] = []
        self.positions: list[bytes] = []
        self.calls: list[str] = []
        self.busy = 0
        # The next download breaks off after so many bytes; -1: it does not.
        self.cut_after = -1
        self.takes_ranges = True
        self.ranges: list[str] = []
        # Whether the health service answers: a proxy that knows no gRPC has none.
        self.healthy = False
        self.busy_ms = 10
        self.append_times: list[float] = []
        self._folder = folder
        self._guard = threading.Lock()
        self._methods: dict[str, Method] = {
            "/runstream.v1.Ingest/Append": self._append,
            "/runstream.v1.Ingest/CreateExperiment": self._create_experiment,
            "/runstream.v1.Query/GetServerInfo": self._info,
            "/runstream.v1.Query/GetRun": self._get_run,
            "/runstream.v1.Query/GetLoggedModel": self._get_model,
            "/runstream.v1.Query/WaitForPosition": lambda request, context: b"",
            "/runstream.v1.Query/ListArtifacts": self._list,
            "/runstream.v1.Artifacts/CreateUpload": self._create_upload,
            "/runstream.v1.Artifacts/CreateDownload": self._create_download,
        }
        self._http = _HttpServer(str(folder / "http.sock"), self)
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        self._grpc: grpc.Server | None = None
        self.start()

    @property
    def address(self) -> str:
        return f"unix:{self._folder}/grpc.sock"

    @property
    def http_address(self) -> str:
        return f"unix:{self._folder}/http.sock"

    def start(self) -> None:
        """Listen (again)."""
        self._grpc = grpc.server(ThreadPoolExecutor(4))
        self._grpc.add_generic_rpc_handlers([_Router(self._call)])
        self._grpc.add_insecure_port(self.address)
        self._grpc.start()

    def stop(self) -> None:
        """Be away: nobody listens, what is under way is cut off."""
        if self._grpc is not None:
            self._grpc.stop(0).wait()
            self._grpc = None

    def close(self) -> None:
        self.stop()
        self._http.shutdown()
        self._http.server_close()

    def _call(self, method: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        with self._guard:
            self.calls.append(method)
            self.positions += [
                value
                for key, value in context.invocation_metadata()
                if key == "runstream-position-bin" and isinstance(value, bytes)
            ]
            if method == "/grpc.health.v1.Health/Check" and self.healthy:
                return b""
            if method not in self._methods:
                context.abort(grpc.StatusCode.UNIMPLEMENTED, method)
            return self._methods[method](request, context)

    def _append(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.append_times.append(time.monotonic())
        if self.busy:
            self.busy -= 1
            detail = tracking_pb2.ErrorDetail(
                error_code="RESOURCE_EXHAUSTED", retry_after_ms=self.busy_ms
            )
            _abort(context, 8, "busy", detail)
        outcome = self.log.append(request)
        if isinstance(outcome, Refused):
            _abort(context, outcome.code, outcome.message, outcome.detail)
        assert not isinstance(outcome, (Refused, Failed))
        return ingest_pb2.AppendResponse(
            position=outcome.position, experiment_id="0"
        ).SerializeToString()

    def _create_experiment(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        asked = ingest_pb2.CreateExperimentRequest.FromString(request)
        if asked.name == "taken":
            detail = tracking_pb2.ErrorDetail(error_code="RESOURCE_ALREADY_EXISTS")
            _abort(context, 6, "the name is taken", detail)
        offset = tracking_pb2.PartitionOffset(log="registry", next_offset=7)
        return ingest_pb2.ExperimentResponse(
            experiment=tracking_pb2.Experiment(name=asked.name),
            position=tracking_pb2.Position(log_id="log", offsets=[offset]),
        ).SerializeToString()

    def _info(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        offset = tracking_pb2.PartitionOffset(log="events", partition=3, next_offset=99)
        return tracking_pb2.ServerInfo(
            http_address=self.http_address,
            end=tracking_pb2.Position(log_id="log", offsets=[offset]),
        ).SerializeToString()

    def _get_model(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        return tracking_pb2.LoggedModel(experiment_id="6").SerializeToString()

    def _get_run(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        info = tracking_pb2.RunInfo(experiment_id="5")
        return tracking_pb2.Run(info=info).SerializeToString()

    def _list(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        asked = tracking_pb2.ListArtifactsRequest.FromString(request)
        prefix = f"{asked.path}/" if asked.path else ""
        files = [
            file
            for file in self.files
            if file.path.startswith(prefix)
            and (asked.recursive or "/" not in file.path[len(prefix) :])
        ]
        return tracking_pb2.ListArtifactsResponse(files=files).SerializeToString()

    def _create_upload(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        asked = artifacts_pb2.CreateUploadRequest.FromString(request)
        if ".." in asked.path:
            detail = tracking_pb2.ErrorDetail(error_code="INVALID_PARAMETER_VALUE", field="path")
            _abort(context, 3, "bad path", detail)
        key = f"{asked.run_id}/{asked.upload_id}"
        return artifacts_pb2.Ticket(
            method="PUT",
            url=f"/blobs/{key}",
            object_key=key,
            stored=key in self.objects,
            headers=[artifacts_pb2.Header(name="X-Sha256", value=asked.sha256.hex())],
        ).SerializeToString()

    def _create_download(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        key = artifacts_pb2.CreateDownloadRequest.FromString(request).object_key
        return artifacts_pb2.Ticket(method="GET", url=f"/blobs/{key}").SerializeToString()


def _abort(
    context: grpc.ServicerContext, code: int, message: str, detail: tracking_pb2.ErrorDetail
) -> None:
    context.set_trailing_metadata((("runstream-error-bin", detail.SerializeToString()),))
    context.abort(_CODES[code], message)


class _Router(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    def __init__(self, call: Callable[[str, bytes, grpc.ServicerContext], bytes]) -> None:
        self._call = call

    def service(self, details: Any) -> Any:
        method = details.method
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._call(method, request, context)
        )


class _HttpServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, owner: GrpcServer) -> None:
        self.owner = owner
        super().__init__(path, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        return  # a client went away


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = hashlib.sha256(body).hexdigest() == self.headers["X-Sha256"]
        if good:
            self.server.owner.objects[self.path.removeprefix("/blobs/")] = body
        self._answer(201 if good else 400, b"")

    def do_GET(self) -> None:
        owner = self.server.owner
        body = owner.objects.get(self.path.removeprefix("/blobs/"))
        asked = self.headers.get("Range", "")
        owner.ranges.append(asked)
        if body is None:
            self._answer(404, b"")
        elif asked and owner.takes_ranges:
            self._answer(206, body[int(asked.removeprefix("bytes=").rstrip("-")) :])
        else:
            self._answer(200, body)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: object) -> None:
        return

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        owner = self.server.owner
        if 0 <= owner.cut_after < len(body):
            body, owner.cut_after, self.close_connection = body[: owner.cut_after], -1, True
        self.wfile.write(body)
