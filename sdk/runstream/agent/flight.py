"""A cut between its making and its acceptance."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from runstream.agent import sends
from runstream.agent.batch import RunContent
from runstream.agent.cut import Range
from runstream.agent.ledger import Ledger
from runstream.agent.limits import RECORD_MAX_BYTES
from runstream.agent.outcome import Refused
from runstream.agent.records import Cut
from runstream.agent.sends import Send
from runstream.v1 import tracking_pb2

Contents = dict[int, RunContent]


@dataclass
class Prepared:
    """Gathered, not yet recorded."""

    chosen: Range
    contents: Contents


@dataclass
class Shipment:
    """A batch of a recorded cut and what is going on with it."""

    send: Send
    payload: bytes
    in_air: bool = False
    done: bool = False
    refused: Refused | None = None
    attempts: int = 0
    retry_at: float = 0.0


@dataclass
class Flight:
    """A recorded cut on its way."""

    cut: Cut
    contents: Contents
    shipments: list[Shipment]
    # Held for the destination until the cut is accepted.
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.size_bytes = sum(len(shipment.payload) for shipment in self.shipments)


def shipment(ledger: Ledger, send: Send, contents: Contents) -> Shipment:
    """A batch with its bytes."""
    content = contents.get(send.run_index) or RunContent(send.run_index)
    entry = ledger.book.runs[send.run_index]
    return Shipment(send, sends.payload(send, content, entry, ledger.producer_id))


def sealed(ledger: Ledger, send: Send, contents: Contents) -> Shipment:
    """A batch with its bytes and their checksum."""
    made = shipment(ledger, send, contents)
    made.send = replace(send, crc32=zlib.crc32(made.payload))
    return made


def too_long(shipments: Iterable[Shipment], limit_bytes: int) -> bool:
    """Whether any batch is above the limit."""
    return any(len(made.payload) > limit_bytes for made in shipments)


def refuse_too_long(flight: Flight) -> None:
    """Batches that no server takes, however small the cut: refused here, unsent."""
    for made in flight.shipments:
        if len(made.payload) <= RECORD_MAX_BYTES or made.send.void:
            continue
        content = flight.contents.get(made.send.run_index) or RunContent(made.send.run_index)
        sizes = [len(item.event) for item in sends.kept_items(made.send, content)]
        longest = sizes.index(max(sizes))
        made.refused = Refused(
            3,
            f"an event of {max(sizes)} bytes is longer than a record may be "
            f"({RECORD_MAX_BYTES} bytes)",
            tracking_pb2.ErrorDetail(
                error_code="INVALID_PARAMETER_VALUE",
                limit=f"{RECORD_MAX_BYTES} bytes",
                event_indexes=[longest],
            ),
        )
