"""Where things lie, and what the local stack is called. Every other module reads it from here."""

import os
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".local"
LOGS = STATE / "logs"
OUT = STATE / "out"
BUILD = STATE / "build"
TLS = STATE / "tls"
STACK_JSON = STATE / "stack.json"
STACK_ENV = STATE / "stack.env"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

STACK_NAME = "gatehouse"
REGION = "us-east-1"

# MiniStack takes this pair for the account's root: the deployer. The functions get the keys of their own roles.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"

# Shorter than on AWS, so that a photo whose function was killed is tried again while somebody still watches.
FUNCTION_TIMEOUT = 10
VISIBILITY_TIMEOUT = 6 * FUNCTION_TIMEOUT
FLAGS_CACHE_SECONDS = 4


def architecture() -> str:
    """The name Lambda has for this machine's processor: functions run here as plain processes."""
    machine = platform.machine().lower()
    return "arm64" if machine in ("arm64", "aarch64") else "x86_64"


def template_parameters() -> dict[str, str]:
    """What the local stack sets differently from the template's defaults."""
    return {
        "Architecture": architecture(),
        "FunctionTimeout": str(FUNCTION_TIMEOUT),
        "VisibilityTimeout": str(VISIBILITY_TIMEOUT),
        # A flag that is thrown is seen soon: somebody waits for it.
        "FlagsCacheSeconds": str(FLAGS_CACHE_SECONDS),
        # As many batches at once as there are processors: more would only make each of them time out.
        "MaximumConcurrency": str(max(2, os.cpu_count() or 2)),
        "BackfillConcurrency": str(max(2, os.cpu_count() or 2)),
    }
