"""Who takes part: ours and its peers, how each is called, and how it says its version."""

import dataclasses
import os
import subprocess
import tomllib
from collections.abc import Callable

import build
import places

OURS = "Gatehouse"
REFERENCE = "GraphicsMagick"


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A program that reads a JPEG, hides rectangles, and writes a JPEG."""

    name: str
    command: Callable
    """From a photo and the output's path to the command."""
    version_command: list[str]
    """Loads everything that the job needs, prints one line, ends: what it costs is the start-up."""
    crates: tuple[str, ...] = ()
    """The version is theirs, instead of what the command prints."""
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    """Besides what all have."""
    install: str = "rm .tools/peers/installed, then make bench-peers says why"
    """What to do when it is missing."""

    def variables(self) -> dict[str, str]:
        return places.environment() | self.environment

    def version(self) -> str:
        """As it says itself. Fails with an `OSError` or a `CalledProcessError` when it is missing."""
        options = {"check": True, "capture_output": True, "text": True, "env": self.variables()}
        line = subprocess.run(self.version_command, **options).stdout.splitlines()[0]
        return ", ".join(map(_locked, self.crates)) or line.removeprefix("Version: ").split(" http")[0].split(" Q16")[0]


def contestants() -> list[Contestant]:
    """Ours first."""
    return [_ours(), _coefficients(), *_rust(), *_python(), *_sharp(), *_magick()]


def _ours() -> Contestant:
    program = str(places.target() / "release" / "gatehouse")

    def command(photo, out):
        return [program, "redact", str(photo.path), str(out), "--faces", str(photo.faces_file)]

    return Contestant(OURS, command, [program, "--version"])


def _with_rectangles(*start: str) -> Callable:
    """`START IN OUT [X,Y,WIDTH,HEIGHT]...`, as all peers of our own writing are called."""

    def command(photo, out):
        return [*start, str(photo.path), str(out), *(face.argument() for face in photo.faces)]

    return command


def _coefficients() -> Contestant:
    program = str(build.COEFFICIENTS)
    install = "Debian: libjpeg62-turbo-dev, and a C compiler"
    return Contestant(
        "libjpeg-turbo, coefficients (C)", _with_rectangles(program), [program, "--version"], install=install
    )


def _rust() -> list[Contestant]:
    def rust(name, program, *crates):
        path = str(build.RELEASE / program)
        install = "what cargo said above; turbojpeg and mozjpeg need nasm"
        return Contestant(name, _with_rectangles(path), [path, "--version"], crates, install=install)

    return [
        rust("turbojpeg, YUV planes (Rust)", "turbojpeg-yuv", "turbojpeg", "turbojpeg-sys"),
        rust("turbojpeg, RGB (Rust)", "turbojpeg-rgb", "turbojpeg", "turbojpeg-sys"),
        rust("mozjpeg, RGB (Rust)", "mozjpeg-rgb", "mozjpeg", "mozjpeg-sys"),
        rust("zune-jpeg + jpeg-encoder (Rust)", "zune-jpeg-encoder", "zune-jpeg", "jpeg-encoder"),
        rust("image, fast_blur (Rust)", "image-fast-blur", "image", "zune-jpeg"),
    ]


def _python() -> list[Contestant]:
    def python(name, script, method):
        start = [str(places.PYTHON), str(places.SOURCES / "python" / script)]
        return Contestant(name, _with_rectangles(*start, method), [*start, "--version"])

    return [
        python("Pillow (Python)", "pillow_peer.py", "gaussian"),
        python("OpenCV stackBlur (Python)", "opencv_peer.py", "stack"),
        python("OpenCV GaussianBlur (Python)", "opencv_peer.py", "gaussian"),
        python("libvips, approximate (Python)", "libvips_peer.py", "approximate"),
        python("libvips, default (Python)", "libvips_peer.py", "integer"),
        python("libvips, exact (Python)", "libvips_peer.py", "float"),
    ]


def _sharp() -> list[Contestant]:
    def sharp(name, method):
        start = [places.find("node"), str(places.NODE / "sharp_peer.mjs")]
        return Contestant(name, _with_rectangles(*start, method), [*start, "--version"], install="Node 20.9 or newer with npm")

    return [
        sharp("sharp, approximate (Node)", "approximate"),
        sharp("sharp, default (Node)", "integer"),
    ]


def _magick() -> list[Contestant]:
    gm = places.find("gm")
    magick = places.find("magick", "convert-im6.q16", "convert")
    return [
        _region_blur(REFERENCE, [gm, "convert"], [gm, "version"], "Debian: graphicsmagick"),
        _region_blur("ImageMagick", [magick], [magick, "-version"], "Debian: imagemagick"),
    ]


def _region_blur(name, start, version_command, install) -> Contestant:
    """The reference app's call: the arguments that the `gm` package for Node puts together for it."""

    def command(photo, out):
        faces = []
        for face in photo.faces:
            faces += ["-region", f"{face.width}x{face.height}+{face.x}+{face.y}", "-blur", "0x70"]
        return [*start, str(photo.path), *faces, str(out)]

    unpacked = os.path.commonpath([start[0], places.DEBIAN]) == str(places.DEBIAN) if os.path.isabs(start[0]) else False
    environment = places.debian_environment() if unpacked else {}
    return Contestant(name, command, version_command, environment=environment, install=install)


def _locked(crate: str) -> str:
    """A crate with the version that our lock file pins."""
    packages = tomllib.loads((places.SOURCES / "Cargo.lock").read_text())["package"]
    return next(f"{crate} {package['version']}" for package in packages if package["name"] == crate)
