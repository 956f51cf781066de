"""Every limit of the agent, unit in the name, reason beside it."""

from __future__ import annotations

# A record of the log is at most this long; ingest refuses above it. All sizes
# of messages derive from this one number.
RECORD_MAX_BYTES = 4 * 1024 * 1024
# Room for answers of reads and for framing, on both sides of a connection.
GRPC_MESSAGE_MAX_BYTES = 2 * RECORD_MAX_BYTES

# A cut aims at this size: large enough that the commit of the log is paid once
# for tens of thousands of points, small enough that a lost one is cheap.
CUT_TARGET_BYTES = 2_000_000
# What one point costs in a batch: u32 + i64 + i64 + f64.
POINT_BYTES = 28
CUT_MAX_CELLS = CUT_TARGET_BYTES // POINT_BYTES
# A batch above this is cut smaller; between target and record limit there is
# room for one large event and for key tables.
BATCH_MAX_BYTES = RECORD_MAX_BYTES - 256 * 1024

# How long the first new cell waits for company before its batch is cut. With
# poll and commit it keeps batches below 100 ms of age.
CUT_AGE_SECONDS = 0.04
# Polling while anything moves, and the slowest it gets when nothing does.
POLL_BUSY_SECONDS = 0.02
POLL_IDLE_SECONDS = 0.1
# Growth of the interval per poll that found nothing.
POLL_GROWTH = 1.25

# How often the folders are listed for new processes (a start pokes as well).
SCAN_SECONDS = 0.1
# How often the lock of a writer is looked at.
ALIVE_SECONDS = 0.2
# A dead process whose server does not answer is looked at this often: a backlog
# of hundreds of them must not cost a processor while a server is away.
REST_SECONDS = 0.5
# How often folders of other scopes are looked at.
ADOPT_SECONDS = 20.0
# What waits longer than this for its acknowledgement is copied to disk, so
# that a reboot loses no more than about a second.
SPILL_AGE_SECONDS = 1.0
# Not oftener than this per process: a copy costs disk bandwidth.
SPILL_SECONDS = 1.0
# More than this unsent on tmpfs is copied at once: its share of a process is 16 MB.
SPILL_BYTES = 8 * 1024 * 1024

# One attempt at a call; a batch is sent again with the same bytes.
APPEND_TIMEOUT_SECONDS = 60.0
CONTROL_TIMEOUT_SECONDS = 30.0
# Waits between attempts: the first, and the longest.
RETRY_FIRST_SECONDS = 0.1
RETRY_MAX_SECONDS = 10.0
# Built batches that wait for one destination; bounds memory when a server is
# away and hundreds of processes have something for it.
DESTINATION_MAX_BYTES = 64 * 1024 * 1024

# An embedded server imports a database engine: seconds on a cold, busy disk.
EMBEDDED_START_SECONDS = 60.0
HTTP_TIMEOUT_SECONDS = 60.0
# Whether gRPC is reachable is asked for so long, before HTTP is used instead.
GRPC_PROBE_SECONDS = 3.0
# Then again after so long, doubling. RUNSTREAM_AGENT_GRPC_SECONDS sets another first one.
GRPC_AGAIN_SECONDS = 60.0
GRPC_AGAIN_MAX_SECONDS = 600.0
# Batches on their way over HTTP at once, each on a connection and a thread.
HTTP_APPEND_THREADS = 8
HTTP_CHUNK_BYTES = 1024 * 1024
# Uploads side by side: enough to hide latency, few enough for two cores.
UPLOAD_THREADS = 4

# Parts of one large file side by side: as the files, and for the same reasons.
PARTS_SIDE_BY_SIDE = 4
# When nothing of a file has got through for so long, the attempt is over: the
# next one asks what is there. A store that is started again is back by then.
STALLED_SECONDS = 60.0
# Some stores copy all the parts before they answer.
COMPLETE_TIMEOUT_SECONDS = 600.0

# Nothing alive, nothing pending, no connection for this long: the agent leaves.
# RUNSTREAM_AGENT_IDLE_SECONDS sets another value.
IDLE_SECONDS = 10.0
# The guard waits this long before it starts a dead worker again, doubling.
RESTART_FIRST_SECONDS = 0.1
RESTART_MAX_SECONDS = 30.0

# Reserved when a journal is made, so that a full disk cannot stop the draining
# that would make room; rewritten as one checkpoint when half of it is used.
JOURNAL_BYTES = 64 * 1024
# A frame read at once from an events file.
FRAMES_READ_BYTES = 1024 * 1024
# Longest message on the agent's socket: an answer of a read and its frame.
SOCKET_MESSAGE_MAX_BYTES = 64 * 1024 * 1024
# The agent's log file is rotated once at this size.
LOG_MAX_BYTES = 4 * 1024 * 1024
