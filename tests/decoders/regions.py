"""Where boxes lie: computed from what the command line promises, not from what it does."""

import math
import random

import numpy

from libjpeg import Picture, Plane

# Left, top, width, height in ratios of the image as it is seen.
Box = tuple[float, float, float, float]


def random_boxes(dice: random.Random) -> list[Box]:
    """None to four boxes: some tiny, some beyond the edges, some over each other, now and then the whole image."""
    boxes = []
    for _ in range(dice.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        longest = dice.choice((0.01, 0.1, 0.3, 0.3, 0.6, 1.5))
        width, height = dice.uniform(0.001, longest), dice.uniform(0.001, longest)
        left, top = dice.uniform(-width, 1.0), dice.uniform(-height, 1.0)
        if boxes and dice.random() < 0.2:
            left, top = boxes[-1][0] + width / 3, boxes[-1][1] + height / 3
        # The command line reads single precision.
        boxes.append(tuple(float(numpy.float32(side)) for side in (left, top, width, height)))
    return boxes


def stored(box: Box, orientation: int) -> Box:
    """A box of the upright image in ratios of the stored one. Of the EXIF orientations only 1 and 6 are needed."""
    if orientation == 1:
        return box
    if orientation != 6:
        raise ValueError(f"orientation {orientation}")
    left, top, width, height = box
    # Stored it lies on its left side: upright x runs up the stored image, upright y runs to its right.
    return top, 1.0 - left - width, height, width


def touched_pixels(box: Box, width: int, height: int) -> tuple[range, range] | None:
    """The columns and rows that a box touches, if any, of an image of `width` × `height` pixels."""
    left, top, across, down = box
    columns = _clipped(left * width, (left + across) * width, width)
    rows = _clipped(top * height, (top + down) * height, height)
    return (columns, rows) if columns and rows else None


def _clipped(start: float, end: float, pixels: int) -> range:
    return range(max(math.floor(start), 0), min(math.ceil(end), pixels))


def mcu_size(picture: Picture) -> tuple[int, int]:
    """Width and height of an MCU in pixels. An image of one component has MCUs of one block (ITU-T T.81, A.2.2)."""
    if len(picture.planes) == 1:
        return 8, 8
    across = max(plane.sampling[0] for plane in picture.planes)
    down = max(plane.sampling[1] for plane in picture.planes)
    return 8 * across, 8 * down


def hidden_mcus(picture: Picture, boxes: list[Box]) -> numpy.ndarray:
    """Rows × columns of MCUs: whether a box touches it."""
    width, height = mcu_size(picture)
    hidden = numpy.zeros((-(-picture.height // height), -(-picture.width // width)), dtype=bool)
    for box in boxes:
        touched = touched_pixels(box, picture.width, picture.height)
        if touched:
            columns, rows = touched
            hidden[rows[0] // height : rows[-1] // height + 1, columns[0] // width : columns[-1] // width + 1] = True
    return hidden


def hidden_blocks(plane: Plane, hidden: numpy.ndarray, components: int) -> numpy.ndarray:
    """Rows × columns of a component's blocks, those that only fill the last MCU too: whether it is in a hidden MCU."""
    across, down = plane.sampling if components > 1 else (1, 1)
    blocks = numpy.repeat(numpy.repeat(hidden, down, axis=0), across, axis=1)
    # The blocks of a single component are not padded to its sampling factors, libjpeg's arrays are.
    rows, columns = plane.blocks.shape[:2]
    missing = (0, max(rows - blocks.shape[0], 0)), (0, max(columns - blocks.shape[1], 0))
    return numpy.pad(blocks, missing, mode="edge")[:rows, :columns]


def hidden_pixels(picture: Picture, hidden: numpy.ndarray) -> numpy.ndarray:
    """Rows × columns of pixels: whether it may change. Chroma that is scaled up reaches beyond its block."""
    width, height = mcu_size(picture)
    pixels = numpy.repeat(numpy.repeat(hidden, height, axis=0), width, axis=1)
    pixels = _grown(_grown(pixels, 2 * width // 8, axis=1), 2 * height // 8, axis=0)
    return pixels[: picture.height, : picture.width]


def _grown(mask: numpy.ndarray, reach: int, axis: int) -> numpy.ndarray:
    grown = mask.copy()
    for step in range(1, min(reach, mask.shape[axis] - 1) + 1):
        ahead, behind = numpy.roll(mask, step, axis), numpy.roll(mask, -step, axis)
        # What rolls over an edge comes from the other side.
        numpy.moveaxis(ahead, axis, 0)[:step] = False
        numpy.moveaxis(behind, axis, 0)[-step:] = False
        grown |= ahead | behind
    return grown
