"""The errors of the SDK.

    Exception
    └── RunstreamError             everything this package raises of its own
        └── MlflowException        an answer with MLflow's error code
            └── RestException      the same, given by the server

`start_run` while a run is active raises a plain `Exception`, as in MLflow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from runstream.error_codes import INTERNAL_ERROR, INVALID_PARAMETER_VALUE, STATUS

__all__ = ["MlflowException", "RestException", "RunstreamError"]


class RunstreamError(Exception):
    """Base of all errors of this package."""


class MlflowException(RunstreamError):  # noqa: N818 (the name is MLflow's)
    """A call is refused or could not be answered.

    message: what happened, what is still safe, what to do.
    error_code: one of the names in `runstream.error_codes`.
    """

    def __init__(
        self, message: object, error_code: str = INTERNAL_ERROR, **json_kwargs: object
    ) -> None:
        self.message = str(message)
        self.error_code = error_code if error_code in STATUS else INTERNAL_ERROR
        self.json_kwargs = json_kwargs
        super().__init__(self.message)

    def serialize_as_json(self) -> str:
        """The body that MLflow's REST API has for this error."""
        body = {"error_code": self.error_code, "message": self.message, **self.json_kwargs}
        return json.dumps(body)

    def get_http_status_code(self) -> int:
        """The HTTP status that MLflow's REST API has for this error."""
        return STATUS[self.error_code].http

    @classmethod
    def invalid_parameter_value(cls, message: object, **json_kwargs: object) -> MlflowException:
        """An error whose code is INVALID_PARAMETER_VALUE."""
        return cls(message, error_code=INVALID_PARAMETER_VALUE, **json_kwargs)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.message, self.error_code, self.json_kwargs)


class RestException(MlflowException):
    """The server answered with an error.

    json: the answer, with `error_code` and `message`.
    """

    def __init__(self, json: Mapping[str, object]) -> None:
        code = str(json.get("error_code", INTERNAL_ERROR))
        super().__init__(f"{code}: {json.get('message', 'no message')}", code)
        self.json = dict(json)

    def __reduce__(self) -> tuple[object, ...]:
        return RestException, (self.json,)


def _rebuilt(
    kind: type[MlflowException], message: str, code: str, json_kwargs: dict[str, object]
) -> MlflowException:
    return kind(message, code, **json_kwargs)
