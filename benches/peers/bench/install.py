"""Installs the peers into .tools/peers: from PyPI, npm and Debian, nothing outside of that folder.

A peer that can't be installed stops nobody: what is missing is said here and again in the bench's table, and is tried
again the next time. Needs only Python's standard library.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import venv

import places

REQUIREMENTS = ["opencv", "libvips", "cmake"]
DEBIAN = ["graphicsmagick", "imagemagick", "nasm", "libjpeg62-turbo-dev"]
STAMP = places.TOOLS / "installed"


def main() -> None:
    """Installs everything; without what the bench itself needs it stops."""
    if sys.version_info < (3, 11):
        sys.exit("Python 3.11 or newer is needed; PYTHON=path names one.")
    print("Installing the peers into .tools/peers (some minutes, once)", flush=True)
    places.TOOLS.mkdir(parents=True, exist_ok=True)
    if not places.PYTHON.exists():
        venv.create(places.VENV, with_pip=True)
    try:
        _pip("bench")
    except subprocess.CalledProcessError as error:
        sys.exit(f"The bench itself can't be installed: {_reason(error)}")
    steps = [(f"{name} from PyPI", _pip, name) for name in REQUIREMENTS]
    steps += [("sharp from npm", _npm, None), ("the Rust peers' sources from crates.io", _cargo, None)]
    steps += [(f"{name} from Debian", _debian, name) for name in DEBIAN]
    if all([_try(*step) for step in steps]):
        STAMP.touch()


def _try(title, step, argument) -> bool:
    try:
        step(argument) if argument else step()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"  missing: {title}: {_reason(error)}", flush=True)
        return False
    print(f"  installed: {title}", flush=True)
    return True


def _reason(error) -> str:
    output = getattr(error, "stderr", None)
    return output.strip().splitlines()[-1] if output and output.strip() else str(error)


def _run(command, **options) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def _pip(name: str) -> None:
    file = places.SOURCES / "requirements" / f"{name}.txt"
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    _run([str(places.PYTHON), "-m", "pip", "install", *options, "--requirement", str(file)])


def _npm() -> None:
    places.NODE.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(places.SOURCES / "node" / name, places.NODE)
    _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=places.NODE)


def _cargo() -> None:
    _run(["cargo", "fetch", "--locked"], cwd=places.SOURCES)


def _debian(package: str) -> None:
    """Unpacks a package, and those of its dependencies that are not installed, beside the system's own."""
    plan = _run(["apt-get", "--simulate", "--no-install-recommends", "install", package])
    missing = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    if not missing:
        return
    with tempfile.TemporaryDirectory() as folder:
        # As root, apt would fetch as a user of its own, who may not write into this folder.
        _run(["apt-get", "--option", "APT::Sandbox::User=root", "download", *missing], cwd=folder)
        for archive in pathlib.Path(folder).glob("*.deb"):
            _run(["dpkg", "--extract", str(archive), str(places.DEBIAN)])


if __name__ == "__main__":
    main()
