"""An error of a service as an HTTP answer: MLflow's JSON."""

from __future__ import annotations

from starlette.responses import JSONResponse

from runstream.error_codes import INTERNAL_ERROR, STATUS


def answer(error_code: str, message: str) -> JSONResponse:
    """The status of the code, and {"error_code", "message"}."""
    status = STATUS.get(error_code, STATUS[INTERNAL_ERROR])
    return JSONResponse({"error_code": error_code, "message": message}, status_code=status.http)
