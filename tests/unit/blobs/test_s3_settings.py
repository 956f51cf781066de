from __future__ import annotations

from typing import Any

import pytest

from runstream_server.blobs.s3_settings import S3Settings, S3SettingsError


def settings(**more: Any) -> S3Settings:
    return S3Settings(**{"endpoint": "http://s3:9000", "bucket": "runs", **more})


def test_defaults() -> None:
    plain = settings()
    assert plain.region == "us-east-1"
    assert plain.tickets_endpoint == "http://s3:9000"
    assert plain.artifacts_prefix == "artifacts/"
    assert plain.root == "s3://runs"
    deep = settings(prefix="team/a", public_endpoint="https://files.example.org")
    assert deep.tickets_endpoint == "https://files.example.org"
    assert deep.artifacts_prefix == "team/a/artifacts/"
    assert deep.root == "s3://runs"


def test_no_secret_in_the_repr() -> None:
    assert "hidden" not in repr(settings(access_key="key", secret_key="hidden"))


@pytest.mark.parametrize(
    ("field", "value", "variable"),
    [
        ("endpoint", "", "RUNSTREAM_S3_ENDPOINT"),
        ("endpoint", "s3:9000", "RUNSTREAM_S3_ENDPOINT"),
        ("endpoint", "ftp://s3", "RUNSTREAM_S3_ENDPOINT"),
        ("endpoint", "http://s3/path", "RUNSTREAM_S3_ENDPOINT"),
        ("endpoint", "http://key:secret@s3", "RUNSTREAM_S3_ENDPOINT"),
        ("public_endpoint", "https://", "RUNSTREAM_S3_PUBLIC_ENDPOINT"),
        ("public_endpoint", "https://s3/", "RUNSTREAM_S3_PUBLIC_ENDPOINT"),
        ("bucket", "", "RUNSTREAM_S3_BUCKET"),
        ("bucket", "ab", "RUNSTREAM_S3_BUCKET"),
        ("bucket", "../etc", "RUNSTREAM_S3_BUCKET"),
        ("bucket", "Upper", "RUNSTREAM_S3_BUCKET"),
        ("region", "", "RUNSTREAM_S3_REGION"),
        ("prefix", "/a", "RUNSTREAM_S3_PREFIX"),
        ("prefix", "a/../b", "RUNSTREAM_S3_PREFIX"),
        ("prefix", "a/", "RUNSTREAM_S3_PREFIX"),
        ("access_key", "alone", "RUNSTREAM_S3_SECRET_KEY"),
    ],
)
def test_bad_values_name_their_variable(field: str, value: str, variable: str) -> None:
    with pytest.raises(S3SettingsError, match=variable) as caught:
        settings(**{field: value})
    assert "secret@" not in str(caught.value)
