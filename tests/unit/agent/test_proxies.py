"""Which proxy leads to a host."""

from __future__ import annotations

import base64

import pytest

from runstream.agent.proxies import ProxyError, proxy_for

SET = {"http_proxy": "http://p:8080", "HTTPS_PROXY": "http://u%40:w%3A@s:3128/"}


def test_by_scheme_and_in_both_cases() -> None:
    found = proxy_for("http", "host", 80, SET)
    assert found is not None
    assert (found.host, found.port, found.authorization) == ("p", 8080, "")
    found = proxy_for("https", "host", 443, SET)
    assert found is not None
    assert (found.host, found.port) == ("s", 3128)
    assert found.authorization == f"Basic {base64.b64encode(b'u@:w:').decode()}"
    assert "w" not in repr(found)
    assert proxy_for("https", "host", 443, {"http_proxy": "http://p"}) is None
    assert proxy_for("https", "host", 443, {"ALL_PROXY": "p:1"}) is not None
    both = {"http_proxy": "http://lower", "HTTP_PROXY": "http://upper"}
    found = proxy_for("http", "host", 80, both)
    assert found is not None
    assert found.host == "lower"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.3.4.5"])
def test_this_machine_needs_none(host: str) -> None:
    assert proxy_for("http", host, 80, SET) is None


@pytest.mark.parametrize(
    ("no_proxy", "host", "excepted"),
    [
        ("*", "host", True),
        ("host", "host", True),
        ("HOST", "host", True),
        (".example.org", "a.example.org", True),
        ("*.example.org", "a.example.org", True),
        ("example.org", "a.example.org", True),
        ("example.org", "badexample.org", False),
        ("other, host:5000", "host", True),
        ("host:5001", "host", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "host", False),
        ("no/net", "10.1.2.3", False),
        ("", "host", False),
        (" , ", "host", False),
    ],
)
def test_exceptions(no_proxy: str, host: str, excepted: bool) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        assert (proxy_for("http", host, 5000, {**SET, name: no_proxy}) is None) == excepted


@pytest.mark.parametrize(
    "value", ["https://u:secret@p", "socks5://u:secret@p", "http://u:secret@p:x"]
)
def test_what_is_not_understood_is_named_without_its_value(value: str) -> None:
    with pytest.raises(ProxyError, match="HTTP_PROXY") as caught:
        proxy_for("http", "host", 80, {"http_proxy": value})
    assert "secret" not in str(caught.value)
