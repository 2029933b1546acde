"""Kills the functions' processes, watches their memory, and switches the injected faults.

Needs /proc, so Linux. Only processes that talk to this very stack are touched.
"""

import json
import os
import random
import signal
import ssl
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from gatehouse_local.injection import CONTROL
from gatehouse_local.server import Server

BETWEEN_KILLS = (3.0, 9.0)
BETWEEN_LOOKS = 1.0
# No function, but watched with them.
MINISTACK = "the local AWS"


@dataclass(frozen=True)
class Process:
    """A function's process, or MiniStack's."""

    id: int
    name: str

    def peak_memory(self) -> int:
        """The most that it had resident so far, in bytes; 0 when it is gone."""
        try:
            status = Path(f"/proc/{self.id}/status").read_text()
        except OSError:
            return 0
        lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(lines[0].split()[1]) * 1024 if lines else 0


def processes_of(endpoint: str) -> list[Process]:
    """The processes of the stack with this endpoint: `bootstrap` files, and MiniStack, which started them."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            variables = dict(
                pair.split("=", 1) for pair in (folder / "environ").read_text().split("\0") if "=" in pair
            )
            executable = os.readlink(folder / "exe")
            command = (folder / "cmdline").read_text()
        except (OSError, UnicodeDecodeError):
            continue  # gone, or somebody else's
        if variables.get("AWS_ENDPOINT_URL") != endpoint:
            continue
        if Path(executable).name == "bootstrap" and (name := variables.get("AWS_LAMBDA_FUNCTION_NAME")):
            found.append(Process(int(folder.name), name))
        elif "gatehouse_local.ministack" in command:
            found.append(Process(int(folder.name), MINISTACK))
    return found


@dataclass
class Reaper:
    """Kills one of the functions' processes after the other, whichever is there."""

    endpoint: str
    dice: random.Random
    killed: Counter[str] = field(default_factory=Counter)

    def run(self, until: float) -> None:
        """Goes on until then (of the monotonic clock)."""
        while time.monotonic() < until:
            time.sleep(min(self.dice.uniform(*BETWEEN_KILLS), max(0.0, until - time.monotonic())))
            if victims := [one for one in processes_of(self.endpoint) if one.name != MINISTACK]:
                self._kill(self.dice.choice(victims))

    def _kill(self, victim: Process) -> None:
        try:
            os.kill(victim.id, signal.SIGKILL)
        except ProcessLookupError:
            return  # it ended by itself
        self.killed[victim.name] += 1


@dataclass
class Memory:
    """The most that any one process of each name had resident, in bytes."""

    endpoint: str
    peaks: dict[str, int] = field(default_factory=dict)

    def run(self, until: float) -> None:
        """Goes on until then (of the monotonic clock)."""
        while time.monotonic() < until:
            for process in processes_of(self.endpoint):
                self.peaks[process.name] = max(self.peaks.get(process.name, 0), process.peak_memory())
            time.sleep(BETWEEN_LOOKS)


def switch_faults(server: Server, on: bool) -> dict:
    """Switches what is injected between the functions and AWS; what was counted so far."""
    return _ask(server, json.dumps({"on": on}).encode())


def _ask(server: Server, body: bytes) -> dict:
    trust = ssl.create_default_context(cafile=str(server.certificate.authority))
    request = urllib.request.Request(server.endpoint + CONTROL, data=body, method="POST")
    with urllib.request.urlopen(request, context=trust, timeout=30) as answer:
        return json.loads(answer.read())
