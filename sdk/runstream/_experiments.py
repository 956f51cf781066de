"""What the fluent functions and the client do to experiments, checked first."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from runstream import _limits as limits
from runstream import _server
from runstream._addresses import file_location
from runstream._validation import (
    as_text,
    check_experiment_id,
    check_experiment_name,
    check_experiment_tag,
    check_key,
    check_length,
    check_list,
    check_mapping,
    invalid_value,
)
from runstream.entities import Experiment, PagedList

# Where artifacts may lie: the server's own place, its bucket, a folder that the
# SDK writes to.
_LOCATIONS = ("mlflow-artifacts:", "s3:")


def create(
    uri: str, name: str, artifact_location: str | None, tags: Mapping[str, Any] | None
) -> str:
    """A new experiment's id."""
    checked = dict(
        check_experiment_tag(key, value)
        for key, value in check_mapping("tags", {} if tags is None else tags).items()
    )
    location = _location(artifact_location)
    return _server.create_experiment(
        uri, check_experiment_name(name), location, checked
    ).experiment_id


def _location(artifact_location: str | None) -> str:
    if artifact_location is None or (isinstance(artifact_location, str) and not artifact_location):
        return ""
    text = as_text("artifact_location", artifact_location)
    check_length("artifact_location", text, limits.ARTIFACT_LOCATION_LENGTH_CHARACTERS)
    if text.startswith(_LOCATIONS):
        return text
    location = file_location(text)
    if location is None:
        raise invalid_value(
            "artifact_location", text, "a folder (file:), mlflow-artifacts: or s3: of the server."
        )
    return location


def search(
    uri: str,
    view_type: int,
    max_results: int,
    filter_string: str | None,
    order_by: Sequence[str] | None,
    page_token: str | None,
) -> PagedList[Experiment]:
    """One page of experiments."""
    wanted = _server.Search(
        filter="" if filter_string is None else filter_string,
        view_type=view_type,
        max_results=check_max_results(max_results),
        order_by=check_list("order_by", () if order_by is None else order_by),
        page_token="" if page_token is None else page_token,
    )
    return _server.search_experiments(uri, wanted)


def check_max_results(max_results: Any) -> int:
    """The size of a page."""
    try:
        number = operator.index(max_results)
    except TypeError as error:
        raise invalid_value("max_results", max_results, "it must be an integer.") from error
    if not 1 <= number <= limits.SEARCH_MAX_RESULTS:
        raise invalid_value(
            "max_results", max_results, f"it must be from 1 to {limits.SEARCH_MAX_RESULTS}."
        )
    return number


def set_tags(uri: str, experiment_id: str, tags: Mapping[str, Any]) -> None:
    checked = dict(
        check_experiment_tag(key, value) for key, value in check_mapping("tags", tags).items()
    )
    _server.tag_experiment(uri, check_experiment_id(experiment_id), checked)


def delete_tag(uri: str, experiment_id: str, key: str) -> None:
    _server.tag_experiment(uri, check_experiment_id(experiment_id), {}, [check_key(key)])
