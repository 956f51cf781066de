"""The meta file: identity, lock, shared words."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runstream.spool import meta as meta_module
from runstream.spool.meta import (
    ACCEPTED_CELLS,
    META_BYTES,
    MIRROR,
    WORDS,
    Meta,
    MetaFile,
    create_meta,
    unpack_meta,
)
from tests.unit.spool.helpers import in_child

META = Meta(
    bytes(range(16)), 4321, 1_700_000_000_000, "boot" * 9, "0123456789abcdef", {"host": "ö"}
)


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """The meta file of a process that is gone."""
    assert in_child(lambda: create_meta(tmp_path / "meta", META)) == 0
    return tmp_path / "meta"


def test_a_meta_comes_back() -> None:
    assert len(META.pack()) == META_BYTES
    assert unpack_meta(META.pack()) == META


@given(st.integers(0, META_BYTES - 1), st.integers(1, 255))
def test_damage_is_seen_or_does_not_matter(at: int, change: int) -> None:
    page = bytearray(META.pack())
    page[at] ^= change
    assert unpack_meta(bytes(page)) in (None, META)


def test_words_are_not_part_of_the_identity() -> None:
    page = bytearray(META.pack())
    for word in (*WORDS, MIRROR):
        page[word * 8] = 1
    assert unpack_meta(bytes(page)) == META


def test_a_long_identity_is_refused() -> None:
    with pytest.raises(ValueError, match="identity"):
        Meta(bytes(16), 1, 1, "b", "s", {"host": "x" * 3000}).pack()


def test_the_lock_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        create_meta(tmp_path / "meta", META)
        os.write(write, b"!")
        signal.pause()
    os.read(read, 1)
    file = MetaFile(tmp_path / "meta")
    assert file.writer_alive()
    assert not file.adopt()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert not file.writer_alive()
    assert file.adopt()
    assert in_child(lambda: os._exit(MetaFile(tmp_path / "meta").adopt())) == 0
    assert not file.writer_alive()
    file.close()
    for fd in (read, write):
        os.close(fd)


def test_the_writer_itself_reads_without_losing_its_lock(tmp_path: Path) -> None:
    create_meta(tmp_path / "meta", META)
    file = MetaFile(tmp_path / "meta")
    assert file.meta == META
    assert file.writer_alive()
    assert not file.adopt()
    file.close()
    assert in_child(lambda: os._exit(not MetaFile(tmp_path / "meta").writer_alive())) == 0


@pytest.mark.parametrize("mapped", [True, False])
def test_words_are_shared(dead: Path, mapped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meta_module, "is_mappable", lambda _: mapped)
    file, other = MetaFile(dead), MetaFile(dead)
    assert file.word(ACCEPTED_CELLS) == 0
    file.store_word(ACCEPTED_CELLS, 2**63 + 5)
    assert other.word(ACCEPTED_CELLS) == 2**63 + 5
    assert file.meta == META
    file.close()
    other.close()


@pytest.mark.parametrize("content", [b"", b"x" * META_BYTES, META.pack()[:-1]])
def test_a_damaged_file_is_a_value_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "meta").write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        MetaFile(tmp_path / "meta")


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        MetaFile(tmp_path / "meta")
