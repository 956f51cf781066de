from runstream.v1 import events_pb2 as _events_pb2
from runstream.v1 import tracking_pb2 as _tracking_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AppendResponse(_message.Message):
    __slots__ = ("position", "experiment_id", "warning")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    WARNING_FIELD_NUMBER: _ClassVar[int]
    position: _tracking_pb2.Position
    experiment_id: str
    warning: str
    def __init__(self, position: _Optional[_Union[_tracking_pb2.Position, _Mapping]] = ..., experiment_id: _Optional[str] = ..., warning: _Optional[str] = ...) -> None: ...

class CreateExperimentRequest(_message.Message):
    __slots__ = ("claim_id", "name", "artifact_location", "tags")
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_LOCATION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    claim_id: bytes
    name: str
    artifact_location: str
    tags: _containers.RepeatedCompositeFieldContainer[_events_pb2.KeyValue]
    def __init__(self, claim_id: _Optional[bytes] = ..., name: _Optional[str] = ..., artifact_location: _Optional[str] = ..., tags: _Optional[_Iterable[_Union[_events_pb2.KeyValue, _Mapping]]] = ...) -> None: ...

class EnsureExperimentRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class RenameExperimentRequest(_message.Message):
    __slots__ = ("claim_id", "experiment_id", "new_name")
    CLAIM_ID_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    NEW_NAME_FIELD_NUMBER: _ClassVar[int]
    claim_id: bytes
    experiment_id: str
    new_name: str
    def __init__(self, claim_id: _Optional[bytes] = ..., experiment_id: _Optional[str] = ..., new_name: _Optional[str] = ...) -> None: ...

class ExperimentIdRequest(_message.Message):
    __slots__ = ("experiment_id",)
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    def __init__(self, experiment_id: _Optional[str] = ...) -> None: ...

class TagExperimentRequest(_message.Message):
    __slots__ = ("experiment_id", "set", "delete")
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    experiment_id: str
    set: _containers.RepeatedCompositeFieldContainer[_events_pb2.KeyValue]
    delete: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, experiment_id: _Optional[str] = ..., set: _Optional[_Iterable[_Union[_events_pb2.KeyValue, _Mapping]]] = ..., delete: _Optional[_Iterable[str]] = ...) -> None: ...

class ExperimentResponse(_message.Message):
    __slots__ = ("experiment", "position")
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    experiment: _tracking_pb2.Experiment
    position: _tracking_pb2.Position
    def __init__(self, experiment: _Optional[_Union[_tracking_pb2.Experiment, _Mapping]] = ..., position: _Optional[_Union[_tracking_pb2.Position, _Mapping]] = ...) -> None: ...
