"""Installs the JOSE libraries of others into .tools/interop, from PyPI and npm. Needs only Python's standard library."""

import shutil
import subprocess
import venv

import places


def main() -> None:
    """Installs both, and Node to run one of them."""
    print("Installing joserfc, jose and Node into .tools/interop (once)", flush=True)
    venv.create(places.VENV, with_pip=True, clear=True)
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    requirements = places.SOURCES / "requirements.txt"
    _run([places.PYTHON, "-m", "pip", "install", *options, "--requirement", requirements])

    places.NODE_MODULES.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(places.SOURCES / "node" / name, places.NODE_MODULES)
    npm = [places.node(), places.npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _run(npm, cwd=places.NODE_MODULES)
    places.STAMP.touch()


def _run(command, **options) -> None:
    subprocess.run([str(part) for part in command], check=True, **options)


if __name__ == "__main__":
    main()
