"""What the journal's records say, as JSON.

epoch     {place, producer, reason}  a producer id starts: seqs from 1
frame     {at, frame}               a definition, an artifact or an end
cut       {uri, range, sends, artifacts}  recorded before its first send
revised   {uri, sends}              a refusal changed the cut
accepted  {uri}                     the whole cut is in the log
advanced  {uri, cursor}             up to here there was nothing for this lane
shut      {uri, run, reason}        the stream takes nothing any more
dropped   {at}                      an artifact was refused for good
stream    {uri, run, ...}           totals (in a checkpoint)
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

from runstream.agent.cut import Cursor, Range
from runstream.agent.sends import Send

Record = dict[str, Any]


@dataclass(frozen=True)
class Cut:
    """A recorded cut: a range, its batches, and the artifacts it logs."""

    chosen: Range
    sends: tuple[Send, ...]
    # Positions of the frames of the artifacts that this cut logs.
    artifacts: tuple[int, ...] = ()


def encode(record: Record) -> bytes:
    """A record as the journal's file takes it."""
    return json.dumps(record, separators=(",", ":")).encode()


def decode(payload: bytes) -> Record:
    """A record of the journal's file. Raises ValueError for anything else."""
    record = json.loads(payload)
    if not isinstance(record, dict):
        raise ValueError("a record of the journal is not an object")
    return record


def epoch(place: str, producer_id: bytes, reason: str) -> Record:
    return {"k": "epoch", "place": place, "producer": producer_id.hex(), "reason": reason}


def frame(at: int, end: int, payload: bytes) -> Record:
    return {"k": "frame", "at": at, "end": end, "frame": _text(payload)}


def read(position: int) -> Record:
    return {"k": "read", "to": position}


def cut(tracking_uri: str, made: Cut) -> Record:
    return {
        "k": "cut",
        "uri": tracking_uri,
        "range": [*made.chosen.start, *made.chosen.stop],
        "sends": [_send(send) for send in made.sends],
        "artifacts": list(made.artifacts),
    }


def revised(tracking_uri: str, sends: list[Send]) -> Record:
    return {"k": "revised", "uri": tracking_uri, "sends": [_send(send) for send in sends]}


def accepted(tracking_uri: str) -> Record:
    return {"k": "accepted", "uri": tracking_uri}


def advanced(tracking_uri: str, cursor: Cursor) -> Record:
    return {"k": "advanced", "uri": tracking_uri, "cursor": list(cursor)}


def shut(tracking_uri: str, run_id: str, reason: str) -> Record:
    return {"k": "shut", "uri": tracking_uri, "run": run_id, "reason": reason}


def dropped(at: int) -> Record:
    return {"k": "dropped", "at": at}


def cut_of(record: Record) -> Cut:
    """The Cut of a "cut" record."""
    cells, event_bytes, cells_stop, event_bytes_stop = record["range"]
    chosen = Range(Cursor(cells, event_bytes), Cursor(cells_stop, event_bytes_stop))
    return Cut(chosen, sends_of(record), tuple(record["artifacts"]))


def sends_of(record: Record) -> tuple[Send, ...]:
    """The batches of a "cut" or "revised" record."""
    return tuple(
        Send(
            run_index=raw["run"],
            seq=raw["seq"],
            crc32=raw["crc"],
            void=raw.get("void", ""),
            dropped=tuple(raw.get("dropped", ())),
            head=tuple(map(b64decode, raw.get("head", ()))),
            tail=tuple(map(b64decode, raw.get("tail", ()))),
            ends=raw.get("ends", False),
            points=raw.get("points", 0),
            events=raw.get("events", 0),
        )
        for raw in record["sends"]
    )


def frame_of(record: Record) -> bytes:
    """The payload of a "frame" record."""
    return b64decode(record["frame"])


def _send(send: Send) -> Record:
    raw: Record = {
        "run": send.run_index,
        "seq": send.seq,
        "crc": send.crc32,
        "void": send.void,
        "dropped": list(send.dropped),
        "head": [_text(event) for event in send.head],
        "tail": [_text(event) for event in send.tail],
        "ends": send.ends,
        "points": send.points,
        "events": send.events,
    }
    return {key: value for key, value in raw.items() if value or key in ("run", "seq", "crc")}


def _text(data: bytes) -> str:
    return b64encode(data).decode()
