"""The segments of a JPEG file (ITU-T T.81, Annex B), of one that is known to be sound."""

import re
from collections.abc import Iterator

HUFFMAN_TABLES = 0xC4
START_OF_SCAN = 0xDA
RESTART_INTERVAL = 0xDD
END = 0xD9

_RESTART_MARKER = re.compile(rb"\xff[\xd0-\xd7]")


def segments(file: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment between SOI and EOI; a scan with its entropy-coded data."""
    at = 2
    while (marker := file[at + 1]) != END:
        if marker == 0xFF:
            at += 1
            continue
        end = at + 2 + int.from_bytes(file[at + 2 : at + 4])
        if marker == START_OF_SCAN:
            end = _next_marker(file, end)
        yield marker, at, end
        at = end


def _next_marker(file: bytes, at: int) -> int:
    """Skips entropy-coded data with its stuffed zeros, restart markers, and fill bytes before those."""
    while file[at] != 0xFF or file[at + 1] in (0, 0xFF) or 0xD0 <= file[at + 1] <= 0xD7:
        at += 1
    return at


def payloads(file: bytes, wanted: int) -> list[bytes]:
    """What each segment of a kind holds, in order."""
    return [file[start + 4 : end] for marker, start, end in segments(file) if marker == wanted]


def restart_intervals(file: bytes) -> set[int]:
    """Every restart interval that the file states, in MCUs. Scans of several components can have each its own."""
    return {int.from_bytes(payload) for payload in payloads(file, RESTART_INTERVAL)} - {0}


def dressed(file: bytes) -> bytes:
    """The same picture with what the standard allows besides: a comment, fill bytes before every marker (B.1.1.2) but
    the first, and something behind the end."""
    parts = [file[:2], b"\xff\xfe\x00\x09comment"]
    end = 2
    for marker, start, end in segments(file):
        body = file[start:end]
        if marker == START_OF_SCAN:
            body = _RESTART_MARKER.sub(lambda found: b"\xff\xff" + found[0], body)
        parts += [b"\xff", body]
    return b"".join([*parts, b"\xff", file[end:], b"behind the end"])
