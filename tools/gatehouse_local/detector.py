"""Finds faces with the `gatehouse` command, and compares the faces before with those after."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import settings
from .steps import StepFailed

# Two boxes that share a fifth of their common area are taken for the same face.
SAME_FACE = 0.2


@dataclass(frozen=True)
class Box:
    """A face, in ratios of the upright image."""

    left: float
    top: float
    width: float
    height: float

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        wide = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        high = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        shared = max(wide, 0.0) * max(high, 0.0)
        union = self.width * self.height + other.width * other.height - shared
        return shared / union if union > 0 else 0.0

    def has_centre_of(self, other: "Box") -> bool:
        """Whether the other box's centre lies inside this one."""
        x, y = other.left + other.width / 2, other.top + other.height / 2
        return self.left <= x <= self.left + self.width and self.top <= y <= self.top + self.height


def find_faces(photo: Path) -> list[Box]:
    """Runs `gatehouse detect --json` on one file."""
    command = [str(settings.TARGET / "release" / "gatehouse"), "detect", str(photo), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise StepFailed(f"gatehouse detect {photo}: {done.stderr.strip()}")
    faces = json.loads(done.stdout)["faces"]
    return [Box(face["left"], face["top"], face["width"], face["height"]) for face in faces]


def still_there(before: list[Box], after: list[Box]) -> list[Box]:
    """The faces found after that lie where a face was before."""
    return [face for face in after if any(_same(old, face) for old in before)]


def _same(old: Box, new: Box) -> bool:
    return old.overlap(new) > SAME_FACE or old.has_centre_of(new)
