"""Errors of the client library as errors of the port.

    LogMismatchError       the log no longer has what was to be read
    LogUnavailableError    everything else: it may go away, or be mended

The library's own messages repeat whole requests: they stay out of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import errors as kafka

from runstream_server.eventlog.port import LogMismatchError, LogUnavailableError

#: Another try at once would end the same way.
HOPELESS = (
    kafka.TopicAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
    kafka.SaslAuthenticationFailedError,
    kafka.MessageSizeTooLargeError,
    kafka.RecordListTooLargeError,
)

_HINTS: dict[type[BaseException], str] = {
    kafka.TopicAuthorizationFailedError: "this user may not use the topic; grant it",
    kafka.ClusterAuthorizationFailedError: "this user may not use the cluster; grant it",
    kafka.GroupAuthorizationFailedError: "this user may not join the group; grant it",
    kafka.SaslAuthenticationFailedError: "the broker does not know this user and password",
    kafka.MessageSizeTooLargeError: "a record is larger than the topic's max.message.bytes",
    kafka.NotEnoughReplicasError: "fewer replicas are in sync than min.insync.replicas",
    kafka.KafkaTimeoutError: "no answer in time",
}


def reason(error: BaseException) -> str:
    """What happened, in a few words that hold nothing of a request."""
    name = type(error).__name__
    hint = next((text for kind, text in _HINTS.items() if isinstance(error, kind)), "")
    return f"{hint} ({name})" if hint else name


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raises the port's errors for the library's. doing: "reading the topic x"."""
    try:
        yield
    except (kafka.OffsetOutOfRangeError, kafka.LogTruncationError) as error:
        raise LogMismatchError(
            f"{doing}: the log does not have the offset that comes next ({type(error).__name__}). "
            "It lost records, or retention deleted them, or it was made again. Nothing was "
            "changed; put the right log in place, or rebuild the tables from this one"
        ) from None
    except (kafka.KafkaError, OSError) as error:
        raise LogUnavailableError(f"{doing}: {reason(error)}") from error
