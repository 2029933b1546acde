"""The local DynamoDB: a MiniStack process, its tables, and the size of what is in them."""

import decimal
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import boto3
from boto3.dynamodb.types import Binary

START_SECONDS = 60


def environment(endpoint: str) -> dict[str, str]:
    """For any SDK: this endpoint, and nothing of the user's own AWS set-up."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Part of each library's key.
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
    }


@contextmanager
def running() -> Iterator[int]:
    """Starts one on a free port, and ends it with the block."""
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0"}
    program = Path(sys.executable).with_name("ministack")
    with tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory() as folder:
        options = {"env": environment(endpoint) | settings, "cwd": folder, "stdout": log, "stderr": log}
        process = subprocess.Popen([str(program)], **options)
        try:
            _wait(endpoint, process)
            yield port
        finally:
            process.terminate()
            process.wait()


class Table:
    """A table with the key and TTL attribute that a library wants."""

    def __init__(self, endpoint: str, name: str, key: str):
        self.name = name
        session = boto3.Session("test", "test", region_name="us-east-1")
        self._table = session.resource("dynamodb", endpoint_url=endpoint).create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def item_bytes(self) -> list[int]:
        """The sizes of its items, as DynamoDB counts them (developer guide, "Item sizes and formats")."""
        return [_attributes(item) for item in self._table.scan()["Items"]]


def _attributes(item: dict) -> int:
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(value) -> int:
    match value:
        case str():
            return len(value.encode())
        case Binary():
            return len(value.value)
        case dict():
            return 3 + len(value) + _attributes(value)
        case decimal.Decimal():
            return _number(value)
    raise TypeError(type(value))


def _number(value: decimal.Decimal) -> int:
    """About one byte for two significant digits, and one more."""
    digits = str(value).strip("0")
    return (len(digits) + 1) // 2 + 1


def _wait(endpoint: str, process: subprocess.Popen) -> None:
    patience = time.monotonic() + START_SECONDS
    while time.monotonic() < patience and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("MiniStack does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
