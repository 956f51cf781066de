"""Errors with MLflow's codes."""

from __future__ import annotations

import json
import pickle

from runstream.exceptions import MlflowException, RestException, RunstreamError


def test_codes_and_statuses() -> None:
    error = MlflowException.invalid_parameter_value("no good", field="a")
    assert isinstance(error, RunstreamError)
    assert error.error_code == "INVALID_PARAMETER_VALUE"
    assert error.get_http_status_code() == 400
    assert json.loads(error.serialize_as_json()) == {
        "error_code": "INVALID_PARAMETER_VALUE", "message": "no good", "field": "a",
    }  # fmt: skip
    assert str(error) == "no good"


def test_an_unknown_code_is_an_internal_error() -> None:
    assert MlflowException("x", "WHATEVER").error_code == "INTERNAL_ERROR"
    assert MlflowException("x").get_http_status_code() == 500


def test_answers_of_the_server() -> None:
    error = RestException({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"})
    assert error.get_http_status_code() == 404
    assert str(error) == "RESOURCE_DOES_NOT_EXIST: none"
    assert error.json["message"] == "none"


def test_they_pickle() -> None:
    first = pickle.loads(pickle.dumps(MlflowException("x", "BAD_REQUEST", a=1)))
    assert (first.message, first.error_code, first.json_kwargs) == ("x", "BAD_REQUEST", {"a": 1})
    answer = {"error_code": "BAD_REQUEST", "message": "x"}
    assert pickle.loads(pickle.dumps(RestException(answer))).json == answer
