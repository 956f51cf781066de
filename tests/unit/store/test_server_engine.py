"""How the data of an insert goes to a server."""

from __future__ import annotations

from collections.abc import Iterator

import lz4.frame
import pytest

from runstream_server.store.address import parse_address
from runstream_server.store.server_engine import ServerEngine


@pytest.fixture
def engine() -> Iterator[ServerEngine]:
    made = ServerEngine(parse_address("http://someone:secret@127.0.0.1:1/database", ""))
    yield made
    made.close(clean=False)


def test_little_is_sent_as_it_is(engine: ServerEngine) -> None:
    assert engine.body([b"ab", memoryview(b"c")]) == {"insert_block": b"abc"}


def test_much_is_compressed_while_it_is_sent_and_can_be_sent_again(engine: ServerEngine) -> None:
    pieces: list[bytes | memoryview] = [b"head", memoryview(bytes(range(256)) * 4000), b"", b"tail"]
    body = engine.body(pieces)
    assert body["compression"] == "lz4"
    for _ in range(2):
        sent = list(body["insert_block"])
        assert max(map(len, sent)) < 300_000
        assert lz4.frame.decompress(b"".join(sent)) == b"".join(pieces)
