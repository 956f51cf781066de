from __future__ import annotations

from runstream.agent.position import MergedPosition
from runstream.v1 import tracking_pb2


def position(log_id: str, **offsets: int) -> tracking_pb2.Position:
    return tracking_pb2.Position(
        log_id=log_id,
        offsets=[
            tracking_pb2.PartitionOffset(log=log, partition=0, next_offset=offset)
            for log, offset in offsets.items()
        ],
    )


def test_the_greatest_offset_of_each_partition_stays() -> None:
    merged = MergedPosition()
    merged.merge(position("a", events=5, registry=1))
    merged.merge(position("a", events=3))
    merged.merge(position("a", registry=2))
    assert merged.message() == position("a", events=5, registry=2)
    assert not merged.complete


def test_another_log_replaces_what_was_known() -> None:
    merged = MergedPosition()
    merged.merge(position("a", events=5))
    merged.merge(position("b", events=1), complete=True)
    assert merged.message() == position("b", events=1)
    assert merged.complete
