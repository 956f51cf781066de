"""A search of logged models, as MLflow's callers say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runstream._messages import tracking_pb2
from runstream._validation import check_experiment_id
from runstream.exceptions import MlflowException

_ORDER_FIELDS = frozenset({"field_name", "ascending", "dataset_name", "dataset_digest"})


def search_request(
    experiment_ids: Sequence[str | int],
    filter_string: str | None,
    datasets: Sequence[Mapping[str, str]] | None,
    max_results: int | None,
    order_by: Sequence[Mapping[str, Any]] | None,
    page_token: str | None,
) -> tracking_pb2.SearchLoggedModelsRequest:
    """The request for one page. Raises INVALID_PARAMETER_VALUE for an odd dictionary."""
    return tracking_pb2.SearchLoggedModelsRequest(
        experiment_ids=[check_experiment_id(item) for item in experiment_ids],
        filter=filter_string or "",
        datasets=[_dataset(item) for item in datasets or ()],
        max_results=max_results or 0,
        order_by=[_order(item) for item in order_by or ()],
        page_token=page_token or "",
    )


def _dataset(given: Mapping[str, str]) -> tracking_pb2.DatasetFilter:
    if not given.get("dataset_name"):
        raise MlflowException.invalid_parameter_value(
            "`dataset_name` in the `datasets` clause must be specified."
        )
    return tracking_pb2.DatasetFilter(
        name=given["dataset_name"], digest=given.get("dataset_digest") or ""
    )


def _order(given: Mapping[str, Any]) -> tracking_pb2.ModelOrder:
    odd = sorted(set(given) - _ORDER_FIELDS)
    if odd or not given.get("field_name"):
        raise MlflowException.invalid_parameter_value(
            f"Invalid order_by clause {dict(given)!r}: `field_name` must be specified; known are "
            f"{', '.join(sorted(_ORDER_FIELDS))}."
        )
    return tracking_pb2.ModelOrder(
        field=given["field_name"],
        descending=not given.get("ascending", True),
        dataset_name=given.get("dataset_name") or "",
        dataset_digest=given.get("dataset_digest") or "",
    )
