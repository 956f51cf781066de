"""Forms of ids, and the one that server and SDK compute alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runstream import _ids, _limits
from runstream.agent import limits as agent_limits
from runstream_server.events import ids, limits


@given(st.text(st.characters(codec="utf-8"), max_size=50))
def test_provisional_ids_are_those_of_the_sdk(name: str) -> None:
    assert str(ids.provisional_experiment_id(name)) == _ids.provisional_experiment_id(name)
    assert len(str(ids.provisional_experiment_id(name))) == 18


@pytest.mark.parametrize("text", ["0" * 31, "0" * 33, "A" * 32, "g" * 32, "m-" + "0" * 32, ""])
def test_what_is_no_run(text: str) -> None:
    assert not ids.is_run_id(text)
    assert not ids.is_upload_id(text)


def test_what_is_a_stream() -> None:
    assert ids.is_run_id("0" * 32)
    assert ids.is_model_stream("m-" + "0" * 32)
    assert not ids.is_model_stream("0" * 32)


def test_the_sdk_has_the_same_limits() -> None:
    assert agent_limits.RECORD_MAX_BYTES == limits.RECORD_MAX_BYTES
    assert agent_limits.GRPC_MESSAGE_MAX_BYTES == limits.MESSAGE_MAX_BYTES
    pairs = {
        _limits.KEY_LENGTH_CHARACTERS: limits.KEY_CHARACTERS,
        _limits.PARAM_VALUE_LENGTH_CHARACTERS: limits.PARAM_VALUE_CHARACTERS,
        _limits.TAG_VALUE_LENGTH_CHARACTERS: limits.TAG_VALUE_CHARACTERS,
        _limits.EXPERIMENT_NAME_LENGTH_CHARACTERS: limits.EXPERIMENT_NAME_CHARACTERS,
        _limits.EXPERIMENT_TAG_VALUE_LENGTH_CHARACTERS: limits.EXPERIMENT_TAG_VALUE_CHARACTERS,
        _limits.ARTIFACT_LOCATION_LENGTH_CHARACTERS: limits.ARTIFACT_LOCATION_CHARACTERS,
        _limits.ARTIFACT_PATH_LENGTH_BYTES: limits.ARTIFACT_PATH_BYTES,
        _limits.SOURCE_LENGTH_CHARACTERS: limits.SOURCE_CHARACTERS,
        _limits.DATASET_NAME_LENGTH_CHARACTERS: limits.DATASET_NAME_CHARACTERS,
        _limits.DATASET_DIGEST_LENGTH_CHARACTERS: limits.DATASET_DIGEST_CHARACTERS,
    }
    assert list(pairs) == list(pairs.values())
