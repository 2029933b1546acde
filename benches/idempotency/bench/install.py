"""Installs the other contestants into .tools/idempotency, from PyPI and npm. Needs only Python's standard library.

One that can't be installed stops nobody: it is said here and again in the bench's table, and tried again the next time.
"""

import shutil
import subprocess
import venv

import places


def main() -> None:
    """Installs both."""
    print("Installing Powertools for Python and TypeScript into .tools/idempotency (about a minute, once)", flush=True)
    places.TOOLS.mkdir(parents=True, exist_ok=True)
    if all([_try("Powertools for Python, from PyPI", _pip), _try("Powertools for TypeScript, from npm", _npm)]):
        places.STAMP.touch()


def _try(title, step) -> bool:
    try:
        step()
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        print(f"  missing: {title}: {said[-1]}", flush=True)
        return False
    print(f"  installed: {title}", flush=True)
    return True


def _run(command, **options) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, **options)


def _pip() -> None:
    if not places.PYTHON.exists():
        venv.create(places.VENV, with_pip=True)
    requirements = places.SOURCES / "requirements" / "powertools.txt"
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    _run([str(places.PYTHON), "-m", "pip", "install", *options, "--requirement", str(requirements)])


def _npm() -> None:
    places.NODE.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(places.SOURCES / "node" / name, places.NODE)
    _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=places.NODE)


if __name__ == "__main__":
    main()
