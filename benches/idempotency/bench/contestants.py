"""Who takes part. Each is a process that puts events through its protocol, as the lines it is sent ask for."""

import dataclasses
import json
import subprocess

import dynamodb
import places

OURS = "gatehouse (Rust)"


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A program that takes the name of a table."""

    name: str
    command: list[str]
    key: str
    """The partition key that its table needs."""
    version_command: list[str]


class Process:
    """A running contestant."""

    def __init__(self, contestant: Contestant, table: str, endpoint: str):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        command = [*contestant.command, table]
        self._process = subprocess.Popen(command, env=dynamodb.environment(endpoint), **pipes)

    def events(self, first: int, count: int) -> dict:
        """Sends so many events through: seconds elapsed, CPU seconds of the process, and how many ran."""
        try:
            print(first, count, file=self._process.stdin)
        except BrokenPipeError:
            raise Failed("it ended") from None
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"it ended with {self._process.wait()}")
        return json.loads(line)

    def stop(self) -> None:
        """Its input ends, and so does it."""
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        self._process.wait()


class Failed(Exception):
    """A contestant did not do what it was asked for."""


def contestants() -> list[Contestant]:
    """Ours first."""
    ours = str(places.target() / "release" / "idempotency-bench")
    manifest = places.NODE / "node_modules" / "@aws-lambda-powertools" / "idempotency" / "package.json"
    python_package = "import importlib.metadata as m; print(m.version('aws-lambda-powertools'))"
    return [
        Contestant(OURS, [ours, "events"], "pk", ["git", "-C", str(places.ROOT), "describe", "--always"]),
        Contestant(
            "Powertools (Python)",
            [str(places.PYTHON), str(places.SOURCES / "python" / "powertools.py")],
            "id",
            [str(places.PYTHON), "-c", python_package],
        ),
        Contestant(
            "Powertools (TypeScript)",
            ["node", "--no-warnings", str(places.NODE / "powertools.mjs")],
            "id",
            ["node", "-p", f"JSON.parse(require('fs').readFileSync('{manifest}')).version"],
        ),
    ]
