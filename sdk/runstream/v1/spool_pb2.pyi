from runstream.v1 import tracking_pb2 as _tracking_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SpoolFrame(_message.Message):
    __slots__ = ("cells_before", "run", "series", "event", "artifact", "run_closed", "process_closed")
    CELLS_BEFORE_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    RUN_CLOSED_FIELD_NUMBER: _ClassVar[int]
    PROCESS_CLOSED_FIELD_NUMBER: _ClassVar[int]
    cells_before: int
    run: RunDefinition
    series: SeriesDefinition
    event: SpooledEvent
    artifact: SpooledArtifact
    run_closed: RunClosed
    process_closed: ProcessClosed
    def __init__(self, cells_before: _Optional[int] = ..., run: _Optional[_Union[RunDefinition, _Mapping]] = ..., series: _Optional[_Union[SeriesDefinition, _Mapping]] = ..., event: _Optional[_Union[SpooledEvent, _Mapping]] = ..., artifact: _Optional[_Union[SpooledArtifact, _Mapping]] = ..., run_closed: _Optional[_Union[RunClosed, _Mapping]] = ..., process_closed: _Optional[_Union[ProcessClosed, _Mapping]] = ...) -> None: ...

class RunDefinition(_message.Message):
    __slots__ = ("run_index", "run_id", "tracking_uri", "attempt_start_ms", "source", "world_size", "owned")
    RUN_INDEX_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    TRACKING_URI_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_START_MS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    WORLD_SIZE_FIELD_NUMBER: _ClassVar[int]
    OWNED_FIELD_NUMBER: _ClassVar[int]
    run_index: int
    run_id: str
    tracking_uri: str
    attempt_start_ms: int
    source: str
    world_size: int
    owned: bool
    def __init__(self, run_index: _Optional[int] = ..., run_id: _Optional[str] = ..., tracking_uri: _Optional[str] = ..., attempt_start_ms: _Optional[int] = ..., source: _Optional[str] = ..., world_size: _Optional[int] = ..., owned: bool = ...) -> None: ...

class SeriesDefinition(_message.Message):
    __slots__ = ("run_index", "series_index", "key", "model_id", "dataset_name", "dataset_digest")
    RUN_INDEX_FIELD_NUMBER: _ClassVar[int]
    SERIES_INDEX_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    DATASET_NAME_FIELD_NUMBER: _ClassVar[int]
    DATASET_DIGEST_FIELD_NUMBER: _ClassVar[int]
    run_index: int
    series_index: int
    key: str
    model_id: str
    dataset_name: str
    dataset_digest: str
    def __init__(self, run_index: _Optional[int] = ..., series_index: _Optional[int] = ..., key: _Optional[str] = ..., model_id: _Optional[str] = ..., dataset_name: _Optional[str] = ..., dataset_digest: _Optional[str] = ...) -> None: ...

class SpooledEvent(_message.Message):
    __slots__ = ("run_index", "event")
    RUN_INDEX_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    run_index: int
    event: bytes
    def __init__(self, run_index: _Optional[int] = ..., event: _Optional[bytes] = ...) -> None: ...

class SpooledArtifact(_message.Message):
    __slots__ = ("run_index", "path", "upload_id", "blob", "size_bytes", "sha256", "time_ms")
    RUN_INDEX_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    BLOB_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    run_index: int
    path: str
    upload_id: str
    blob: str
    size_bytes: int
    sha256: bytes
    time_ms: int
    def __init__(self, run_index: _Optional[int] = ..., path: _Optional[str] = ..., upload_id: _Optional[str] = ..., blob: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ..., time_ms: _Optional[int] = ...) -> None: ...

class RunClosed(_message.Message):
    __slots__ = ("run_index", "died")
    RUN_INDEX_FIELD_NUMBER: _ClassVar[int]
    DIED_FIELD_NUMBER: _ClassVar[int]
    run_index: int
    died: bool
    def __init__(self, run_index: _Optional[int] = ..., died: bool = ...) -> None: ...

class ProcessClosed(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AgentRequest(_message.Message):
    __slots__ = ("call", "flush", "download", "upload", "status", "drain")
    CALL_FIELD_NUMBER: _ClassVar[int]
    FLUSH_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    call: AgentCall
    flush: AgentFlush
    download: AgentDownload
    upload: AgentUpload
    status: AgentStatusRequest
    drain: AgentDrain
    def __init__(self, call: _Optional[_Union[AgentCall, _Mapping]] = ..., flush: _Optional[_Union[AgentFlush, _Mapping]] = ..., download: _Optional[_Union[AgentDownload, _Mapping]] = ..., upload: _Optional[_Union[AgentUpload, _Mapping]] = ..., status: _Optional[_Union[AgentStatusRequest, _Mapping]] = ..., drain: _Optional[_Union[AgentDrain, _Mapping]] = ...) -> None: ...

class AgentCall(_message.Message):
    __slots__ = ("tracking_uri", "method", "request", "timeout_ms", "read_your_writes")
    TRACKING_URI_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    READ_YOUR_WRITES_FIELD_NUMBER: _ClassVar[int]
    tracking_uri: str
    method: str
    request: bytes
    timeout_ms: int
    read_your_writes: bool
    def __init__(self, tracking_uri: _Optional[str] = ..., method: _Optional[str] = ..., request: _Optional[bytes] = ..., timeout_ms: _Optional[int] = ..., read_your_writes: bool = ...) -> None: ...

class AgentFlush(_message.Message):
    __slots__ = ("tracking_uri", "level", "timeout_ms", "producer_id")
    TRACKING_URI_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    tracking_uri: str
    level: str
    timeout_ms: int
    producer_id: bytes
    def __init__(self, tracking_uri: _Optional[str] = ..., level: _Optional[str] = ..., timeout_ms: _Optional[int] = ..., producer_id: _Optional[bytes] = ...) -> None: ...

class AgentDownload(_message.Message):
    __slots__ = ("tracking_uri", "run_id", "path", "destination", "timeout_ms")
    TRACKING_URI_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    tracking_uri: str
    run_id: str
    path: str
    destination: str
    timeout_ms: int
    def __init__(self, tracking_uri: _Optional[str] = ..., run_id: _Optional[str] = ..., path: _Optional[str] = ..., destination: _Optional[str] = ..., timeout_ms: _Optional[int] = ...) -> None: ...

class AgentUpload(_message.Message):
    __slots__ = ("tracking_uri", "run_id", "path", "upload_id", "source", "size_bytes", "sha256", "timeout_ms")
    TRACKING_URI_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    tracking_uri: str
    run_id: str
    path: str
    upload_id: str
    source: str
    size_bytes: int
    sha256: bytes
    timeout_ms: int
    def __init__(self, tracking_uri: _Optional[str] = ..., run_id: _Optional[str] = ..., path: _Optional[str] = ..., upload_id: _Optional[str] = ..., source: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ..., timeout_ms: _Optional[int] = ...) -> None: ...

class AgentStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AgentDrain(_message.Message):
    __slots__ = ("timeout_ms",)
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    timeout_ms: int
    def __init__(self, timeout_ms: _Optional[int] = ...) -> None: ...

class AgentResponse(_message.Message):
    __slots__ = ("code", "error_code", "message", "response", "position", "status", "refusals", "progress")
    CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    code: int
    error_code: str
    message: str
    response: bytes
    position: _tracking_pb2.Position
    status: AgentStatus
    refusals: _containers.RepeatedScalarFieldContainer[str]
    progress: AgentProgress
    def __init__(self, code: _Optional[int] = ..., error_code: _Optional[str] = ..., message: _Optional[str] = ..., response: _Optional[bytes] = ..., position: _Optional[_Union[_tracking_pb2.Position, _Mapping]] = ..., status: _Optional[_Union[AgentStatus, _Mapping]] = ..., refusals: _Optional[_Iterable[str]] = ..., progress: _Optional[_Union[AgentProgress, _Mapping]] = ...) -> None: ...

class AgentProgress(_message.Message):
    __slots__ = ("done", "total", "what")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    done: int
    total: int
    what: str
    def __init__(self, done: _Optional[int] = ..., total: _Optional[int] = ..., what: _Optional[str] = ...) -> None: ...

class AgentStatus(_message.Message):
    __slots__ = ("pid", "version", "scope_folder", "started_ms", "processes", "destinations")
    PID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FOLDER_FIELD_NUMBER: _ClassVar[int]
    STARTED_MS_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    pid: int
    version: str
    scope_folder: str
    started_ms: int
    processes: _containers.RepeatedCompositeFieldContainer[ProcessStatus]
    destinations: _containers.RepeatedCompositeFieldContainer[DestinationStatus]
    def __init__(self, pid: _Optional[int] = ..., version: _Optional[str] = ..., scope_folder: _Optional[str] = ..., started_ms: _Optional[int] = ..., processes: _Optional[_Iterable[_Union[ProcessStatus, _Mapping]]] = ..., destinations: _Optional[_Iterable[_Union[DestinationStatus, _Mapping]]] = ...) -> None: ...

class ProcessStatus(_message.Message):
    __slots__ = ("pid", "producer_id", "alive", "cells_spooled", "cells_accepted", "event_bytes_spooled", "event_bytes_accepted", "artifacts_pending", "refused", "oldest_pending_ms", "runs", "held")
    PID_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    ALIVE_FIELD_NUMBER: _ClassVar[int]
    CELLS_SPOOLED_FIELD_NUMBER: _ClassVar[int]
    CELLS_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    EVENT_BYTES_SPOOLED_FIELD_NUMBER: _ClassVar[int]
    EVENT_BYTES_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    ARTIFACTS_PENDING_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    OLDEST_PENDING_MS_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    pid: int
    producer_id: bytes
    alive: bool
    cells_spooled: int
    cells_accepted: int
    event_bytes_spooled: int
    event_bytes_accepted: int
    artifacts_pending: int
    refused: int
    oldest_pending_ms: int
    runs: _containers.RepeatedCompositeFieldContainer[RunBacklog]
    held: str
    def __init__(self, pid: _Optional[int] = ..., producer_id: _Optional[bytes] = ..., alive: bool = ..., cells_spooled: _Optional[int] = ..., cells_accepted: _Optional[int] = ..., event_bytes_spooled: _Optional[int] = ..., event_bytes_accepted: _Optional[int] = ..., artifacts_pending: _Optional[int] = ..., refused: _Optional[int] = ..., oldest_pending_ms: _Optional[int] = ..., runs: _Optional[_Iterable[_Union[RunBacklog, _Mapping]]] = ..., held: _Optional[str] = ...) -> None: ...

class RunBacklog(_message.Message):
    __slots__ = ("run_id", "tracking_uri", "points_spooled", "points_accepted")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    TRACKING_URI_FIELD_NUMBER: _ClassVar[int]
    POINTS_SPOOLED_FIELD_NUMBER: _ClassVar[int]
    POINTS_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    tracking_uri: str
    points_spooled: int
    points_accepted: int
    def __init__(self, run_id: _Optional[str] = ..., tracking_uri: _Optional[str] = ..., points_spooled: _Optional[int] = ..., points_accepted: _Optional[int] = ...) -> None: ...

class DestinationStatus(_message.Message):
    __slots__ = ("tracking_uri", "connected", "last_error", "last_error_ms", "last_accepted_ms", "transport", "denied")
    TRACKING_URI_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_ACCEPTED_MS_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    DENIED_FIELD_NUMBER: _ClassVar[int]
    tracking_uri: str
    connected: bool
    last_error: str
    last_error_ms: int
    last_accepted_ms: int
    transport: str
    denied: bool
    def __init__(self, tracking_uri: _Optional[str] = ..., connected: bool = ..., last_error: _Optional[str] = ..., last_error_ms: _Optional[int] = ..., last_accepted_ms: _Optional[int] = ..., transport: _Optional[str] = ..., denied: bool = ...) -> None: ...
