"""Sizes and times of the archive, unit in the name, reason beside it."""

from __future__ import annotations

# Records of one object before compression: a tenth of it is what a second reads,
# and a reader holds one object in memory.
SEGMENT_BYTES = 64 * 1024 * 1024
# The library's default: on columns a higher one takes much longer for little.
COMPRESSION_LEVEL = 3
# What is asked of the log at once.
POLL_BYTES = 8 * 1024 * 1024
# Records that are known to be there come in this time.
POLL_SECONDS = 10.0

# ---- Object storage ----

CONNECT_SECONDS = 3.0
# Between two pieces of an answer; the answer to a PUT comes after the disk has it.
ANSWER_SECONDS = 60.0
