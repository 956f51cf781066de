from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_STATUS_UNSPECIFIED: _ClassVar[RunStatus]
    RUNNING: _ClassVar[RunStatus]
    SCHEDULED: _ClassVar[RunStatus]
    FINISHED: _ClassVar[RunStatus]
    FAILED: _ClassVar[RunStatus]
    KILLED: _ClassVar[RunStatus]

class LoggedModelStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOGGED_MODEL_STATUS_UNSPECIFIED: _ClassVar[LoggedModelStatus]
    LOGGED_MODEL_PENDING: _ClassVar[LoggedModelStatus]
    LOGGED_MODEL_READY: _ClassVar[LoggedModelStatus]
    LOGGED_MODEL_UPLOAD_FAILED: _ClassVar[LoggedModelStatus]
RUN_STATUS_UNSPECIFIED: RunStatus
RUNNING: RunStatus
SCHEDULED: RunStatus
FINISHED: RunStatus
FAILED: RunStatus
KILLED: RunStatus
LOGGED_MODEL_STATUS_UNSPECIFIED: LoggedModelStatus
LOGGED_MODEL_PENDING: LoggedModelStatus
LOGGED_MODEL_READY: LoggedModelStatus
LOGGED_MODEL_UPLOAD_FAILED: LoggedModelStatus

class AppendRequest(_message.Message):
    __slots__ = ("stream_id", "producer_id", "seq", "attempt_start_ms", "source", "events", "accepted_ms", "experiment_id", "content_crc32")
    STREAM_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_START_MS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_MS_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_CRC32_FIELD_NUMBER: _ClassVar[int]
    stream_id: str
    producer_id: bytes
    seq: int
    attempt_start_ms: int
    source: str
    events: _containers.RepeatedCompositeFieldContainer[Event]
    accepted_ms: int
    experiment_id: str
    content_crc32: int
    def __init__(self, stream_id: _Optional[str] = ..., producer_id: _Optional[bytes] = ..., seq: _Optional[int] = ..., attempt_start_ms: _Optional[int] = ..., source: _Optional[str] = ..., events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., accepted_ms: _Optional[int] = ..., experiment_id: _Optional[str] = ..., content_crc32: _Optional[int] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("time_ms", "run_created", "run_updated", "run_deleted", "run_restored", "run_purged", "params", "tags", "metrics", "inputs", "outputs", "artifact_logged", "heartbeat", "log_lines", "logged_model_created", "logged_model_updated", "logged_model_deleted", "logged_model_params", "logged_model_tags", "producer_started", "producer_end", "void", "genesis", "experiment_created", "experiment_renamed", "experiment_deleted", "experiment_restored", "experiment_tags")
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    RUN_CREATED_FIELD_NUMBER: _ClassVar[int]
    RUN_UPDATED_FIELD_NUMBER: _ClassVar[int]
    RUN_DELETED_FIELD_NUMBER: _ClassVar[int]
    RUN_RESTORED_FIELD_NUMBER: _ClassVar[int]
    RUN_PURGED_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_LOGGED_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    LOG_LINES_FIELD_NUMBER: _ClassVar[int]
    LOGGED_MODEL_CREATED_FIELD_NUMBER: _ClassVar[int]
    LOGGED_MODEL_UPDATED_FIELD_NUMBER: _ClassVar[int]
    LOGGED_MODEL_DELETED_FIELD_NUMBER: _ClassVar[int]
    LOGGED_MODEL_PARAMS_FIELD_NUMBER: _ClassVar[int]
    LOGGED_MODEL_TAGS_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_STARTED_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_END_FIELD_NUMBER: _ClassVar[int]
    VOID_FIELD_NUMBER: _ClassVar[int]
    GENESIS_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_CREATED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_RENAMED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_DELETED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_RESTORED_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_TAGS_FIELD_NUMBER: _ClassVar[int]
    time_ms: int
    run_created: RunCreated
    run_updated: RunUpdated
    run_deleted: RunDeleted
    run_restored: RunRestored
    run_purged: RunPurged
    params: Params
    tags: Tags
    metrics: Metrics
    inputs: Inputs
    outputs: Outputs
    artifact_logged: ArtifactLogged
    heartbeat: Heartbeat
    log_lines: LogLines
    logged_model_created: LoggedModelCreated
    logged_model_updated: LoggedModelUpdated
    logged_model_deleted: LoggedModelDeleted
    logged_model_params: LoggedModelParams
    logged_model_tags: LoggedModelTags
    producer_started: ProducerStarted
    producer_end: ProducerEnd
    void: Void
    genesis: Genesis
    experiment_created: ExperimentCreated
    experiment_renamed: ExperimentRenamed
    experiment_deleted: ExperimentDeleted
    experiment_restored: ExperimentRestored
    experiment_tags: ExperimentTags
    def __init__(self, time_ms: _Optional[int] = ..., run_created: _Optional[_Union[RunCreated, _Mapping]] = ..., run_updated: _Optional[_Union[RunUpdated, _Mapping]] = ..., run_deleted: _Optional[_Union[RunDeleted, _Mapping]] = ..., run_restored: _Optional[_Union[RunRestored, _Mapping]] = ..., run_purged: _Optional[_Union[RunPurged, _Mapping]] = ..., params: _Optional[_Union[Params, _Mapping]] = ..., tags: _Optional[_Union[Tags, _Mapping]] = ..., metrics: _Optional[_Union[Metrics, _Mapping]] = ..., inputs: _Optional[_Union[Inputs, _Mapping]] = ..., outputs: _Optional[_Union[Outputs, _Mapping]] = ..., artifact_logged: _Optional[_Union[ArtifactLogged, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., log_lines: _Optional[_Union[LogLines, _Mapping]] = ..., logged_model_created: _Optional[_Union[LoggedModelCreated, _Mapping]] = ..., logged_model_updated: _Optional[_Union[LoggedModelUpdated, _Mapping]] = ..., logged_model_deleted: _Optional[_Union[LoggedModelDeleted, _Mapping]] = ..., logged_model_params: _Optional[_Union[LoggedModelParams, _Mapping]] = ..., logged_model_tags: _Optional[_Union[LoggedModelTags, _Mapping]] = ..., producer_started: _Optional[_Union[ProducerStarted, _Mapping]] = ..., producer_end: _Optional[_Union[ProducerEnd, _Mapping]] = ..., void: _Optional[_Union[Void, _Mapping]] = ..., genesis: _Optional[_Union[Genesis, _Mapping]] = ..., experiment_created: _Optional[_Union[ExperimentCreated, _Mapping]] = ..., experiment_renamed: _Optional[_Union[ExperimentRenamed, _Mapping]] = ..., experiment_deleted: _Optional[_Union[ExperimentDeleted, _Mapping]] = ..., experiment_restored: _Optional[_Union[ExperimentRestored, _Mapping]] = ..., experiment_tags: _Optional[_Union[ExperimentTags, _Mapping]] = ...) -> None: ...

class KeyValue(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class RunCreated(_message.Message):
    __slots__ = ("experiment_id", "experiment_name", "start_time_ms", "user_id", "run_name")
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_NAME_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    experiment_name: str
    start_time_ms: int
    user_id: str
    run_name: str
    def __init__(self, experiment_id: _Optional[str] = ..., experiment_name: _Optional[str] = ..., start_time_ms: _Optional[int] = ..., user_id: _Optional[str] = ..., run_name: _Optional[str] = ...) -> None: ...

class RunUpdated(_message.Message):
    __slots__ = ("status", "end_time_ms", "run_name")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    END_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    RUN_NAME_FIELD_NUMBER: _ClassVar[int]
    status: RunStatus
    end_time_ms: int
    run_name: str
    def __init__(self, status: _Optional[_Union[RunStatus, str]] = ..., end_time_ms: _Optional[int] = ..., run_name: _Optional[str] = ...) -> None: ...

class RunDeleted(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RunRestored(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RunPurged(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Params(_message.Message):
    __slots__ = ("params",)
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    params: _containers.RepeatedCompositeFieldContainer[KeyValue]
    def __init__(self, params: _Optional[_Iterable[_Union[KeyValue, _Mapping]]] = ...) -> None: ...

class Tags(_message.Message):
    __slots__ = ("set", "delete")
    SET_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    set: _containers.RepeatedCompositeFieldContainer[KeyValue]
    delete: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, set: _Optional[_Iterable[_Union[KeyValue, _Mapping]]] = ..., delete: _Optional[_Iterable[str]] = ...) -> None: ...

class Series(_message.Message):
    __slots__ = ("key", "model_id", "dataset_name", "dataset_digest")
    KEY_FIELD_NUMBER: _ClassVar[int]
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    DATASET_NAME_FIELD_NUMBER: _ClassVar[int]
    DATASET_DIGEST_FIELD_NUMBER: _ClassVar[int]
    key: str
    model_id: str
    dataset_name: str
    dataset_digest: str
    def __init__(self, key: _Optional[str] = ..., model_id: _Optional[str] = ..., dataset_name: _Optional[str] = ..., dataset_digest: _Optional[str] = ...) -> None: ...

class Metrics(_message.Message):
    __slots__ = ("series", "key_index", "step", "timestamp", "value")
    SERIES_FIELD_NUMBER: _ClassVar[int]
    KEY_INDEX_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    series: _containers.RepeatedCompositeFieldContainer[Series]
    key_index: bytes
    step: bytes
    timestamp: bytes
    value: bytes
    def __init__(self, series: _Optional[_Iterable[_Union[Series, _Mapping]]] = ..., key_index: _Optional[bytes] = ..., step: _Optional[bytes] = ..., timestamp: _Optional[bytes] = ..., value: _Optional[bytes] = ...) -> None: ...

class Dataset(_message.Message):
    __slots__ = ("name", "digest", "source_type", "source", "schema", "profile")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    name: str
    digest: str
    source_type: str
    source: str
    schema: str
    profile: str
    def __init__(self, name: _Optional[str] = ..., digest: _Optional[str] = ..., source_type: _Optional[str] = ..., source: _Optional[str] = ..., schema: _Optional[str] = ..., profile: _Optional[str] = ...) -> None: ...

class DatasetInput(_message.Message):
    __slots__ = ("dataset", "tags")
    DATASET_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    dataset: Dataset
    tags: _containers.RepeatedCompositeFieldContainer[KeyValue]
    def __init__(self, dataset: _Optional[_Union[Dataset, _Mapping]] = ..., tags: _Optional[_Iterable[_Union[KeyValue, _Mapping]]] = ...) -> None: ...

class Inputs(_message.Message):
    __slots__ = ("datasets", "model_ids")
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    MODEL_IDS_FIELD_NUMBER: _ClassVar[int]
    datasets: _containers.RepeatedCompositeFieldContainer[DatasetInput]
    model_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, datasets: _Optional[_Iterable[_Union[DatasetInput, _Mapping]]] = ..., model_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ModelOutput(_message.Message):
    __slots__ = ("model_id", "step")
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    step: int
    def __init__(self, model_id: _Optional[str] = ..., step: _Optional[int] = ...) -> None: ...

class Outputs(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[ModelOutput]
    def __init__(self, models: _Optional[_Iterable[_Union[ModelOutput, _Mapping]]] = ...) -> None: ...

class ArtifactLogged(_message.Message):
    __slots__ = ("path", "object_key", "size_bytes", "sha256")
    PATH_FIELD_NUMBER: _ClassVar[int]
    OBJECT_KEY_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    path: str
    object_key: str
    size_bytes: int
    sha256: bytes
    def __init__(self, path: _Optional[str] = ..., object_key: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class LogLines(_message.Message):
    __slots__ = ("stream", "first_line", "lines", "time_ms")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    FIRST_LINE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    stream: int
    first_line: int
    lines: _containers.RepeatedScalarFieldContainer[str]
    time_ms: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, stream: _Optional[int] = ..., first_line: _Optional[int] = ..., lines: _Optional[_Iterable[str]] = ..., time_ms: _Optional[_Iterable[int]] = ...) -> None: ...

class LoggedModelCreated(_message.Message):
    __slots__ = ("model_id", "experiment_id", "experiment_name", "name", "model_type", "source_run_id", "creation_time_ms")
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CREATION_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    experiment_id: str
    experiment_name: str
    name: str
    model_type: str
    source_run_id: str
    creation_time_ms: int
    def __init__(self, model_id: _Optional[str] = ..., experiment_id: _Optional[str] = ..., experiment_name: _Optional[str] = ..., name: _Optional[str] = ..., model_type: _Optional[str] = ..., source_run_id: _Optional[str] = ..., creation_time_ms: _Optional[int] = ...) -> None: ...

class LoggedModelUpdated(_message.Message):
    __slots__ = ("model_id", "status", "status_message")
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STATUS_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    status: LoggedModelStatus
    status_message: str
    def __init__(self, model_id: _Optional[str] = ..., status: _Optional[_Union[LoggedModelStatus, str]] = ..., status_message: _Optional[str] = ...) -> None: ...

class LoggedModelDeleted(_message.Message):
    __slots__ = ("model_id",)
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    def __init__(self, model_id: _Optional[str] = ...) -> None: ...

class LoggedModelParams(_message.Message):
    __slots__ = ("model_id", "params")
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    params: _containers.RepeatedCompositeFieldContainer[KeyValue]
    def __init__(self, model_id: _Optional[str] = ..., params: _Optional[_Iterable[_Union[KeyValue, _Mapping]]] = ...) -> None: ...

class LoggedModelTags(_message.Message):
    __slots__ = ("model_id", "set", "delete")
    MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    model_id: str
    set: _containers.RepeatedCompositeFieldContainer[KeyValue]
    delete: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model_id: _Optional[str] = ..., set: _Optional[_Iterable[_Union[KeyValue, _Mapping]]] = ..., delete: _Optional[_Iterable[str]] = ...) -> None: ...

class ProducerStarted(_message.Message):
    __slots__ = ("host", "pid", "world_size", "client")
    HOST_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    WORLD_SIZE_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    host: str
    pid: int
    world_size: int
    client: str
    def __init__(self, host: _Optional[str] = ..., pid: _Optional[int] = ..., world_size: _Optional[int] = ..., client: _Optional[str] = ...) -> None: ...

class ProducerEnd(_message.Message):
    __slots__ = ("last_seq", "points", "events", "died")
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    DIED_FIELD_NUMBER: _ClassVar[int]
    last_seq: int
    points: int
    events: int
    died: bool
    def __init__(self, last_seq: _Optional[int] = ..., points: _Optional[int] = ..., events: _Optional[int] = ..., died: bool = ...) -> None: ...

class Void(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class Genesis(_message.Message):
    __slots__ = ("log_id", "partitions")
    LOG_ID_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    log_id: str
    partitions: int
    def __init__(self, log_id: _Optional[str] = ..., partitions: _Optional[int] = ...) -> None: ...

class ExperimentCreated(_message.Message):
    __slots__ = ("claim_id", "name", "artifact_location", "tags")
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_LOCATION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    claim_id: bytes
    name: str
    artifact_location: str
    tags: _containers.RepeatedCompositeFieldContainer[KeyValue]
    def __init__(self, claim_id: _Optional[bytes] = ..., name: _Optional[str] = ..., artifact_location: _Optional[str] = ..., tags: _Optional[_Iterable[_Union[KeyValue, _Mapping]]] = ...) -> None: ...

class ExperimentRenamed(_message.Message):
    __slots__ = ("claim_id", "experiment_id", "new_name")
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    NEW_NAME_FIELD_NUMBER: _ClassVar[int]
    claim_id: bytes
    experiment_id: str
    new_name: str
    def __init__(self, claim_id: _Optional[bytes] = ..., experiment_id: _Optional[str] = ..., new_name: _Optional[str] = ...) -> None: ...

class ExperimentDeleted(_message.Message):
    __slots__ = ("experiment_id",)
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    def __init__(self, experiment_id: _Optional[str] = ...) -> None: ...

class ExperimentRestored(_message.Message):
    __slots__ = ("experiment_id",)
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    def __init__(self, experiment_id: _Optional[str] = ...) -> None: ...

class ExperimentTags(_message.Message):
    __slots__ = ("experiment_id", "set", "delete")
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    set: _containers.RepeatedCompositeFieldContainer[KeyValue]
    delete: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, experiment_id: _Optional[str] = ..., set: _Optional[_Iterable[_Union[KeyValue, _Mapping]]] = ..., delete: _Optional[_Iterable[str]] = ...) -> None: ...
