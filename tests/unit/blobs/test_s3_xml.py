from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import datetime, timezone

from runstream_server.blobs.parts import Part
from runstream_server.blobs.s3_xml import (
    Begun,
    StoredPart,
    base64_of,
    begun,
    complete_body,
    stored_part,
)

XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
STORED = StoredPart(Part(2, 6, b"s" * 32), '"etag"')


def test_a_part() -> None:
    text = f"""<Part {XMLNS}><PartNumber>2</PartNumber><ETag>"etag"</ETag><Size>6</Size>
        <ChecksumSHA256>{base64_of(b"s" * 32)}</ChecksumSHA256></Part>"""
    assert stored_part(ET.fromstring(text)) == STORED
    without = text.replace("ChecksumSHA256", "ChecksumCRC32")
    assert stored_part(ET.fromstring(without)).part.sha256 == b""


def test_an_unfinished_upload() -> None:
    text = f"""<Upload {XMLNS}><Initiated>2026-11-21T07:31:45.120Z</Initiated><Key>a%2Fb+c</Key>
        <UploadId>u</UploadId></Upload>"""
    moment = datetime(2026, 11, 21, 7, 31, 45, 120_000, timezone.utc)
    assert begun(ET.fromstring(text), True) == Begun("a/b c", "u", moment)
    assert begun(ET.fromstring(text), False).name == "a%2Fb+c"


def test_what_puts_parts_together() -> None:
    assert complete_body([STORED]).decode() == (
        f'<CompleteMultipartUpload {XMLNS}><Part><PartNumber>2</PartNumber><ETag>"etag"</ETag>'
        f"<ChecksumSHA256>{base64_of(b's' * 32)}</ChecksumSHA256></Part></CompleteMultipartUpload>"
    )
