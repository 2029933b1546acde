"""Two photos that differ in nothing but the detail of what is hidden: the averages of all their blocks are the same."""

import random

import numpy

import libjpeg
from checks import Case
from libjpeg import Picture
from photos import Photo
from regions import hidden_blocks

HUFFMAN_TABLES = 0xC4
SCAN = 0xDA
END = 0xD9


def twins(case: Case, seed: str) -> tuple[Photo, Photo]:
    """The photo of a case, and the same with other AC coefficients in its hidden MCUs."""
    photo, dice = case.photo, random.Random(seed)
    coding = photo.coding
    # Optimised tables would follow the coefficients, and libjpeg optimises all of a progressive file.
    coding.optimise = False
    masks = [hidden_blocks(plane, case.hidden, len(case.before.planes)) for plane in case.before.planes]
    random_numbers = numpy.random.default_rng(dice.getrandbits(32))

    def detail(component: int, row: int, blocks: numpy.ndarray):
        hidden = masks[component][row]
        values = random_numbers.integers(-20, 21, blocks.shape)
        values[random_numbers.random(blocks.shape) < dice.random()] = 0
        blocks[hidden, 1:] = values[hidden, 1:]

    files = [libjpeg.rewrite(photo.file, coding, change) for change in (lambda *_: None, detail)]
    first, second = (Photo(photo.name, file, photo.boxes, coding=coding) for file in files)
    return first, second


def same_tables(first: bytes, second: bytes) -> bool:
    """Whether two files have the same Huffman tables."""
    return _tables(first) == _tables(second)


def _tables(file: bytes) -> list[bytes]:
    """The payloads of all DHT segments, in order (ITU-T T.81, B.2.4.2)."""
    tables, at = [], 2
    while file[at + 1] != END:
        marker, length = file[at + 1], int.from_bytes(file[at + 2 : at + 4])
        if marker == HUFFMAN_TABLES:
            tables.append(file[at + 4 : at + 2 + length])
        at += 2 + length
        if marker == SCAN:
            at = _next_marker(file, at)
    return tables


def _next_marker(file: bytes, at: int) -> int:
    """Skips entropy-coded data with its stuffed zeros and restart markers."""
    while file[at] != 0xFF or file[at + 1] == 0 or 0xD0 <= file[at + 1] <= 0xD7:
        at += 1
    return at


def differences(first: bytes, second: bytes) -> list[str]:
    """What of two outputs tells the two photos apart, if their Huffman tables were the same."""
    return [] if first == second else [f"the outputs differ: {len(first)} bytes and {len(second)} bytes"]


def coefficient_differences(first: Picture, second: Picture) -> list[str]:
    """The same, if only the coefficients can be compared."""
    pairs = zip(first.planes, second.planes, strict=True)
    differ = [index for index, (one, other) in enumerate(pairs) if not numpy.array_equal(one.blocks, other.blocks)]
    return [f"the coefficients of component {index} differ" for index in differ]
