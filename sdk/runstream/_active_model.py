"""The logged model that the points of a thread belong to."""

from __future__ import annotations

from dataclasses import fields
from types import TracebackType

from runstream import _stack
from runstream.entities import LoggedModel


class ActiveModel(LoggedModel):
    """A model that is active in this thread.

    As a context manager it gives way at the end of the block to what was active
    before.
    """

    def __init__(self, logged_model: LoggedModel) -> None:
        super().__init__(
            **{field.name: getattr(logged_model, field.name) for field in fields(logged_model)}
        )
        object.__setattr__(self, "_before", _stack.local.model_id)
        _stack.set_active_model_id(self.model_id)

    def __enter__(self) -> ActiveModel:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _stack.set_active_model_id(getattr(self, "_before", None))
