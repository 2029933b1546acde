"""Where things are."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
SOURCES = ROOT / "benches" / "idempotency"
TOOLS = ROOT / ".tools" / "idempotency"
VENV = TOOLS / "venv"
NODE = TOOLS / "node"
PYTHON = VENV / "bin" / "python"
STAMP = TOOLS / "installed"


def target() -> pathlib.Path:
    """The folder that Cargo builds in."""
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
