"""Builds the functions twice, from the same sources in two folders with nothing in common, and compares what comes out.

    python tools/reproducible.py                    all of them
    python tools/reproducible.py bid-publish ...    some

The exit code is 0 only if every `bootstrap` has the same SHA-256 both times. Where it has not, what is known to make
the difference is named: the path of the folder in it, or the first bytes that differ. The paths of Cargo's registry are
counted as well: those in the messages of panics are the same in both folders, and another on a machine on which
Cargo's home is another one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gatehouse_local import settings
from gatehouse_local.deployment import BUILT_TOGETHER
from gatehouse_local.processes import tool_env
from gatehouse_local.steps import StepFailed, run_step, say
from sizes import functions

# Of different lengths, so that a path that slips in moves everything behind it.
FOLDERS = (settings.STATE / "reproducible" / "once", settings.STATE / "reproducible" / "and" / "once-more")


@dataclass(frozen=True)
class Comparison:
    """Two builds of one function."""

    function: str
    first: bytes
    second: bytes

    @property
    def same(self) -> bool:
        """Whether they are one and the same."""
        return self.first == self.second

    def difference(self, folders: tuple[Path, Path]) -> str:
        """What tells them apart, as far as it can be told."""
        paths = [built.count(os.fsencode(folder)) for built, folder in zip((self.first, self.second), folders)]
        if any(paths):
            return f"the folder's own path is in it, {paths[0]} times and {paths[1]} times"
        if len(self.first) != len(self.second):
            return f"{len(self.first)} bytes and {len(self.second)} bytes"
        pairs = enumerate(zip(self.first, self.second))
        places = [place for place, (one, other) in pairs if one != other]
        return f"{len(places)} bytes differ, the first of them at {places[0]:#x}"


def main(arguments: list[str]) -> int:
    """Builds, compares, and prints one line per function."""
    if unknown := sorted(set(arguments) - set(functions())):
        print(f"no such function: {', '.join(unknown)}; there are {', '.join(functions())}", file=sys.stderr)
        return 2
    names = arguments or functions()
    try:
        for folder in FOLDERS:
            _copy_sources(folder)
            _build(folder, names)
    except StepFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    comparisons = [Comparison(name, *(_built(folder, name) for folder in FOLDERS)) for name in names]
    for one in comparisons:
        say(f"{one.function:<16} {hashlib.sha256(one.first).hexdigest()}  {'same' if one.same else 'DIFFERENT'}")
        if not one.same:
            say(f"{'':<16} {hashlib.sha256(one.second).hexdigest()}  {one.difference(FOLDERS)}")
    registry = cargo_home() / "registry"
    counts = {one.function: one.first.count(os.fsencode(registry)) for one in comparisons}
    say(f"\n{registry} is in them {', '.join(f'{count} times ({name})' for name, count in counts.items())}:")
    say("another machine comes to the same files only with Cargo's home at the same place (CARGO_HOME).")
    return 0 if all(one.same for one in comparisons) else 1


def cargo_home() -> Path:
    """Where Cargo keeps the sources of dependencies (the Cargo book, "Cargo Home")."""
    return Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))


def _copy_sources(folder: Path) -> None:
    """What git knows of, as it lies in the working tree; nothing that was built."""
    shutil.rmtree(folder, ignore_errors=True)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=settings.ROOT, check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, copy = settings.ROOT / name, folder / name
        if source.is_file():  # git also lists what was just removed
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)


def _build(folder: Path, names: list[str]) -> None:
    """In the groups in which `make test` and `make run` build them."""
    for group in BUILT_TOGETHER:
        wanted = [f"--bin={name}" for name in group if name in names]
        if not wanted:
            continue
        architecture = ["--arm64"] if settings.architecture() == "arm64" else []
        command = ["sh", "-c", 'cd "$0" && exec "$@"', str(folder), "cargo", "lambda", "build", "--release", "--locked"]
        env = tool_env() | {"CARGO_TARGET_DIR": str(folder / "target")}
        title = f"Building in {folder.relative_to(settings.ROOT)}: {' '.join(name for name in group if name in names)}"
        run_step(title, [*command, *architecture, *wanted], env, "reproducible")


def _built(folder: Path, name: str) -> bytes:
    return (folder / "target" / "lambda" / name / "bootstrap").read_bytes()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
