"""The stretches of points that share a series and a bucket of 1024 steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runstream_server.events.folds.columns import Ints
from runstream_server.events.folds.pointset import Index, PointSet
from runstream_server.events.folds.stretches import Summary, summary

# A bucket is step >> 10, arithmetic: -1 is in bucket -1, not in bucket 0.
BUCKET_BITS = 10


@dataclass(frozen=True)
class Buckets:
    """group: the series of each bucket; bucket: its number; summary: of its points."""

    group: Index
    bucket: Ints
    summary: Summary


def buckets(points: PointSet) -> Buckets:
    """Of at least one point."""
    bucket = points.step >> BUCKET_BITS
    begins = np.empty(len(points), dtype=np.bool_)
    np.not_equal(bucket[1:], bucket[:-1], out=begins[1:])
    begins[points.starts] = True
    starts = np.flatnonzero(begins)
    group = np.searchsorted(points.starts, starts, side="right") - 1
    return Buckets(group, bucket[starts], summary(points, starts))
