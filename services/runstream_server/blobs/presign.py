"""Presigned requests to an S3 server: AWS Signature Version 4 in the query.

The client library signs no header but the host. Ours are signed too: a ticket
then allows exactly the bytes of its checksum.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Identity:
    """Who signs."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Place:
    """Where a request goes. endpoint: "http(s)://host[:port]", as its caller reaches it."""

    endpoint: str
    region: str
    bucket: str
    name: str


@dataclass(frozen=True)
class Signed:
    """What is allowed: a method, with these parameters and these headers, and no others."""

    method: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def presigned_url(
    place: Place, request: Signed, identity: Identity, now: datetime, valid_seconds: int
) -> str:
    """The URL of a request that whoever has it may make until it expires.

    now: in UTC. The request's headers have to be sent as they were signed.
    """
    scheme, _, host = place.endpoint.partition("://")
    path = "/" + quote(f"{place.bucket}/{place.name}", safe="/-_.~")
    headers = {"host": _signed_host(scheme, host)}
    headers.update({name.lower(): value.strip() for name, value in request.headers.items()})
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{place.region}/s3/aws4_request"
    query = {
        **request.query,
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{identity.access_key}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(valid_seconds),
        "X-Amz-SignedHeaders": ";".join(sorted(headers)),
    }
    if identity.session_token:
        query["X-Amz-Security-Token"] = identity.session_token
    query_text = _canonical_query(query)
    canonical = "\n".join(
        [
            request.method,
            path,
            query_text,
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            ";".join(sorted(headers)),
            "UNSIGNED-PAYLOAD",
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join([_ALGORITHM, stamp, scope, digest])
    signature = _hmac(_signing_key(identity, scope), to_sign).hex()
    return f"{scheme}://{host}{path}?{query_text}&X-Amz-Signature={signature}"


def _canonical_query(query: Mapping[str, str]) -> str:
    pairs = sorted((quote(name, safe="-_.~"), quote(query[name], safe="-_.~")) for name in query)
    return "&".join(f"{name}={value}" for name, value in pairs)


def _signed_host(scheme: str, host: str) -> str:
    """As HTTP clients send it: without the scheme's own port."""
    return host.removesuffix({"http": ":80", "https": ":443"}[scheme])


def _signing_key(identity: Identity, scope: str) -> bytes:
    key = b"AWS4" + identity.secret_key.encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
