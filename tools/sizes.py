"""Compares the `bootstrap` files that were built last with their budgets (tools/sizes.toml).

    python tools/sizes.py          what has not been built is named, and is no fault: a build takes minutes
    python tools/sizes.py --all    it is one: every function has to be there

The exit code is 0 only if none is over its budget.
"""

import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from gatehouse_local import settings

BUDGETS = settings.ROOT / "tools" / "sizes.toml"
MILLION = 1_000_000


@dataclass(frozen=True)
class Size:
    """A function's `bootstrap`, and what it may weigh."""

    function: str
    budget: float  # millions of bytes
    reason: str | None  # why it may weigh more than others
    path: Path

    @property
    def weighs(self) -> float | None:
        """Millions of bytes; None when it has not been built."""
        return self.path.stat().st_size / MILLION if self.path.exists() else None

    @property
    def is_over(self) -> bool:
        """Whether it weighs more than it may."""
        return self.weighs is not None and self.weighs > self.budget


def main(arguments: list[str]) -> int:
    """Prints one line per function."""
    sizes = sizes_in(settings.TARGET / "lambda", functions(), tomllib.loads(BUDGETS.read_text()))
    for size in sizes:
        print(line(size))
    over = [size.function for size in sizes if size.is_over]
    missing = [size.function for size in sizes if size.weighs is None]
    if over:
        print(f"\nOver budget: {', '.join(over)}. {BUDGETS.relative_to(settings.ROOT)} says what each may weigh.")
    if missing and "--all" in arguments:
        print(f"\nNot built: {', '.join(missing)}")
    return 1 if over or (missing and "--all" in arguments) else 0


def functions() -> list[str]:
    """The names of all functions: the default members of the workspace are what `sam build` builds."""
    return [Path(member).name for member in workspace()["default-members"]]


def workspace() -> dict:
    """What Cargo.toml says of the workspace."""
    return tomllib.loads((settings.ROOT / "Cargo.toml").read_text())["workspace"]


def sizes_in(folder: Path, names: list[str], budgets: dict) -> list[Size]:
    """What `cargo lambda build` left in this folder, for each of the names.

    Raises `ValueError` for a budget whose function does not exist, or that is raised without a reason.
    """
    own = budgets["functions"]
    if unknown := sorted(set(own) - set(names)):
        raise ValueError(f"a budget for {', '.join(unknown)}, but no such function")
    for name, entry in own.items():
        if entry["budget"] > budgets["default"] and not entry.get("reason"):
            raise ValueError(f"{name}: a budget over the default needs a reason")
    return [
        Size(
            function=name,
            budget=own.get(name, {}).get("budget", budgets["default"]),
            reason=own.get(name, {}).get("reason"),
            path=folder / name / "bootstrap",
        )
        for name in names
    ]


def line(size: Size) -> str:
    """One line of the table."""
    if size.weighs is None:
        return f"{size.function:<16}  not built   of {size.budget:>4.1f} MB"
    built = time.strftime("%Y-%m-%d %H:%M", time.localtime(size.path.stat().st_mtime))
    mark = "OVER" if size.is_over else "ok"
    return f"{size.function:<16} {size.weighs:>7.2f} MB  of {size.budget:>4.1f} MB  built {built}  {mark}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
