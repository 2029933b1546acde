"""Sends a photo to be replaced in place, and judges what lies under its key then."""

import mimetypes
import time

from .deployment import Deployment
from .detector import find_faces, still_there
from .photos import PUBLISH_SECONDS, Result, Sample, faces_before, prepared, rejection
from .steps import StepFailed


def replace_in_place(deployment: Deployment, sample: Sample) -> Result:
    """Uploads one photo to the in-place bucket, waits until it is replaced, and compares the two."""
    result = prepared(sample, f"in-place-{sample.path.name}")
    faces = faces_before(sample, result)
    try:
        _upload_and_fetch(deployment, result)
    except StepFailed as failure:
        result.faults.append(str(failure))
        return result
    faces_left = find_faces(result.after)
    result.faces_after = len(faces_left)
    if left := still_there(faces, faces_left):
        result.faults.append(f"{len(left)} faces can still be found")
    return result


def _upload_and_fetch(deployment: Deployment, result: Result) -> None:
    """Fills in what lies under the key once it is another version than ours, and the time it took.

    Raises `StepFailed` when the photo was rejected, with the reason, or not replaced in time.
    """
    s3, bucket = deployment.client("s3"), deployment.outputs["InPlaceBucket"]
    content_type = mimetypes.guess_type(result.name)[0] or "application/octet-stream"
    started = time.monotonic()
    with result.before.open("rb") as body:
        uploaded = s3.put_object(Bucket=bucket, Key=result.name, Body=body, ContentType=content_type)
    while time.monotonic() - started < PUBLISH_SECONDS:
        now = s3.get_object(Bucket=bucket, Key=result.name)
        if now["VersionId"] != uploaded["VersionId"]:
            result.milliseconds = round((time.monotonic() - started) * 1000)
            result.after.write_bytes(now["Body"].read())
            return
        if reason := rejection(deployment, result.name):
            raise StepFailed(f"rejected: {reason}")
        time.sleep(0.02)
    raise StepFailed(f"not replaced within {PUBLISH_SECONDS} s")
