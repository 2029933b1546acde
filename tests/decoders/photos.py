"""JPEG files of every kind, each made from its number alone, and the project's sample photos."""

import functools
import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy
from PIL import Image

import libjpeg
from libjpeg import CMYK, COMPONENTS, GREY, RGB, YCBCR, YCCK, Coding, Scan
from regions import Box, random_boxes
from segments import dressed

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
EXIF_ORIENTATION = 0x0112
MOST_BLOCKS_IN_MCU = 10

Sampling = tuple[tuple[int, int], ...]

# What cameras, phones and image editors write.
_USUAL: list[tuple[int, Sampling]] = [
    (GREY, ((1, 1),)),
    (YCBCR, ((1, 1), (1, 1), (1, 1))),
    (YCBCR, ((2, 1), (1, 1), (1, 1))),
    (YCBCR, ((2, 2), (1, 1), (1, 1))),
    (YCBCR, ((1, 2), (1, 1), (1, 1))),
    (YCBCR, ((4, 1), (1, 1), (1, 1))),
    (YCBCR, ((4, 2), (1, 1), (1, 1))),
    (RGB, ((1, 1), (1, 1), (1, 1))),
    (CMYK, ((1, 1), (1, 1), (1, 1), (1, 1))),
    (YCCK, ((1, 1), (1, 1), (1, 1), (1, 1))),
    (YCCK, ((2, 2), (1, 1), (1, 1), (2, 2))),
]
# What the standard allows and libjpeg decodes. Some are too large for one scan.
_ODD: list[tuple[int, Sampling]] = [
    (GREY, ((2, 2),)),
    (GREY, ((2, 1),)),
    (GREY, ((4, 3),)),
    (YCBCR, ((3, 1), (1, 1), (1, 1))),
    (YCBCR, ((1, 3), (1, 1), (1, 1))),
    (YCBCR, ((1, 4), (1, 1), (1, 1))),
    (YCBCR, ((2, 4), (1, 1), (1, 1))),
    (YCBCR, ((2, 2), (2, 1), (1, 2))),
    (YCBCR, ((2, 2), (2, 1), (2, 1))),
    (YCBCR, ((2, 2), (1, 2), (1, 2))),
    (YCBCR, ((4, 1), (2, 1), (1, 1))),
    (YCBCR, ((1, 1), (2, 2), (2, 2))),
    (YCBCR, ((1, 1), (2, 1), (1, 2))),
    (YCBCR, ((1, 2), (2, 1), (1, 1))),
    (YCBCR, ((2, 1), (2, 1), (2, 1))),
    (YCBCR, ((1, 3), (1, 3), (1, 3))),
    (YCBCR, ((2, 2), (2, 2), (2, 2))),
    (YCBCR, ((4, 4), (1, 1), (1, 1))),
    (YCBCR, ((4, 4), (2, 2), (1, 4))),
    (RGB, ((2, 1), (1, 1), (1, 1))),
    (RGB, ((1, 1), (2, 2), (1, 1))),
    (CMYK, ((1, 1), (2, 1), (1, 1), (2, 1))),
    (YCCK, ((2, 1), (1, 1), (1, 1), (2, 1))),
    (YCCK, ((1, 2), (1, 1), (1, 1), (1, 1))),
]


@dataclass
class Photo:
    """A file, and what is to be hidden in it."""

    name: str
    file: bytes
    boxes: list[Box]
    orientation: int = 1
    # How it was written; none for a sample.
    coding: Coding | None = None
    # Faces so large that the file may change its size at will.
    filled: bool = False

    @property
    def is_sample(self) -> bool:
        """Whether it is one of the project's photos."""
        return self.coding is None


def generated(number: int) -> Photo:
    """Always the same file and boxes for the same number."""
    dice = random.Random(f"photo {number}")
    coding = random_coding(dice)
    width, height = _side(dice), _side(dice)
    picture, pixels = _pixels(dice, width, height, COMPONENTS[coding.colours])
    name = f"{number}: {width}x{height} {picture}, {describe(coding)}"
    file, boxes = libjpeg.encode(pixels, coding), random_boxes(dice)
    if dice.random() < 0.1:
        name, file = f"{name}, dressed", dressed(file)
    return Photo(name, file, boxes, coding=coding)


def random_coding(dice: random.Random) -> Coding:
    """One of the ways in which a file can be written."""
    colours, sampling = dice.choice(_USUAL if dice.random() < 0.6 else _ODD)
    coding = Coding(colours, list(sampling))
    coding.quality, coding.baseline = dice.randint(20, 100), True
    if dice.random() < 0.05:
        # Quantisation values above 255: an extended sequential file.
        coding.quality, coding.baseline = dice.randint(1, 12), False
    coding.optimise = dice.random() < 0.4
    if dice.random() < 0.3:
        coding.restart_interval = dice.choice((1, 2, 3, 5, 8, 13, 40))
    elif dice.random() < 0.15:
        coding.restart_rows = dice.choice((1, 2))
    _set_scans(dice, coding)
    return coding


def _set_scans(dice: random.Random, coding: Coding):
    """One scan, several, or progressive."""
    components = tuple(range(len(coding.sampling)))
    blocks = sum(across * down for across, down in coding.sampling)
    one_scan = len(components) == 1 or blocks <= MOST_BLOCKS_IN_MCU
    kind = dice.choice(("one", "one", "one", "several", "progressive", "script")) if one_scan else "several"
    if kind == "progressive":
        coding.progressive = True
    elif kind == "script":
        coding.progressive = True
        coding.script = [(components, 0, 0, 0, dice.choice((0, 1)))]
        if coding.script[0][-1]:
            coding.script.append((components, 0, 0, 1, 0))
        coding.script += [((of,), 1, 63, 0, 0) for of in components]
    elif kind == "several" and not one_scan and dice.random() < 0.5:
        coding.progressive = True
        coding.script = [scan for of in components for scan in _apart(of)]
    elif kind == "several" and len(components) > 1:
        rest = [(components[1:], 0, 63, 0, 0)] if dice.random() < 0.5 and _fits(coding.sampling[1:]) else []
        coding.script = [((of,), 0, 63, 0, 0) for of in (components[:1] if rest else components)] + rest


def _apart(component: int) -> list[Scan]:
    return [((component,), 0, 0, 0, 0), ((component,), 1, 5, 0, 2), ((component,), 6, 63, 0, 0), *_bits(component)]


def _bits(component: int) -> list[Scan]:
    return [((component,), 1, 5, 2, 1), ((component,), 1, 5, 1, 0)]


def _fits(sampling: list[tuple[int, int]]) -> bool:
    return sum(across * down for across, down in sampling) <= MOST_BLOCKS_IN_MCU


def describe(coding: Coding) -> str:
    """In short, for whoever reads of a failure."""
    colours = {GREY: "grey", RGB: "RGB", YCBCR: "YCbCr", CMYK: "CMYK", YCCK: "YCCK"}[coding.colours]
    sampling = ",".join(f"{across}x{down}" for across, down in coding.sampling)
    process = "progressive" if coding.progressive else "sequential"
    scans = f" {len(coding.script)} scans" if coding.script else ""
    restart = f" restart {coding.restart_interval or ''}" if coding.restart_interval else ""
    restart += f" restart rows {coding.restart_rows}" if coding.restart_rows else ""
    optimised = " optimised" if coding.optimise else ""
    return f"{colours} {sampling} {process}{scans} quality {coding.quality}{optimised}{restart}"


def _side(dice: random.Random) -> int:
    return dice.randint(1, 300) if dice.random() < 0.15 else dice.randint(1, 70)


def _pixels(dice: random.Random, width: int, height: int, channels: int) -> tuple[str, numpy.ndarray]:
    random_numbers = numpy.random.default_rng(dice.getrandbits(32))
    kind = dice.choice(("noise", "gradient", "flat", "crop", "crop", "crop", "half"))
    rows, columns = numpy.mgrid[0:height, 0:width]
    if kind == "noise":
        return kind, random_numbers.integers(0, 256, (height, width, channels))
    if kind == "flat":
        return kind, numpy.broadcast_to(random_numbers.integers(0, 256, channels), (height, width, channels))
    slopes = random_numbers.uniform(-3, 3, (2, channels))
    gradient = 128 + rows[..., None] * slopes[0] + columns[..., None] * slopes[1]
    if kind == "half":
        noise = random_numbers.integers(0, 256, (height, width, channels))
        gradient = numpy.where((columns > width / 2)[..., None], noise, gradient)
    if kind != "crop":
        return kind, numpy.clip(gradient, 0, 255)
    sample = _sample_pixels(dice.choice(("astronaut.jpg", "cat.jpg", "group.jpg", "gravel.jpg")))
    top, left = dice.randrange(sample.shape[0] - height), dice.randrange(sample.shape[1] - width)
    crop = sample[top : top + height, left : left + width]
    return kind, crop[:, :, [channel % 3 for channel in range(channels)]]


@functools.cache
def _sample_pixels(name: str) -> numpy.ndarray:
    return numpy.asarray(Image.open(SAMPLES / name).convert("RGB"))


def samples() -> list[Photo]:
    """The project's JPEGs with their true faces; a photo without a face as it is."""
    truth = json.loads((SAMPLES / "truth.json").read_text())
    files = sorted(path for path in SAMPLES.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    return [_sample(path, truth.get(path.name)) for path in files]


def _sample(path: Path, truth: dict | None) -> Photo:
    with Image.open(path) as image:
        orientation = image.getexif().get(EXIF_ORIENTATION, 1)
    boxes, area = [], 0
    for left, top, width, height in truth["boxes"] if truth else []:
        ratios = left / truth["width"], top / truth["height"], width / truth["width"], height / truth["height"]
        boxes.append(tuple(float(numpy.float32(side)) for side in ratios))
        area += width * height
    filled = bool(truth) and area > truth["width"] * truth["height"] / 2
    return Photo(path.name, path.read_bytes(), boxes, orientation, filled=filled)
