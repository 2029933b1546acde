"""The command line under test."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from photos import Photo

ROOT = Path(__file__).resolve().parents[2]


class Refused(Exception):
    """The command failed; its words say why."""


@dataclass
class Output:
    """What the command made of a photo."""

    file: bytes
    engine: str


def build() -> Path:
    """Builds the command line and says where it is."""
    command = ["cargo", "build", "--quiet", "--package", "gatehouse", "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    messages = (json.loads(line) for line in built.stdout.splitlines())
    found = [message["executable"] for message in messages if message.get("executable")]
    return Path(found[-1])


def redact(command: Path, photo: Photo, folder: Path) -> Output:
    """Hides the photo's boxes, in a folder that nobody else uses at the same time.

    Raises `Refused`, with what the command said, unless it ends with 0.
    """
    before, after, faces = folder / "before.jpg", folder / "after.jpg", folder / "faces.json"
    before.write_bytes(photo.file)
    after.unlink(missing_ok=True)
    faces.write_text(json.dumps({"faces": [_face(box) for box in photo.boxes]}))
    arguments = [command, "redact", before, after, "--faces", faces, "--json"]
    short = os.environ | {"RUST_BACKTRACE": "0"}
    run = subprocess.run(arguments, capture_output=True, text=True, check=False, env=short)
    if run.returncode != 0:
        raise Refused(f"exit code {run.returncode}: {run.stderr.strip()}")
    return Output(after.read_bytes(), json.loads(run.stdout)["engine"])


def _face(box: tuple[float, float, float, float]) -> dict:
    return dict(zip(("left", "top", "width", "height"), box, strict=True)) | {"confidence": 1.0}
