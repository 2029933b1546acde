"""Child processes that never outlive us: each runs in a group of its own, and the whole group is ended with it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from . import settings

GRACE_SECONDS = 5


def tool_env() -> dict[str, str]:
    """This process's environment without the user's own AWS settings, and with the project's tools first on the path."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return env | {
        # `sam build` looks for zig beside the first python3 on the path.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "CARGO_TARGET_DIR": str(settings.TARGET),
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(settings.STATE / "sam"),  # else it writes to the home folder
    }


def start(command: list[str], env: dict[str, str], output: IO[bytes] | None = None) -> subprocess.Popen:
    """Starts a command; without `output` it writes to our own terminal."""
    return subprocess.Popen(
        command,
        cwd=settings.ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        # Ctrl-C then reaches only us, and we end the group.
        start_new_session=True,
    )


def run(command: list[str], env: dict[str, str], output: IO[bytes] | None = None) -> int:
    """Runs a command to its end; its exit code."""
    process = start(command, env, output)
    try:
        return process.wait()
    finally:
        stop(process)


def stop(process: subprocess.Popen) -> None:
    """Ends the whole group: first politely, then for good. A second Ctrl-C does not interrupt it."""
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if process.poll() is None:
            _signal_group(process, signal.SIGTERM)
            _wait(process)
        # Also when the first process has gone: a child may have outlived it.
        _signal_group(process, signal.SIGKILL)
        process.wait()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _wait(process: subprocess.Popen) -> None:
    try:
        process.wait(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass  # the caller ends it for good


def _signal_group(process: subprocess.Popen, number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # nobody is left; macOS says "not permitted" when only zombies are
