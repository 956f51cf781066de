"""What is to be done when records of the log are lost: the same words everywhere."""

from __future__ import annotations

MEND = (
    "`runstream archive restore` makes the log again from its archive, in topics that are gone "
    "(delete what is left of the two) or of a new --kafka-prefix; what came after the archive's "
    "end stays lost. Without an archive, start a new deployment under another "
    "RUNSTREAM_KAFKA_PREFIX"
)
