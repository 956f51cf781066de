from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateUploadRequest(_message.Message):
    __slots__ = ("run_id", "experiment_id", "path", "upload_id", "size_bytes", "sha256", "accepts_parts")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    ACCEPTS_PARTS_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    experiment_id: str
    path: str
    upload_id: str
    size_bytes: int
    sha256: bytes
    accepts_parts: bool
    def __init__(self, run_id: _Optional[str] = ..., experiment_id: _Optional[str] = ..., path: _Optional[str] = ..., upload_id: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ..., accepts_parts: bool = ...) -> None: ...

class CreateDownloadRequest(_message.Message):
    __slots__ = ("object_key", "file_name")
    OBJECT_KEY_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    object_key: str
    file_name: str
    def __init__(self, object_key: _Optional[str] = ..., file_name: _Optional[str] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class Ticket(_message.Message):
    __slots__ = ("method", "url", "headers", "object_key", "expires_ms", "stored", "parts")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    OBJECT_KEY_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_MS_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    method: str
    url: str
    headers: _containers.RepeatedCompositeFieldContainer[Header]
    object_key: str
    expires_ms: int
    stored: bool
    parts: Parts
    def __init__(self, method: _Optional[str] = ..., url: _Optional[str] = ..., headers: _Optional[_Iterable[_Union[Header, _Mapping]]] = ..., object_key: _Optional[str] = ..., expires_ms: _Optional[int] = ..., stored: bool = ..., parts: _Optional[_Union[Parts, _Mapping]] = ...) -> None: ...

class Parts(_message.Message):
    __slots__ = ("parts_id", "part_size_bytes", "stored")
    PARTS_ID_FIELD_NUMBER: _ClassVar[int]
    PART_SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    parts_id: str
    part_size_bytes: int
    stored: _containers.RepeatedCompositeFieldContainer[Part]
    def __init__(self, parts_id: _Optional[str] = ..., part_size_bytes: _Optional[int] = ..., stored: _Optional[_Iterable[_Union[Part, _Mapping]]] = ...) -> None: ...

class Part(_message.Message):
    __slots__ = ("number", "size_bytes", "sha256")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    number: int
    size_bytes: int
    sha256: bytes
    def __init__(self, number: _Optional[int] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ...) -> None: ...

class CreatePartsRequest(_message.Message):
    __slots__ = ("run_id", "upload_id", "parts_id", "parts", "again")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    PARTS_ID_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    AGAIN_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    upload_id: str
    parts_id: str
    parts: _containers.RepeatedCompositeFieldContainer[Part]
    again: bool
    def __init__(self, run_id: _Optional[str] = ..., upload_id: _Optional[str] = ..., parts_id: _Optional[str] = ..., parts: _Optional[_Iterable[_Union[Part, _Mapping]]] = ..., again: bool = ...) -> None: ...

class PartTickets(_message.Message):
    __slots__ = ("tickets",)
    TICKETS_FIELD_NUMBER: _ClassVar[int]
    tickets: _containers.RepeatedCompositeFieldContainer[Ticket]
    def __init__(self, tickets: _Optional[_Iterable[_Union[Ticket, _Mapping]]] = ...) -> None: ...

class CompleteUploadRequest(_message.Message):
    __slots__ = ("run_id", "upload_id", "parts_id", "size_bytes", "sha256", "parts")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    PARTS_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    upload_id: str
    parts_id: str
    size_bytes: int
    sha256: bytes
    parts: _containers.RepeatedCompositeFieldContainer[Part]
    def __init__(self, run_id: _Optional[str] = ..., upload_id: _Optional[str] = ..., parts_id: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ..., parts: _Optional[_Iterable[_Union[Part, _Mapping]]] = ...) -> None: ...
