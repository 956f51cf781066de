"""Points by raw appends: what the server takes, without the SDK."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import grpc

from runstream.v1 import tracking_pb2, tracking_pb2_grpc
from tests.e2e.harness import World

POINTS_PER_BATCH = 10_000
PRODUCERS = 8
_PATIENCE_SECONDS = 900

# Several producers side by side, as many agents would do. Arguments are the gRPC address,
# and the numbers of points, of points per batch, of producers, and of runs they write.
_PROGRAM = """
import json, sys, threading, time, uuid
import grpc, numpy as np
from runstream.v1 import events_pb2 as pb, ingest_pb2
address, points, size, producers, run_count = sys.argv[1], *map(int, sys.argv[2:])
keys = 10
channel = grpc.insecure_channel(address)
decode = ingest_pb2.AppendResponse.FromString
append = channel.unary_unary("/runstream.v1.Ingest/Append", None, decode)
index = np.tile(np.arange(keys, dtype="<u4"), size // keys).tobytes()
# So many that the tables do not find them again when they compress.
values = np.random.default_rng(1).normal(size=(200, size))
series = [pb.Series(key=f"metric_{k}") for k in range(keys)]
now = int(time.time() * 1000)
runs = [uuid.uuid4().hex for _ in range(run_count)]
sent, lock = {}, threading.Lock()
def request(number, producer, seq, first):
    step = np.repeat(np.arange(first, first + size // keys, dtype="<i8"), keys)
    value = values[(seq * producers + number) % len(values)]
    metrics = pb.Metrics(series=series, key_index=index, step=step.tobytes(),
                         timestamp=(now + step).tobytes(), value=value.tobytes())
    events = [pb.Event(time_ms=now, metrics=metrics)]
    if seq == 1:
        created = pb.RunCreated(experiment_id="0", start_time_ms=now, user_id="bench", run_name="b")
        events.insert(0, pb.Event(time_ms=now, run_created=created))
    return pb.AppendRequest(stream_id=runs[number % run_count], producer_id=producer, seq=seq,
                            attempt_start_ms=now, source=f"rank={number}",
                            events=events).SerializeToString()
def produce(number):
    producer, wire = uuid.uuid4().bytes, 0
    for seq in range(1, points // producers // size + 1):
        batch = request(number, producer, seq, (seq - 1) * (size // keys))
        answer = append(batch, timeout=120)
        wire += len(batch)
    with lock:
        sent[number] = answer.position.SerializeToString().hex(), wire
start, used = time.perf_counter(), time.process_time()
threads = [threading.Thread(target=produce, args=(number,)) for number in range(producers)]
for t in threads: t.start()
for t in threads: t.join()
print(json.dumps({"began": start, "seconds": time.perf_counter() - start,
                  "cpu": time.process_time() - used,
                  "points": points // producers // size * size * producers,
                  "wire": sum(wire for _, wire in sent.values()),
                  "positions": [position for position, _ in sent.values()]}))
"""


@dataclass(frozen=True)
class Appended:
    """What was sent and accepted.

    began: time.perf_counter() at the first batch. seconds: until the last was accepted.
    client_cpu_seconds, wire_bytes: of the process that sent, of its requests.
    positions: where in the log the producers ended.
    """

    points: int
    began: float
    seconds: float
    client_cpu_seconds: float
    wire_bytes: int
    positions: tuple[bytes, ...]


def append(world: World, address: str, points: int, runs: int = PRODUCERS) -> Appended:
    """From a process of its own, in batches; returns when all is accepted."""
    arguments = (address, str(points), str(POINTS_PER_BATCH), str(PRODUCERS), str(runs))
    out = json.loads(world.run(_PROGRAM, *arguments, timeout=_PATIENCE_SECONDS).splitlines()[-1])
    return Appended(
        out["points"],
        out["began"],
        out["seconds"],
        out["cpu"],
        out["wire"],
        tuple(bytes.fromhex(position) for position in out["positions"]),
    )


def wait_materialized(address: str, positions: Iterable[bytes]) -> None:
    """Until reads at that address see all of it."""
    with grpc.insecure_channel(address) as channel:
        query = tracking_pb2_grpc.QueryStub(channel)  # type: ignore[no-untyped-call]
        for position in positions:
            query.WaitForPosition(
                tracking_pb2.WaitForPositionRequest(),
                timeout=_PATIENCE_SECONDS,
                metadata=[("runstream-position-bin", position)],
            )
