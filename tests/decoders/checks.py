"""What must hold between a photo and what comes out. Each check returns its complaints; none means that it holds."""

import io
import warnings
from dataclasses import dataclass

import numpy
from PIL import Image

import libjpeg
from libjpeg import ZIGZAG, Coding, Picture
from photos import Photo
from regions import hidden_blocks, hidden_mcus, hidden_pixels, stored
from segments import restart_intervals

# The DC coefficient and the five lowest AC coefficients, in zigzag order.
WRITTEN = 6
HIGH = ZIGZAG[WRITTEN:]


@dataclass
class Case:
    """A photo before and after, decoded by libjpeg-turbo."""

    photo: Photo
    file: bytes
    engine: str
    before: Picture
    after: Picture
    pixels_before: numpy.ndarray
    pixels_after: numpy.ndarray
    # Rows × columns of MCUs.
    hidden: numpy.ndarray


def case(photo: Photo, file: bytes, engine: str) -> Case:
    """Decodes both files. Raises what Pillow raises if one of them is broken, and its warnings too."""
    pixels_before, pixels_after = decode(photo.file), decode(file)
    before, after = libjpeg.read(photo.file), libjpeg.read(file)
    if before.warnings:
        raise ValueError(f"the photo itself is broken: {before.messages}")
    hidden = hidden_mcus(before, [stored(box, photo.orientation) for box in photo.boxes])
    return Case(photo, file, engine, before, after, pixels_before, pixels_after, hidden)


def decode(file: bytes) -> numpy.ndarray:
    """Pixels as Pillow sees them, in the file's own colour model; a warning is an error."""
    with warnings.catch_warnings(action="error"), Image.open(io.BytesIO(file)) as image:
        return numpy.asarray(image)


def engine(case: Case) -> list[str]:
    """Nothing is decoded to pixels: sequential scans are spliced, progressive ones are edited as coefficients."""
    edited = "coefficients" if case.before.progressive else "splice"
    wanted = edited if case.hidden.any() else "untouched"
    return [] if case.engine == wanted else [f"the engine is {case.engine}, not {wanted}"]


def same_form(case: Case) -> list[str]:
    """Size, process, components, sampling, tables and restart interval are the photo's own."""
    before, after = case.before, case.after
    names = ("width", "height", "progressive", "colours")
    complaints = [_changed(name, getattr(before, name), getattr(after, name)) for name in names]
    complaints.append(_changed("sampling", _sampling(before), _sampling(after)))
    old, new = restart_intervals(case.photo.file), restart_intervals(case.file)
    # If each scan has an interval of its own, which of them stay depends on how the scans are laid out anew.
    complaints.append("" if len(old) > 1 and new and new <= old else _changed("restart interval", old, new))
    for index, (old, new) in enumerate(zip(before.planes, after.planes, strict=False)):
        if not numpy.array_equal(old.quant, new.quant):
            complaints.append(f"component {index} has other quantisation values")
    return [complaint for complaint in complaints if complaint]


def _changed(name: str, old: object, new: object) -> str:
    return "" if old == new else f"{name} was {old}, is {new}"


def _sampling(picture: Picture) -> list[tuple[int, int]]:
    return [plane.sampling for plane in picture.planes]


def same_outside(case: Case) -> list[str]:
    """Every quantised coefficient outside of the hidden MCUs is the photo's own."""
    complaints = []
    for index, (old, new, hidden) in enumerate(_planes(case)):
        if old.shape != new.shape:
            complaints.append(f"component {index} was {old.shape}, is {new.shape}")
            continue
        changed = (old != new).any(axis=2) & ~hidden
        if not _padding_counts(case):
            rows, columns = case.before.planes[index].real
            changed[rows:], changed[:, columns:] = False, False
        if changed.any():
            row, column = numpy.argwhere(changed)[0]
            complaints.append(
                f"component {index}: {changed.sum()} of {(~hidden).sum()} blocks outside changed, first in row {row},"
                f" column {column}: {_zigzag(old[row, column])} became {_zigzag(new[row, column])}"
            )
    return complaints


def _planes(case: Case):
    """For each component the blocks before, the blocks after, and which of them are in hidden MCUs."""
    for old, new in zip(case.before.planes, case.after.planes, strict=False):
        yield old.blocks, new.blocks, hidden_blocks(old, case.hidden, len(case.before.planes))


def _padding_counts(case: Case) -> bool:
    """Blocks that only fill up an MCU may come and go as scans are laid out anew. In a splice they are copied."""
    return not case.before.progressive


def _zigzag(block: numpy.ndarray) -> str:
    return " ".join(str(value) for value in numpy.trim_zeros(block[ZIGZAG], "b")) or "0"


def coarse_inside(case: Case) -> list[str]:
    """A block of a hidden MCU has its first six coefficients at most, one that only fills the MCU up too."""
    complaints = []
    for index, (_, new, hidden) in enumerate(_planes(case)):
        if new.shape[:2] != hidden.shape:
            complaints.append(f"component {index} has other blocks: {new.shape}")
            continue
        fine = (new[:, :, HIGH] != 0).any(axis=2) & hidden
        if fine.any():
            row, column = numpy.argwhere(fine)[0]
            complaints.append(
                f"component {index}: {fine.sum()} of {hidden.sum()} hidden blocks have high frequencies, first in row"
                f" {row}, column {column}: {_zigzag(new[row, column])}"
            )
    return complaints


def no_warnings(case: Case) -> list[str]:
    """libjpeg-turbo reads the file to its end without a warning, and nothing follows the end."""
    complaints = []
    if case.after.warnings:
        complaints.append(f"libjpeg warns {case.after.warnings} times: {'; '.join(case.after.messages)}")
    if not case.file.endswith(b"\xff\xd9"):
        complaints.append("the file does not end with its end marker")
    return complaints


def same_pixels_outside(case: Case) -> list[str]:
    """The decoded picture differs in and at the border of hidden MCUs only."""
    old, new = case.pixels_before, case.pixels_after
    if old.shape != new.shape:
        return [f"the picture was {old.shape}, is {new.shape}"]
    changed = old != new
    changed = (changed if changed.ndim == 2 else changed.any(axis=2)) & ~hidden_pixels(case.before, case.hidden)
    if not changed.any():
        return []
    y, x = numpy.argwhere(changed)[0]
    return [f"{changed.sum()} pixels outside changed, first x={x} y={y}: {old[y, x]} became {new[y, x]}"]


def grown(case: Case) -> list[str]:
    """The file is at most 2 % larger. A small one may be 2 kB larger; one that is hidden for the most part, any."""
    before, after = len(case.photo.file), len(case.file)
    if case.photo.filled or case.hidden.mean() > 0.5:
        return []
    most = before * 1.02 + (0 if case.photo.is_sample else 2048)
    return [] if after <= most else [f"{before} bytes became {after}, {(after / before - 1) * 100:+.1f} %"]


def shrunk(case: Case) -> list[str]:
    """The file is smaller by what was hidden and by nothing else: it has, within 2 %, no less than libjpeg writes of the
    same photo without any detail in its hidden MCUs, or with nothing at all in them. A small progressive one may be 250 bytes
    smaller: its tables are made for what is left."""
    if not case.hidden.any():
        return []
    slack = 250 if case.before.progressive and not case.photo.is_sample else 0
    # The second one only where the first is not enough: each writes the photo once more.
    leasts = (0.98 * _emptied(case, first) - slack for first in (1, 0))
    if any(len(case.file) >= least for least in leasts):
        return []
    return [f"{len(case.file)} bytes are left, fewer than beside what was hidden"]


def _emptied(case: Case, first: int) -> int:
    """The size of the photo without the coefficients from this one on in its hidden blocks."""
    masks = [hidden_blocks(plane, case.hidden, len(case.before.planes)) for plane in case.before.planes]

    def empty(component: int, row: int, blocks: numpy.ndarray):
        blocks[masks[component][row], first:] = 0

    # Of how a sample was written, only its process is known: with tables made for it, it is no larger than it was.
    coding = case.photo.coding or Coding(progressive=case.before.progressive, optimise=True)
    return len(libjpeg.rewrite(case.photo.file, coding, empty))


ALL = (engine, same_form, same_outside, coarse_inside, no_warnings, same_pixels_outside, grown, shrunk)
