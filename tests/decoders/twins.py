"""Two photos that differ in nothing but the detail of what is hidden: the averages of all their blocks are the same."""

import random

import numpy

import libjpeg
from checks import Case
from libjpeg import Picture
from photos import Photo
from regions import hidden_blocks
from segments import HUFFMAN_TABLES, payloads


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
    return payloads(first, HUFFMAN_TABLES) == payloads(second, HUFFMAN_TABLES)


def differences(first: bytes, second: bytes) -> list[str]:
    """What of two outputs tells the two photos apart, if their Huffman tables were the same."""
    return [] if first == second else [f"the outputs differ: {len(first)} bytes and {len(second)} bytes"]


def coefficient_differences(first: Picture, second: Picture) -> list[str]:
    """The same, if only the coefficients can be compared."""
    pairs = zip(first.planes, second.planes, strict=True)
    differ = [index for index, (one, other) in enumerate(pairs) if not numpy.array_equal(one.blocks, other.blocks)]
    return [f"the coefficients of component {index} differ" for index in differ]
