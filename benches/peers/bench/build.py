"""Builds ours as it ships, and the peers that have to be compiled. Takes seconds when nothing changed."""

import os
import shutil
import subprocess

import places

RUST_PEERS = {
    "image": ["image-fast-blur"],
    "mozjpeg": ["mozjpeg-rgb"],
    "turbojpeg": ["turbojpeg-rgb", "turbojpeg-yuv"],
    "zune": ["zune-jpeg-encoder"],
}
RELEASE = places.BUILD / "release"
COEFFICIENTS = places.BUILD / "coefficients"


def build() -> None:
    """Builds what can be built. A peer that fails is reported and will be missing; ours may not fail."""
    ours = ["cargo", "--quiet", "--locked"]
    subprocess.run([*ours, "tool"], check=True, cwd=places.ROOT)
    stages = ["build", "--release", "--package", "gatehouse-redact", "--example", "stages"]
    subprocess.run([*ours, *stages], check=True, cwd=places.ROOT)
    subprocess.run(_cargo("measure"), check=True, cwd=places.SOURCES)
    for feature, programs in RUST_PEERS.items():
        for program in programs:
            _attempt(program, [*_cargo(program), "--features", feature], cwd=places.SOURCES, env=_environment())
    _coefficients()
    if places.NODE.exists():
        # Beside its node_modules, which is where node looks for them.
        shutil.copy(places.SOURCES / "node" / "sharp_peer.mjs", places.NODE)


def _cargo(program: str) -> list[str]:
    return ["cargo", "build", "--release", "--locked", "--quiet", "--target-dir", str(places.BUILD), "--bin", program]


def _environment() -> dict[str, str]:
    """cmake comes from PyPI, nasm (without which libjpeg-turbo has no SIMD) from Debian."""
    folders = [places.VENV / "bin", places.DEBIAN / "usr" / "bin", os.environ.get("PATH", os.defpath)]
    return os.environ | {"PATH": os.pathsep.join(map(str, folders))}


def _coefficients() -> None:
    """Linked statically where the library is there as an archive: then it runs wherever the package was unpacked."""
    source = places.SOURCES / "c" / "coefficients.c"
    include = [f"-I{folder}" for folder in [*places.DEBIAN.glob("usr/include"), *places.DEBIAN.glob("usr/include/*")]]
    library = [f"-L{folder}" for folder in places.DEBIAN.glob("usr/lib/*-linux-gnu")]
    command = ["cc", "-std=c11", "-O3", "-Wall", *include, str(source), "-o", str(COEFFICIENTS), *library]
    static = subprocess.run([*command, "-l:libjpeg.a"], capture_output=True)
    if static.returncode != 0:
        _attempt("coefficients", [*command, "-ljpeg"])


def _attempt(what: str, command: list[str], **options) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, **options)
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        print(f"can't build {what}:", *said[-5:], sep="\n  ", flush=True)
