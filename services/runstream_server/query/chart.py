"""Charts: a series cut into buckets, each with its first, last, least and greatest value.

Nothing is averaged or left out, so no spike is ever lost. Points that were
stored twice change nothing here, so none of this has to merge them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.query.history import check_metric, series_condition
from runstream_server.query.sql import Parameters
from runstream_server.query.view import View

_BUCKETS_DEFAULT = 1000
_BUCKETS_MAX = 10_000
_INT64_MAX = 2**63 - 1

# Steps in a row of the roll-up, and how many rows a bucket must hold to be
# read from it: with fewer the buckets would be rounded too coarsely.
_BLOCK_BITS = 10
_BLOCK = 1 << _BLOCK_BITS
_BLOCKS_PER_BUCKET_MIN = 4

_FINITE = 8

_BUCKET = np.dtype(
    [
        ("bucket", "<u8"),
        ("first_at", "<i8"),
        ("first", "<f8"),
        ("last_at", "<i8"),
        ("last", "<f8"),
        ("minimum_at", "<i8"),
        ("minimum", "<f8"),
        ("maximum_at", "<i8"),
        ("maximum", "<f8"),
        ("flags", "u1"),
    ]
)


@dataclass(frozen=True)
class Cut:
    """How an axis is cut.

    begin, end: both included; start: where the first bucket begins (not after
    `begin`); width: of each bucket.
    """

    begin: int
    end: int
    start: int
    width: int


def cut_axis(begin: int, end: int, buckets: int) -> Cut:
    """At most so many buckets, begun at the first value."""
    width = -(-(end - begin + 1) // buckets)
    return Cut(begin, end, begin, min(width, _INT64_MAX))


def cut_around(begin: int, end: int, buckets: int) -> Cut:
    """For places of which a few may lie outside of the range, but none below 0."""
    cut = cut_axis(begin, end, buckets)
    return replace(cut, start=begin % cut.width - cut.width)


def cut_blocks(begin: int, end: int, buckets: int) -> Cut | None:
    """The same in whole blocks of the roll-up; None when that is too coarse."""
    first, last = begin >> _BLOCK_BITS, end >> _BLOCK_BITS
    blocks = -(-(last - first + 1) // buckets)
    if (end - begin + 1) // buckets < _BLOCKS_PER_BUCKET_MIN * _BLOCK:
        return None
    return Cut(begin, end, first << _BLOCK_BITS, min(blocks << _BLOCK_BITS, _INT64_MAX))


def read_chart(view: View, request: tracking.GetChartRequest) -> tracking.Chart:
    """The chart; without buckets when there is no point. Raises ServiceError."""
    check_metric(request.run_id, request.key)
    buckets = _bucket_count(request)
    guess = _clip(request, _roll_up_range(view, request))
    if guess is not None:
        cut = cut_blocks(*guess, buckets) if _by_step(request) else None
        if cut is not None:
            return _message(_from_rollup(view, request, cut), cut, "rollup")
        if not _by_step(request):
            # Usually times grow with the steps, and the guess is right.
            cut = cut_around(*guess, buckets)
            found = _from_points(view, request, cut)
            if len(found) <= buckets:
                return _message(found, cut, "points")
    ends = _clip(request, _point_range(view, request))
    if ends is None:
        return tracking.Chart()
    cut = cut_axis(*ends, buckets)
    return _message(_from_points(view, request, cut), cut, "points")


def _by_step(request: tracking.GetChartRequest) -> bool:
    return request.axis == tracking.CHART_AXIS_STEP


def _bucket_count(request: tracking.GetChartRequest) -> int:
    if request.buckets > _BUCKETS_MAX:
        raise ServiceError(
            INVALID_PARAMETER_VALUE,
            f"Invalid value {request.buckets} for parameter 'buckets' supplied: "
            f"it has to be between 1 and {_BUCKETS_MAX}.",
            ErrorPlace(field="buckets", limit=str(_BUCKETS_MAX)),
        )
    return request.buckets or _BUCKETS_DEFAULT


_Range = tuple[int, int] | None


def _clip(request: tracking.GetChartRequest, found: _Range) -> _Range:
    """What of a range is asked for; None when that is nothing."""
    if found is None:
        return None
    begin, end = found
    # `from` is a word of the language, so the field is reached by its name.
    if request.HasField("from"):
        begin = max(begin, getattr(request, "from"))
    if request.HasField("to"):
        end = min(end, request.to)
    return (begin, end) if begin <= end else None


def _roll_up_range(view: View, request: tracking.GetChartRequest) -> _Range:
    """All steps, in whole blocks; or times, some points may lie outside of which."""
    columns = (
        "count(), min(bucket), max(bucket)"
        if _by_step(request)
        else "countIf(has_finite = 1) AS n, minIf(first.timestamp, has_finite = 1), "
        "maxIf(last.timestamp, has_finite = 1)"
    )
    parameters = Parameters()
    ((count, first, last),) = view.rows(
        f"SELECT {columns} FROM {view.table('rollup')} "
        f"WHERE {series_condition(request, parameters)}",
        parameters.values,
    )
    if not count:
        return None
    if _by_step(request):
        return first << _BLOCK_BITS, (last << _BLOCK_BITS) + _BLOCK - 1
    return min(first, last), max(first, last)


def _point_range(view: View, request: tracking.GetChartRequest) -> _Range:
    """Where the first and the last point are on the axis, exactly."""
    at = _axes(request)[0]
    parameters = Parameters()
    condition = series_condition(request, parameters)
    ((count, begin, end),) = view.rows(
        f"SELECT count(), min({at}), max({at}) FROM {view.table('points')} WHERE {condition}",
        parameters.values,
    )
    return (begin, end) if count else None


def _axes(request: tracking.GetChartRequest) -> tuple[str, str]:
    """The axis, and the one that decides among points at one place of it."""
    return ("step", "timestamp") if _by_step(request) else ("timestamp", "step")


def _between(request: tracking.GetChartRequest, at: str, parameters: Parameters) -> str:
    """The condition for the ends that were asked for."""
    condition = ""
    if request.HasField("from"):
        condition += f" AND {at} >= {parameters.integer(getattr(request, 'from'))}"
    if request.HasField("to"):
        condition += f" AND {at} <= {parameters.integer(request.to)}"
    return condition


def _from_points(view: View, request: tracking.GetChartRequest, cut: Cut) -> NDArray[np.void]:
    at, other = _axes(request)
    parameters = Parameters()
    condition = series_condition(request, parameters)
    place = f"bitShiftLeft(toInt128({at}), 64) + {other}"
    return view.packed(
        f"SELECT {_bucket_of(at, cut, parameters)} AS b, "
        f"minIf({at}, isFinite(value)), argMinIf(value, {place}, isFinite(value)), "
        f"maxIf({at}, isFinite(value)), argMaxIf(value, {place}, isFinite(value)), "
        f"argMinIf({at}, value, isFinite(value)), minIf(value, isFinite(value)), "
        f"argMaxIf({at}, value, isFinite(value)), maxIf(value, isFinite(value)), "
        f"toUInt8(groupBitOr({_FLAG})) "
        f"FROM {view.table('points')} "
        f"WHERE {condition}{_between(request, at, parameters)} GROUP BY b ORDER BY b",
        _BUCKET,
        parameters.values,
    )


_FLAG = "multiIf(isFinite(value), 8, isNaN(value), 1, value > 0, 2, 4)"

# A point as a row of the roll-up.
_POINT_AS_BLOCK = """
    SELECT step AS place,
           if(isFinite(value), (step, timestamp, value), (9223372036854775807,
              9223372036854775807, 0)) AS first,
           if(isFinite(value), (step, timestamp, value), (-9223372036854775807 - 1,
              -9223372036854775807 - 1, 0)) AS last,
           if(isFinite(value), (value, step, timestamp), (inf, 0, 0)) AS minimum,
           if(isFinite(value), (value, step, timestamp), (-inf, 0, 0)) AS maximum,
           {flag} AS flag
"""


def _from_rollup(view: View, request: tracking.GetChartRequest, cut: Cut) -> NDArray[np.void]:
    """Whole blocks from the roll-up, what is cut at both ends from the points."""
    first = -(-cut.begin >> _BLOCK_BITS)
    after = (cut.end + 1) >> _BLOCK_BITS
    parameters = Parameters()
    condition = series_condition(request, parameters)
    blocks = (
        "SELECT bitShiftLeft(bucket, 10) AS place, first, last, minimum, maximum, "
        "has_nan + 2 * has_pos_inf + 4 * has_neg_inf + 8 * has_finite AS flag "
        f"FROM {view.table('rollup')} WHERE {condition} "
        f"AND bucket >= {parameters.integer(first)} AND bucket < {parameters.integer(after)}"
    )
    edges = (
        f" UNION ALL {_POINT_AS_BLOCK.format(flag=_FLAG)} FROM {view.table('points')} "
        f"WHERE {condition}{_between(request, 'step', parameters)} "
        f"AND (step < {parameters.integer(first << _BLOCK_BITS)} "
        f"OR step >= {parameters.integer(after << _BLOCK_BITS)})"
    )
    whole = cut.begin == first << _BLOCK_BITS and cut.end + 1 == after << _BLOCK_BITS
    return view.packed(
        "SELECT b, f.1, f.3, l.1, l.3, n.2, n.1, x.2, x.1, flags FROM ("
        f"SELECT {_bucket_of('place', cut, parameters)} AS b, "
        "min(first) AS f, max(last) AS l, min(minimum) AS n, max(maximum) AS x, "
        "toUInt8(groupBitOr(flag)) AS flags "
        f"FROM ({blocks}{'' if whole else edges}) GROUP BY b) ORDER BY b",
        _BUCKET,
        parameters.values,
    )


def _bucket_of(column: str, cut: Cut, parameters: Parameters) -> str:
    # The difference wraps where it exceeds an Int64, and is right as a UInt64.
    return (
        f"intDiv(toUInt64({column} - {parameters.integer(cut.start)}), "
        f"toUInt64({parameters.integer(cut.width)}))"
    )


def _message(rows: NDArray[np.void], cut: Cut, read_from: str) -> tracking.Chart:
    offsets = rows["bucket"] * np.uint64(cut.width)
    starts = (offsets + np.uint64(cut.start % 2**64)).astype(np.int64)
    finite = (rows["flags"] & _FINITE) != 0
    columns = {}
    for name in ("first", "last", "minimum", "maximum"):
        columns[name] = np.where(finite, rows[name], np.nan).tobytes()
        columns[f"{name}_at"] = np.where(finite, rows[f"{name}_at"], starts).tobytes()
    return tracking.Chart(
        bucket=starts.tobytes(),
        bucket_width=cut.width,
        flags=rows["flags"].tobytes(),
        read_from=read_from,
        **columns,
    )
