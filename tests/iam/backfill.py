"""What the backfill's state machine is there for."""

import json
import time
import uuid
from dataclasses import dataclass

from botocore.exceptions import ClientError

from photos import DESTINATION, PHOTO, SOURCE
from scenario import Scenario
from stack import Stack

FUNCTION, MACHINE = "FaceBlurFunction", "BackfillStateMachine"
# Seconds that a run of one photo may take; a batch that fails is tried three times, with pauses between.
PATIENCE = 90


@dataclass(frozen=True)
class Photo:
    """One that lies in the source bucket, and that no event tells of."""

    prefix: str
    key: str


def _lying_there(stack: Stack) -> Photo:
    prefix = f"{uuid.uuid4().hex}/"
    stack.client("s3").put_object(Bucket=stack.id(SOURCE), Key=f"{prefix}a.jpg", Body=PHOTO.read_bytes())
    return Photo(prefix, f"{prefix}a.jpg")


def _run(stack: Stack, photo: Photo) -> str:
    machines, given = stack.client("stepfunctions"), json.dumps({"prefix": photo.prefix})
    run = machines.start_execution(stateMachineArn=stack.id(MACHINE), input=given)["executionArn"]
    deadline = time.monotonic() + PATIENCE
    while (ended := machines.describe_execution(executionArn=run))["status"] == "RUNNING":
        if time.monotonic() > deadline:
            raise AssertionError(f"{run} does not end")
        time.sleep(0.2)
    if ended["status"] != "SUCCEEDED":
        return f"the run failed: {ended.get('error')}"
    try:
        stack.client("s3").head_object(Bucket=stack.id(DESTINATION), Key=photo.key)
    except ClientError:
        return "not published"
    return "published"


SCENARIOS = (
    Scenario(
        "a backfill of a photo that lay there before",
        FUNCTION,
        _lying_there,
        _run,
        "published",
        ("BackfillRole ListTheSource s3:ListBucket", "BackfillRole Blur lambda:InvokeFunction"),
    ),
)
