"""Sizes and times of the log on Kafka, unit in the name, reason beside it."""

from __future__ import annotations

from runstream_server.events.limits import RECORD_MAX_BYTES, STAMP_MAX_BYTES

# ---- Sizes ----

# What a record costs beside its value: a batch of its own has a header of 61
# bytes and a record of some 20; compression that fails adds less than 1 %.
_OVERHEAD_BYTES = 64 * 1024
# The largest batch that a topic has to take: one record can be a batch.
BATCH_MAX_BYTES = RECORD_MAX_BYTES + STAMP_MAX_BYTES + _OVERHEAD_BYTES
# What a topic is created with: room for records that a later version may allow.
TOPIC_MAX_MESSAGE_BYTES = 2 * RECORD_MAX_BYTES
# A producer has one request in flight per partition: what it carries over a
# round trip is a batch.
PRODUCER_BATCH_BYTES = 1024 * 1024
# One answer to a fetch; what materialize reads at once.
FETCH_MAX_BYTES = 16 * 1024 * 1024
# Of one partition in an answer: the largest batch, so that one fetch brings it.
PARTITION_FETCH_MAX_BYTES = TOPIC_MAX_MESSAGE_BYTES
# What may be on its way to the broker: the producer itself has no bound, and
# keeps all of it while the broker is away. More than ingest lets in
# (IN_FLIGHT_MAX_BYTES there), which refuses first.
ROOM_BYTES = 96 * 1024 * 1024

# ---- Times ----

# One try of a request; a leader that stands still is given up after it.
REQUEST_MS = 10_000
# All tries of one batch by one producer: an election takes a few seconds.
DELIVERY_MS = 15_000
# An append with another producer after that; below the 60 s of an agent's call.
APPEND_SECONDS = 25.0
# Whether anybody is there at all.
REACH_SECONDS = 3.0
# A new client finds its first broker in this time or not at all.
BOOTSTRAP_MS = 5_000
RECONNECT_MAX_MS = 1_000
# From one producer to the next of one append.
PAUSE_SECONDS = 0.2
# A start waits for a broker that starts at the same time.
CONNECT_SECONDS = 60.0
# A reader that knows of records and does not get them in this time gives up.
READ_SECONDS = 30.0
# A fetch that finds nothing is answered after it.
FETCH_WAIT_MS = 100
# A client that leaves says so, if it can.
CLOSE_MS = 2_000
# How often topics are looked at for having been replaced.
GUARD_SECONDS = 10.0

# The shortest retention of archived events: an archiver that is away for a while
# has to find them still there.
RETENTION_MIN_MS = 3_600_000

# ---- Groups ----

# A member that was killed is missed after this.
SESSION_MS = 10_000
HEARTBEAT_MS = 1_000
# A member that has no partition looks again after it: each look costs about half
# a millisecond.
SPARE_STEP_MS = 200
# One whose heartbeat the broker has not answered yet.
OVERDUE_STEP_MS = 50
# A member that does not poll for so long is hung; a flush takes seconds.
POLL_INTERVAL_MS = 300_000
