"""What dedupe-record and dedupe-process are there for."""

import json
from dataclasses import dataclass

from events import from_queue, inserted
from photos import TAGS, Upload, tags_of, upload, versions, without_outcome
from policies import denying
from scenario import Scenario
from stack import Stack

RECORD, PROCESS, BUCKET, LEDGER = "DedupeRecordFunction", "DedupeProcessFunction", "InPlaceBucket", "LedgerTable"
TWO_HOURS = 7200  # longer than a record of the stream is tried


@dataclass(frozen=True)
class Noted:
    """An upload that the ledger has noted, and the event of the ledger's stream."""

    key: str
    event: dict


def _item(stack: Stack, key: str) -> dict | None:
    pk = {"pk": {"S": f"{stack.id(BUCKET)}/{key}"}}
    return stack.client("dynamodb").get_item(TableName=stack.id(LEDGER), Key=pk).get("Item")


def _record(stack: Stack, photo: Upload) -> str:
    if ended := without_outcome(stack, stack.invoke(RECORD, photo.event)):
        return ended
    item = _item(stack, photo.key)
    return f"noted, {item['state']['S']}" if item else "not noted"


def _without_etag(stack: Stack) -> Upload:
    photo = upload(stack, BUCKET)
    body = json.loads(photo.event["Records"][0]["body"])
    del body["Records"][0]["s3"]["object"]["eTag"]
    return Upload(photo.key, from_queue(body))


def noted(stack: Stack, age_seconds: int = 0, **what) -> Noted:
    """Uploads a photo, or something else, and has the ledger note it; so many seconds ago, as the stream's event says."""
    photo = upload(stack, BUCKET, **what)
    stack.invoke(RECORD, photo.event)
    return Noted(photo.key, inserted(_item(stack, photo.key), ("pk",), age_seconds))


def _process(stack: Stack, photo: Noted) -> str:
    if ended := without_outcome(stack, stack.invoke(PROCESS, photo.event)):
        return ended
    written = versions(stack, BUCKET, photo.key)
    if written != 2:
        return f"not replaced, {_item(stack, photo.key)['state']['S']}"
    with_tags = " with its tags" if tags_of(stack, BUCKET, photo.key) == TAGS else ""
    return f"replaced{with_tags}, {_item(stack, photo.key)['state']['S']}"


def _deleted(stack: Stack) -> Noted:
    photo = noted(stack)
    stack.client("s3").delete_object(Bucket=stack.id(BUCKET), Key=photo.key)
    return photo


def _give_up(stack: Stack, photo: Noted) -> str:
    with denying(stack, "DedupeProcessRole", "s3:GetObject", f"{stack.arn(BUCKET)}/*"):
        answer = stack.invoke(PROCESS, photo.event)
    stack.denied = [action for action in stack.denied if action != "s3:GetObject"]  # that is the fault, and not missing
    reason = stack.reason("StreamFailureQueue")
    return "comes again" if answer.handed_back else f"given up: {reason}"


SCENARIOS = (
    Scenario(
        "a photo is uploaded",
        RECORD,
        lambda stack: upload(stack, BUCKET),
        _record,
        "noted, pending",
        ("DedupeRecordRole WriteLedger dynamodb:UpdateItem",),
    ),
    Scenario(
        "an event that can't be used",
        RECORD,
        _without_etag,
        _record,
        "rejected: malformed-event",
        ("DedupeRecordRole RejectPhotos sqs:SendMessage",),
    ),
    Scenario(
        "a photo that the ledger has noted",
        PROCESS,
        noted,
        _process,
        "replaced, done",
        (
            "DedupeProcessRole ReplacePhotos s3:GetObject",
            "DedupeProcessRole ReplacePhotos s3:PutObject",
            "DedupeProcessRole WriteLedger dynamodb:UpdateItem",
        ),
    ),
    Scenario(
        "a photo with tags",
        PROCESS,
        lambda stack: noted(stack, tags=TAGS),
        _process,
        "replaced with its tags, done",
        (
            "DedupeProcessRole ReplacePhotos s3:GetObjectTagging",
            "DedupeProcessRole ReplacePhotos s3:GetObjectVersionTagging",
            "DedupeProcessRole ReplacePhotos s3:PutObjectTagging",
        ),
    ),
    Scenario(
        "a file that is no photo",
        PROCESS,
        lambda stack: noted(stack, file=b"Dear Sir or Madam"),
        _process,
        "rejected: unsupported-format",
        ("DedupeProcessRole RejectPhotos sqs:SendMessage",),
    ),
    Scenario(
        "a photo that was deleted meanwhile",
        PROCESS,
        _deleted,
        _process,
        "not replaced, pending",
        ("DedupeProcessRole TellMissingFromForbidden s3:ListBucket",),
    ),
    Scenario(
        "a photo that can't be read for longer than an hour",
        PROCESS,
        lambda stack: noted(stack, age_seconds=TWO_HOURS),
        _give_up,
        "given up: storage-unavailable",
        ("DedupeProcessRole GiveUp sqs:SendMessage",),
    ),
)
