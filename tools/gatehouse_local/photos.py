"""Sends photos through the stack, fetches what was published, and judges it."""

import json
import mimetypes
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from . import settings
from .deployment import Deployment
from .detector import Box, find_faces, still_there
from .steps import StepFailed

PUBLISH_SECONDS = 90  # the first photo also waits for the function's cold start


@dataclass(frozen=True)
class Sample:
    """A photo to send, and how many faces it shows at least."""

    path: Path
    faces: int = 0


@dataclass
class Result:
    """What became of one photo."""

    name: str
    before: Path
    after: Path
    faces_before: int = 0
    faces_after: int = 0
    milliseconds: int = 0
    faults: list[str] = field(default_factory=list)


def samples() -> list[Sample]:
    """The photos listed in samples/samples.json, or in the folder that $SAMPLES names."""
    folder = Path(os.environ.get("SAMPLES") or settings.ROOT / "samples").resolve()
    listed = json.loads((folder / "samples.json").read_text())
    return [Sample(folder / entry["file"], entry["faces"]) for entry in listed]


def send_through(deployment: Deployment, sample: Sample) -> Result:
    """Uploads one photo, waits until it is published, and compares the two."""
    result = prepared(sample, sample.path.name)
    faces = faces_before(sample, result)
    content_type = mimetypes.guess_type(sample.path.name)[0] or "application/octet-stream"
    try:
        published_type = _upload_and_fetch(deployment, result, content_type)
    except StepFailed as failure:
        result.faults.append(str(failure))
        return result
    if published_type != content_type:
        result.faults.append(f"content type {content_type} became {published_type}")
    faces_left = find_faces(result.after)
    result.faces_after = len(faces_left)
    if left := still_there(faces, faces_left):
        result.faults.append(f"{len(left)} faces can still be found")
    return result


def faces_before(sample: Sample, result: Result) -> list[Box]:
    """The faces in the original. One that can't be read is a fault, and is sent all the same: that is what users do."""
    try:
        faces = find_faces(result.before)
    except StepFailed as failure:
        result.faults.append(str(failure))
        return []
    result.faces_before = len(faces)
    if len(faces) < sample.faces:
        result.faults.append(f"only {len(faces)} of {sample.faces} faces are found in the original")
    return faces


def prepared(sample: Sample, name: str) -> Result:
    """Copies the photo to `.local/out/before`, so that before and after lie side by side."""
    result = Result(name, settings.OUT / "before" / name, settings.OUT / "after" / name)
    for path in (result.before, result.after):
        path.parent.mkdir(parents=True, exist_ok=True)
    result.before.write_bytes(sample.path.read_bytes())
    result.after.unlink(missing_ok=True)
    return result


def _upload_and_fetch(deployment: Deployment, result: Result, content_type: str) -> str:
    """The content type of what was published. Fills in the time it took.

    Raises `StepFailed` when it was rejected, with the reason, or not published in time.
    """
    s3 = deployment.client("s3")
    destination = deployment.outputs["DestinationBucket"]
    older = _published(s3, destination, result.name)
    started = time.monotonic()
    with result.before.open("rb") as body:
        s3.put_object(
            Bucket=deployment.outputs["SourceBucket"], Key=result.name, Body=body, ContentType=content_type
        )
    while time.monotonic() - started < PUBLISH_SECONDS:
        now = _published(s3, destination, result.name)
        if now != older:
            result.milliseconds = round((time.monotonic() - started) * 1000)
            published = s3.get_object(Bucket=destination, Key=result.name)
            result.after.write_bytes(published["Body"].read())
            return published["ContentType"]
        if reason := rejection(deployment, result.name):
            raise StepFailed(f"rejected: {reason}")
        time.sleep(0.02)
    raise StepFailed(f"not published within {PUBLISH_SECONDS} s")


def rejection(deployment: Deployment, key: str) -> str | None:
    """Why the photo was rejected, if it was. Takes its message out of the queue."""
    sqs, queue = deployment.client("sqs"), deployment.outputs["RejectedQueueUrl"]
    # Seen for a moment only, so that the next look sees the others again.
    seen = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=0)
    for message in seen.get("Messages", []):
        rejected = json.loads(message["Body"])
        if _key_of(rejected["record"]) == key:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return f"{rejected['reason']}: {rejected['detail']}"
    return None


def _key_of(record: dict) -> str | None:
    """The key in an S3 record, or in a record of the ledger's stream."""
    if "s3" in record:
        return unquote_plus(record["s3"]["object"]["key"])
    return record.get("dynamodb", {}).get("NewImage", {}).get("key", {}).get("S")


def _published(s3, bucket: str, key: str) -> str | None:
    """Which version of the key is published, or None when there is none."""
    try:
        return s3.head_object(Bucket=bucket, Key=key)["VersionId"]
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise
