from __future__ import annotations

from runstream.agent.limits import SPILL_AGE_SECONDS, SPILL_BYTES
from runstream.agent.spill import due
from runstream.spool.format import CELL_BYTES


def test_old_or_large_backlogs_go_to_disk() -> None:
    assert not due(0.0, 10)
    assert due(SPILL_AGE_SECONDS, 10)
    assert due(0.0, SPILL_BYTES // CELL_BYTES)
