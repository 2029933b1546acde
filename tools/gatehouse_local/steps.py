"""Runs one long step after another: one line on the screen, everything else in a log file."""

import time
from pathlib import Path

from . import processes, settings


class StepFailed(Exception):
    """A step ended badly; the message says which, and the end of its log why."""


def say(line: str) -> None:
    """Prints a line at once, also into a pipe."""
    print(line, flush=True)


def run_step(title: str, command: list[str], env: dict[str, str], log_name: str) -> None:
    """Runs `command` in the project's root; its output goes to `.local/logs/<log_name>.log`."""
    log = settings.LOGS / f"{log_name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    say(title)
    started = time.monotonic()
    with log.open("wb") as output:
        code = processes.run(command, env, output)
    if code != 0:
        raise StepFailed(f"{title}: failed with code {code}; the end of {log}:\n{tail(log)}")
    say(f"  done in {time.monotonic() - started:.0f} s")


def tail(log: Path, lines: int = 40) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
