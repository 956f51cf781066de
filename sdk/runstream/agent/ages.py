"""How long the oldest thing that is not accepted has waited. Pure."""

from __future__ import annotations

from collections import deque

from runstream.agent.cut import Cursor

# Finer than the second that is asked about, coarser than a poll.
_SAMPLE_SECONDS = 0.1


class Ages:
    """Samples of (time, what was visible then), as long as not all of it is accepted."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Cursor]] = deque()

    def note(self, now: float, visible: Cursor, accepted: Cursor) -> None:
        """Once per poll."""
        samples = self._samples
        while samples and _behind(samples[0][1], accepted):
            samples.popleft()
        if _behind(visible, accepted):
            return
        if not samples or (now - samples[-1][0] >= _SAMPLE_SECONDS and samples[-1][1] != visible):
            samples.append((now, visible))

    def oldest_seconds(self, now: float) -> float:
        """0 when nothing waits."""
        return now - self._samples[0][0] if self._samples else 0.0


def _behind(sample: Cursor, accepted: Cursor) -> bool:
    return sample.cells <= accepted.cells and sample.event_bytes <= accepted.event_bytes
