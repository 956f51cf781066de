"""Replacing a full file, overtaken at every step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runstream.spool.rotation import Rotation


class File:
    """Calls `interrupt` within a step, as a signal handler would."""

    def __init__(self, number: int, world: World) -> None:
        self.number = number
        self.sealed = False
        self.published = 0
        self._world = world
        world.files.append(self)

    def seal(self) -> None:
        self._world.step("seal")
        self.sealed = True
        self._world.step("sealed")

    def publish(self) -> None:
        self._world.step("publish")
        self.published += 1
        self._world.step("published")

    def discard(self) -> None:
        assert not self.published
        self._world.files.remove(self)


class World:
    def __init__(self) -> None:
        self.files: list[File] = []
        self.interrupt: Callable[[], None] | None = None
        self.at = ""

    def step(self, name: str) -> None:
        if name == self.at and self.interrupt:
            interrupt, self.interrupt = self.interrupt, None
            interrupt()

    def make(self, full: File) -> File:
        self.step("make")
        made = File(full.number + 1, self)
        self.step("made")
        return made


def rotation() -> tuple[World, Rotation[File]]:
    world = World()
    return world, Rotation(File(0, world), world.make)


def test_a_full_file_gets_a_successor() -> None:
    world, files = rotation()
    first = files.current
    second = files.advance(first)
    assert (second.number, second.published, first.sealed) == (1, 1, True)
    assert files.current is second
    assert files.advance(first) is second
    assert len(world.files) == 2


@pytest.mark.parametrize("rotations", [1, 3])
@pytest.mark.parametrize("at", ["seal", "sealed", "make", "made", "publish", "published"])
def test_a_handler_may_overtake_any_step(at: str, rotations: int) -> None:
    world, files = rotation()
    first = files.current

    def handler() -> None:
        for _ in range(rotations):
            files.advance(files.current)

    world.at, world.interrupt = at, handler
    assert files.advance(first) is files.current
    assert files.current.number == rotations
    assert [file.number for file in world.files] == list(range(rotations + 1))
    assert all(file.published for file in world.files[1:])
    assert all(file.sealed for file in world.files[:-1])


@pytest.mark.parametrize("at", ["seal", "sealed", "make", "made", "publish", "published"])
def test_an_exception_at_any_step_leaves_it_usable(at: str) -> None:
    world, files = rotation()
    first = files.current

    def stop() -> None:
        raise KeyboardInterrupt

    world.at, world.interrupt = at, stop
    with pytest.raises(KeyboardInterrupt):
        files.advance(first)
    assert files.current is first
    second = files.advance(first)
    assert second.number == 1
    assert second.published
