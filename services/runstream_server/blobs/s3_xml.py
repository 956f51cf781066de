"""The XML of uploads in parts: what is sent, and what is made of the answers. Pure."""

from __future__ import annotations

import base64
import binascii
import xml.etree.ElementTree as ET
from datetime import datetime, timezone
from typing import NamedTuple
from urllib.parse import unquote_plus

from runstream_server.blobs.parts import Part

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class StoredPart(NamedTuple):
    """A part that the server has, checked by it."""

    part: Part
    etag: str


class Begun(NamedTuple):
    """An upload in parts that was neither completed nor aborted."""

    name: str
    parts_id: str
    begun: datetime


def complete_body(parts: list[StoredPart]) -> bytes:
    """What asks to put parts together."""
    root = ET.Element("CompleteMultipartUpload", xmlns=_NAMESPACE)
    for stored in parts:
        element = ET.SubElement(root, "Part")
        ET.SubElement(element, "PartNumber").text = str(stored.part.number)
        ET.SubElement(element, "ETag").text = stored.etag
        ET.SubElement(element, "ChecksumSHA256").text = base64_of(stored.part.sha256)
    return ET.tostring(root)


def stored_part(element: ET.Element) -> StoredPart:
    """One of a list of parts."""
    sha256 = element.findtext(tag("ChecksumSHA256")) or ""
    part = Part(int(text(element, "PartNumber")), int(text(element, "Size")), _unbase64(sha256))
    return StoredPart(part, text(element, "ETag"))


def begun(element: ET.Element, coded: bool) -> Begun:
    """One of a list of unfinished uploads; coded: its name is as in a URL."""
    name = text(element, "Key")
    moment = datetime.fromisoformat(text(element, "Initiated").replace("Z", "+00:00"))
    return Begun(
        unquote_plus(name) if coded else name,
        text(element, "UploadId"),
        moment.astimezone(timezone.utc),
    )


def base64_of(digest: bytes) -> str:
    """As S3 writes checksums."""
    return base64.b64encode(digest).decode()


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:  # "…-3": of parts, not of bytes
        return b""


def tag(name: str) -> str:
    """The name of an element of theirs."""
    return f"{{{_NAMESPACE}}}{name}"


def text(element: ET.Element, name: str) -> str:
    """What stands in an element; empty when it is not there."""
    return element.findtext(tag(name)) or ""
