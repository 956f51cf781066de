"""The protobuf messages, loaded when the first one is made.

`import runstream` does not load protobuf: it would take half of the time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runstream.v1 import events_pb2, ingest_pb2, spool_pb2, tracking_pb2
else:

    class _Later:
        """Stands for a module; an attribute stays once it was looked up."""

        def __init__(self, name: str) -> None:
            self.__name__ = name

        def __getattr__(self, attribute: str) -> Any:
            found = getattr(importlib.import_module(self.__name__), attribute)
            setattr(self, attribute, found)
            return found

    events_pb2 = _Later("runstream.v1.events_pb2")
    ingest_pb2 = _Later("runstream.v1.ingest_pb2")
    spool_pb2 = _Later("runstream.v1.spool_pb2")
    tracking_pb2 = _Later("runstream.v1.tracking_pb2")

__all__ = ["events_pb2", "ingest_pb2", "spool_pb2", "tracking_pb2"]
