"""Does the cost of ours grow linearly with the bytes of the photo?"""

import dataclasses

import numpy


@dataclasses.dataclass(frozen=True)
class Line:
    """`ms = start + slope * megabytes`, by least squares."""

    start_ms: float
    ms_per_megabyte: float
    r_squared: float

    def at(self, megabytes):
        return self.start_ms + self.ms_per_megabyte * megabytes


def line(megabytes, milliseconds) -> Line:
    """The line that comes closest; R² is 1 if all points lie on it."""
    slope, start = numpy.polyfit(megabytes, milliseconds, 1)
    milliseconds = numpy.asarray(milliseconds)
    off = milliseconds - (start + slope * numpy.asarray(megabytes))
    spread = milliseconds - milliseconds.mean()
    return Line(float(start), float(slope), float(1 - (off**2).sum() / (spread**2).sum()))
