"""The local AWS itself: one MiniStack process (and the functions it starts), gone when the `with` block ends."""

import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from . import processes, settings
from .certificate import Certificate, make_certificate
from .steps import StepFailed, say, tail

START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running MiniStack."""

    endpoint: str
    certificate: Certificate

    def client_env(self) -> dict[str, str]:
        """The environment in which any AWS client or SDK talks to this server, and to nothing else."""
        return processes.tool_env() | self.connection()

    def connection(self) -> dict[str, str]:
        """Only the variables that name this server, its keys and its certificate."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": settings.ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": settings.SECRET_ACCESS_KEY,
            "AWS_REGION": settings.REGION,
            "AWS_DEFAULT_REGION": settings.REGION,
            "AWS_CA_BUNDLE": str(self.certificate.authority),  # for Python: sam, boto3, the AWS CLI
            "SSL_CERT_FILE": str(self.certificate.bundle),  # for Rust: the tests and the functions
            # Nothing of the user's own AWS set-up may slip in.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def running_server() -> Iterator[Server]:
    """Starts MiniStack, waits until it answers, and stops it with all its children however the block ends."""
    certificate = make_certificate(settings.TLS)
    port = _port()
    server = Server(f"https://127.0.0.1:{port}", certificate)
    say(f"Starting the local AWS on {server.endpoint}")
    process = _start(server, port)
    try:
        _wait_until_ready(server, process)
        yield server
    finally:
        processes.stop(process)


def _port() -> int:
    """$GATEHOUSE_PORT, or a free one."""
    if chosen := os.environ.get("GATEHOUSE_PORT"):
        return int(chosen)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _start(server: Server, port: int) -> subprocess.Popen:
    temporary = settings.STATE / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    env = server.client_env() | {
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",  # what its queue URLs say
        "BIND_HOST": "127.0.0.1",  # else it would listen to the whole network
        "IOT_MTLS_ENABLED": "0",  # no second port
        "AUTH": "true",  # policies and roles are enforced: what the template forgets to allow fails here too
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(server.certificate.server),
        "MINISTACK_SSL_KEY": str(server.certificate.key),
        "TMPDIR": str(temporary),
    }
    settings.LOGS.mkdir(parents=True, exist_ok=True)
    with _log().open("wb") as output:
        return processes.start([sys.executable, "-m", "gatehouse_local.ministack"], env, output)


def _wait_until_ready(server: Server, process: subprocess.Popen) -> None:
    trust = ssl.create_default_context(cafile=str(server.certificate.authority))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StepFailed(f"The local AWS ended at once; the end of {_log()}:\n{tail(_log())}")
        try:
            with urllib.request.urlopen(f"{server.endpoint}/_ministack/health", context=trust, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise StepFailed(f"The local AWS did not answer within {START_SECONDS} s; see {_log()}")


def _log() -> Path:
    return settings.LOGS / "ministack.log"
