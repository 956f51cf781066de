"""Networks that fail: TCP proxies in one process, steered from outside.

Each link of a *network* forwards a port to another one. The networks are cut,
silenced or slowed as a whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from tests.servers.ports import free_port

Weather = Literal["clear", "cut", "silence", "slow"]

ROOT = Path(__file__).resolve().parents[3]
_HOST = "127.0.0.1"
_PIECE_BYTES = 64 * 1024
# A slow network: what is added to each piece, and what passes at most.
_SLOW_SECONDS = 0.1
_SLOW_BYTES_PER_SECOND = 500_000
_PATIENCE_SECONDS = 30.0


class Network:
    """All connections over it, and how it is now."""

    def __init__(self) -> None:
        self._weather: Weather = "clear"
        self._changed = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()

    def become(self, weather: Weather) -> None:
        self._weather = weather
        self._changed.set()
        self._changed = asyncio.Event()
        if weather == "cut":
            for writer in self._open:
                writer.transport.abort()

    async def connect(
        self, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carries one connection to its end."""
        with self._held(writer):
            if self._weather == "cut":
                return
            await self._passable(0)
            try:
                far_reader, far_writer = await asyncio.open_connection(_HOST, target)
            except OSError:
                return
            with self._held(far_writer):
                ways = (self._carry(reader, far_writer), self._carry(far_reader, writer))
                await asyncio.gather(*ways)

    @contextlib.contextmanager
    def _held(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(_PIECE_BYTES):
                await self._passable(len(piece))
                writer.write(piece)
                await writer.drain()
            writer.write_eof()
        except OSError:
            writer.transport.abort()

    async def _passable(self, size: int) -> None:
        if self._weather == "slow":
            await asyncio.sleep(_SLOW_SECONDS + size / _SLOW_BYTES_PER_SECOND)
        while self._weather == "silence":
            await self._changed.wait()


async def _serve() -> None:
    """Obeys lines of JSON: {"link": [network, port, target]} or {"become": [network, weather]}."""
    networks: dict[str, Network] = {}
    servers = []
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order: dict[str, Any] = json.loads(line)
        for verb, (name, *rest) in order.items():
            network = networks.setdefault(name, Network())
            if verb == "become":
                network.become(rest[0])
            else:
                port, target = rest
                servers.append(await asyncio.start_server(_carrier(network, target), _HOST, port))
        print("done", flush=True)


def _carrier(network: Network, target: int) -> Any:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await network.connect(target, reader, writer)

    return carry


class Proxy:
    """The process, from outside. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.faults.proxy"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def link(self, network: str, target: int, port: int = 0) -> int:
        """The port that leads to `target` over that network."""
        chosen = port or free_port()
        self._order(link=[network, chosen, target])
        return chosen

    def become(self, network: str, weather: Weather) -> None:
        """What the network is from now on."""
        self._order(become=[network, weather])

    def close(self) -> None:
        """May be called twice."""
        self._process.kill()
        self._process.communicate(timeout=_PATIENCE_SECONDS)

    def _order(self, **order: Any) -> None:
        with self._lock:
            stdin, stdout = self._process.stdin, self._process.stdout
            assert stdin is not None
            assert stdout is not None
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            if stdout.readline() != "done\n":
                raise RuntimeError("the proxy has ended")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())
