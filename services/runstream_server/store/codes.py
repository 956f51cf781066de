"""ClickHouse's error codes, by what they mean for whoever sees them.

Three kinds: TRANSIENT passes by itself; SYSTEMIC has nothing to do with the
rows of an insert and needs a person, or another statement; any other code that
answers an insert is about its rows. Numbers never change; the names are those
of the engine.
"""

from __future__ import annotations

# The same statement may work in a moment.
TRANSIENT: dict[int, str] = {
    3: "UNEXPECTED_END_OF_FILE",  # a request that was cut on its way
    95: "CANNOT_READ_FROM_SOCKET",
    96: "CANNOT_WRITE_TO_SOCKET",
    159: "TIMEOUT_EXCEEDED",
    173: "CANNOT_ALLOCATE_MEMORY",
    198: "DNS_ERROR",
    202: "TOO_MANY_SIMULTANEOUS_QUERIES",
    203: "NO_FREE_CONNECTION",
    209: "SOCKET_TIMEOUT",
    210: "NETWORK_ERROR",
    225: "NO_ZOOKEEPER",
    236: "ABORTED",
    241: "MEMORY_LIMIT_EXCEEDED",
    242: "TABLE_IS_READ_ONLY",  # its Keeper is away
    243: "NOT_ENOUGH_SPACE",
    244: "UNEXPECTED_ZOOKEEPER_ERROR",
    252: "TOO_MANY_PARTS",
    254: "NO_ACTIVE_REPLICAS",
    279: "ALL_CONNECTION_TRIES_FAILED",
    285: "TOO_FEW_LIVE_REPLICAS",
    286: "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE",
    289: "REPLICA_IS_NOT_IN_QUORUM",
    319: "UNKNOWN_STATUS_OF_INSERT",
    384: "PART_IS_TEMPORARILY_LOCKED",
    394: "QUERY_WAS_CANCELLED",
    416: "REPLICA_STATUS_CHANGED",
    439: "CANNOT_SCHEDULE_TASK",
    473: "DEADLOCK_AVOIDED",
    499: "S3_ERROR",
    745: "SERVER_OVERLOADED",
    762: "HTTP_CONNECTION_LIMIT_REACHED",
    777: "MEMORY_RESERVATION_KILLED",
    778: "MEMORY_RESERVATION_FAILED",
    999: "KEEPER_EXCEPTION",
    1019: "QUERY_SLOT_ACQUISITION_TIMEOUT",
    1020: "MEMORY_RESERVATION_ACQUISITION_TIMEOUT",
}

# Of the server, its disk, its users or its tables; never of the rows.
SYSTEMIC: dict[int, str] = {
    10: "NOT_FOUND_COLUMN_IN_BLOCK",
    16: "NO_SUCH_COLUMN_IN_TABLE",
    40: "CHECKSUM_DOESNT_MATCH",
    47: "UNKNOWN_IDENTIFIER",
    49: "LOGICAL_ERROR",
    60: "UNKNOWN_TABLE",
    62: "SYNTAX_ERROR",
    74: "CANNOT_READ_FROM_FILE_DESCRIPTOR",
    75: "CANNOT_WRITE_TO_FILE_DESCRIPTOR",
    76: "CANNOT_OPEN_FILE",
    81: "UNKNOWN_DATABASE",
    107: "FILE_DOESNT_EXIST",
    115: "UNKNOWN_SETTING",
    164: "READONLY",
    192: "UNKNOWN_USER",
    193: "WRONG_PASSWORD",
    194: "REQUIRED_PASSWORD",
    201: "QUOTA_EXCEEDED",
    218: "TABLE_IS_DROPPED",
    246: "CORRUPTED_DATA",
    294: "CANNOT_WRITE_TO_FILE",
    452: "SETTING_CONSTRAINT_VIOLATION",
    479: "UNKNOWN_DISK",
    497: "ACCESS_DENIED",
    516: "AUTHENTICATION_FAILED",
    586: "CANNOT_CREATE_FILE",
    641: "CANNOT_APPEND_TO_FILE",
    1001: "STD_EXCEPTION",
    1002: "UNKNOWN_EXCEPTION",
}

# Statuses of a server, or of what stands before it, that ask to come again.
TRANSIENT_STATUSES = (429, 502, 503, 504)


def is_transient(code: int) -> bool:
    return code in TRANSIENT


def is_of_rows(code: int) -> bool:
    """Does an insert that failed with this code fail because of its rows?"""
    return code != 0 and code not in TRANSIENT and code not in SYSTEMIC
