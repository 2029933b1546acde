"""What the functions do with the runtime flags: photos are held back and released, and auctions not opened."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from events import from_queue
from house import INTAKE, opening, status_of
from in_place import PROCESS, noted
from photos import FUNCTION, SOURCE, upload, without_outcome
from scenario import Scenario
from stack import Stack

# A process does not wait for its first look at the flags for long, with a request to answer: it is given some more.
REQUESTS, PAUSE_SECONDS = 5, 1


@contextmanager
def thrown(stack: Stack, **flags: str) -> Iterator[None]:
    """While the block runs, these flags are thrown. Processes that know others have to be restarted before."""
    client, parameter = stack.client("ssm"), {"Name": stack.id("FlagsParameter")}
    before = client.get_parameter(**parameter)["Parameter"]["Value"]
    client.put_parameter(**parameter, Value=json.dumps(json.loads(before) | flags), Overwrite=True)
    try:
        yield
    finally:
        client.put_parameter(**parameter, Value=before, Overwrite=True)


def _hold(stack: Stack, event: dict, function: str, hold_queue: str) -> str:
    stack.drain(hold_queue)
    with thrown(stack, publish="off"):
        answer = stack.invoke(function, event)
    if ended := without_outcome(stack, answer):
        return ended
    return "held" if stack.drain(hold_queue) else "not held"


def _release(stack: Stack, body: Any, function: str, hold_queue: str, release_queue: str) -> str:
    answer = stack.invoke(function, from_queue(body, stack.arn(hold_queue)))
    if ended := without_outcome(stack, answer):
        return ended
    return "released" if body in stack.drain(release_queue) else "not released"


def _open_while_off(stack: Stack, request: dict) -> str:
    with thrown(stack, intake="off"):
        for _ in range(REQUESTS):
            told = status_of(stack.invoke(INTAKE, request))
            if told.startswith("503"):
                break
            time.sleep(PAUSE_SECONDS)
    return told


SCENARIOS = (
    Scenario(
        "a photo is uploaded while publish is off",
        FUNCTION,
        lambda stack: upload(stack, SOURCE).event,
        partial(_hold, function=FUNCTION, hold_queue="HoldQueue"),
        "held",
        ("FaceBlurRole HoldAndReleasePhotos sqs:SendMessage HoldQueue",),
    ),
    Scenario(
        "a photo is on hold, and publish is on",
        FUNCTION,
        lambda stack: json.loads(upload(stack, SOURCE).event["Records"][0]["body"]),
        partial(_release, function=FUNCTION, hold_queue="HoldQueue", release_queue="UploadQueue"),
        "released",
        (
            "FaceBlurRole HoldAndReleasePhotos sqs:SendMessage UploadQueue",
            "FaceBlurRole ReadFlags ssm:GetParameter",
        ),
    ),
    Scenario(
        "a photo that the ledger has noted while publish is off",
        PROCESS,
        lambda stack: noted(stack).event,
        partial(_hold, function=PROCESS, hold_queue="InPlaceHoldQueue"),
        "held",
        ("DedupeProcessRole HoldAndReleasePhotos sqs:SendMessage InPlaceHoldQueue",),
    ),
    Scenario(
        "a photo in place is on hold, and publish is on",
        PROCESS,
        lambda stack: noted(stack).event["Records"][0],
        partial(_release, function=PROCESS, hold_queue="InPlaceHoldQueue", release_queue="InPlaceReleaseQueue"),
        "released",
        (
            "DedupeProcessRole HoldAndReleasePhotos sqs:SendMessage InPlaceReleaseQueue",
            "DedupeProcessRole ReadFlags ssm:GetParameter",
        ),
    ),
    Scenario(
        "an auction is opened while intake is off",
        INTAKE,
        lambda stack: opening(3600),
        _open_while_off,
        "503 intake-off",
        ("BidIntakeRole ReadFlags ssm:GetParameter",),
    ),
)
