"""Whether a contestant did its job: the faces are gone, the rest is there."""

import numpy
from PIL import Image
from photos import Photo

DETAIL_LEFT = 0.25
"""How much of a face's detail may be left. The steps between blocks, where coefficients are edited, count as some."""
STEP = 4
"""Detail is what differs within so many pixels, slopes apart: a blurred face still goes from light to dark."""
INSET = 16
"""Pixels at the edge of a face that are not looked at: ours hides whole blocks, others smooth the edge."""
CHANGE_OUTSIDE = 4.0
"""The mean difference that encoding anew may make elsewhere, in steps of 0-255."""


def problem(photo: Photo, out) -> str | None:
    """What is wrong with an output, if anything."""
    before, after = _grey(photo.path), _grey(out)
    if before.shape != after.shape:
        return f"{after.shape[1]}x{after.shape[0]} pixels came out"
    elsewhere = numpy.ones(before.shape, bool)
    for number, face in enumerate(photo.faces, 1):
        rows = slice(face.y + INSET, face.y + face.height - INSET)
        columns = slice(face.x + INSET, face.x + face.width - INSET)
        left = _detail(after[rows, columns]) / _detail(before[rows, columns])
        if left > DETAIL_LEFT:
            return f"{left:.0%} of the detail of face {number} is left"
        margin = 2 * INSET
        elsewhere[
            max(0, face.y - margin) : face.y + face.height + margin,
            max(0, face.x - margin) : face.x + face.width + margin,
        ] = False
    change = numpy.abs(after[elsewhere].astype(numpy.int16) - before[elsewhere]).mean()
    return f"outside of the faces pixels changed by {change:.1f} on average" if change > CHANGE_OUTSIDE else None


def _grey(path) -> numpy.ndarray:
    with Image.open(path) as picture:
        return numpy.asarray(picture.convert("L"))


def _detail(pixels) -> float:
    """How far pixels are from the mean of those `STEP` to both sides, on average."""
    pixels = pixels.astype(numpy.int16)
    down = pixels[: -2 * STEP] + pixels[2 * STEP :] - 2 * pixels[STEP:-STEP]
    across = pixels[:, : -2 * STEP] + pixels[:, 2 * STEP :] - 2 * pixels[:, STEP:-STEP]
    return float(numpy.abs(down).mean() + numpy.abs(across).mean())
