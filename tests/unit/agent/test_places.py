from __future__ import annotations

import os
import socket
from pathlib import Path

from runstream.agent import places


def test_the_lock_belongs_to_the_open_file(tmp_path: Path) -> None:
    first, second = places.open_lock(tmp_path), places.open_lock(tmp_path)
    copy = os.dup(first)
    assert places.try_lock(first)
    assert places.try_lock(copy)
    assert not places.try_lock(second)
    os.close(first)
    assert not places.try_lock(second)  # the copy still holds it
    os.close(copy)
    assert places.try_lock(second)
    places.unlock(second)
    os.close(second)


def test_a_socket_in_a_folder_with_a_long_name(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        with places.socket_path(folder) as path:
            listener.bind(path)
        listener.listen()
        assert (folder / places.SOCKET).exists()
        with places.socket_path(folder) as path:
            client.connect(path)


def test_poking(tmp_path: Path) -> None:
    places.poke(tmp_path)  # no agent: nothing happens
    fd = places.open_poke(tmp_path)
    again = places.open_poke(tmp_path)
    places.poke(tmp_path)
    assert os.read(fd, 10) == b"\0"
    for _ in range(70_000):  # more than the FIFO holds
        places.poke(tmp_path)
        if len(os.read(fd, 1)) == 0:
            break
        break
    for each in (fd, again):
        os.close(each)


def test_the_reserve_is_kept(tmp_path: Path) -> None:
    places.keep_reserve(tmp_path, 4096)
    places.keep_reserve(tmp_path, 8192)
    assert (tmp_path / places.RESERVE).stat().st_size == 4096
    assert [path.name for path in tmp_path.iterdir()] == [places.RESERVE]
    places.keep_reserve(tmp_path / "missing", 1)
