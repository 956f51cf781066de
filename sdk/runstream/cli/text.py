"""Values as people read them."""

from __future__ import annotations

from datetime import datetime

AGES = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
UNITS = ("B", "kB", "MB", "GB", "TB")


def number(value: float) -> str:
    """A metric's value in at most six digits."""
    return f"{value:.6g}"


def count(value: int) -> str:
    """A count, with the thousands apart."""
    return f"{value:,}"


def time(unix_ms: int | None) -> str:
    """A time in the zone of this machine; empty when there is none."""
    if unix_ms is None:
        return ""
    return datetime.fromtimestamp(unix_ms / 1000).strftime("%Y-%m-%d %H:%M:%S")


def age(unix_ms: int | None, now_ms: float) -> str:
    """How long ago something was, in its largest unit."""
    if unix_ms is None:
        return ""
    seconds = max(0, now_ms - unix_ms) / 1000
    for unit, unit_seconds in AGES:
        if seconds >= unit_seconds:
            return f"{seconds // unit_seconds:.0f} {unit} ago"
    return "now"


def duration(start_ms: int | None, end_ms: int | None) -> str:
    """How long something took, in one or two units; empty while it goes on."""
    if start_ms is None or end_ms is None:
        return ""
    seconds = max(0, end_ms - start_ms) / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def size(size_bytes: int | None) -> str:
    """A size in decimal units; empty for a folder."""
    if size_bytes is None:
        return ""
    value = float(size_bytes)
    for unit in UNITS:
        if value < 1000 or unit == UNITS[-1]:
            break
        value /= 1000
    return f"{size_bytes} B" if unit == "B" else f"{value:.1f} {unit}"


def plural(amount: int, thing: str) -> str:
    """ "1 point", "2 points"."""
    return f"{count(amount)} {thing}" if amount == 1 else f"{count(amount)} {thing}s"
