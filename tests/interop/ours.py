"""What this project seals and opens with, built and run as commands."""

import json
import subprocess
import tempfile
from pathlib import Path

from places import ROOT


class Refused(Exception):
    """The command failed; its words say why."""


def build(*target: str) -> Path:
    """Builds one executable, and says where it is."""
    command = ["cargo", "build", "--quiet", *target, "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    messages = (json.loads(line) for line in built.stdout.splitlines())
    found = [message["executable"] for message in messages if message.get("executable")]
    return Path(found[-1])


class Ours:
    """The tool, which seals, and the example of `gatehouse-auction`, which opens."""

    def __init__(self):
        self._tool = build("--package", "gatehouse")
        self._open = build("--package", "gatehouse-auction", "--example", "open")

    def seal(self, key: dict, auction: str, bidder: str, amount: str, currency: str) -> str:
        """Seals a bid by `gatehouse seal`."""
        with tempfile.NamedTemporaryFile("w", suffix=".jwk") as file:
            json.dump(key, file)
            file.flush()
            bid = ["--auction", auction, "--bidder", bidder, "--amount", "-", "--currency", currency]
            return _run([self._tool, "seal", *bid, "--key", file.name], amount).strip()

    def verify(self, **documents: dict) -> str:
        """Verifies a log, with a receipt or a result, by `gatehouse auction verify`."""
        with tempfile.TemporaryDirectory() as folder:
            arguments = []
            for name, document in documents.items():
                path = Path(folder, f"{name}.json")
                path.write_text(json.dumps(document))
                arguments += [f"--{name}", path]
            return _run([self._tool, "auction", "verify", *arguments], "")

    def open(self, private_key: bytes, kid: str, auction: str, bidder: str, envelope: str) -> dict:
        """Opens an envelope with a private key (PKCS #8, DER)."""
        with tempfile.NamedTemporaryFile(suffix=".der") as file:
            file.write(private_key)
            file.flush()
            return json.loads(_run([self._open, file.name, kid, auction, bidder], envelope))


def _run(command, typed: str) -> str:
    run = subprocess.run(command, input=typed, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise Refused(run.stderr.strip())
    return run.stdout
