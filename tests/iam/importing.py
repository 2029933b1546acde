"""What bid-import is there for, as long as no key is set that opens bids of the older system."""

import uuid
from dataclasses import dataclass

from events import uploaded
from forbidden import note_progress
from photos import without_outcome
from scenario import Scenario
from stack import Stack

FUNCTION, BUCKET = "BidImportFunction", "ImportBucket"
HEADER = "[].contract,[].bid\n"


@dataclass(frozen=True)
class File:
    """A file that was uploaded, and its event."""

    key: str
    version: str
    event: dict


def file_of(stack: Stack, lines: str, versioned: bool = True) -> File:
    """Uploads a file with these lines below its header."""
    key, name = f"{uuid.uuid4().hex}/encrypted.csv", stack.id(BUCKET)
    put = stack.client("s3").put_object(Bucket=name, Key=key, Body=(HEADER + lines).encode())
    event = uploaded(name, key, put["ETag"], put["VersionId"] if versioned else None)
    return File(key, put["VersionId"], event)


def imported(stack: Stack, file: File) -> str:
    """What comes of a file."""
    if ended := without_outcome(stack, stack.invoke(FUNCTION, file.event)):
        return ended
    pk = {"pk": {"S": f"import/{stack.id(BUCKET)}/{file.key}"}, "sk": {"N": "0"}}
    noted = stack.client("dynamodb").get_item(TableName=stack.id("AuctionsTable"), Key=pk).get("Item")
    return "imported" if noted else "not noted"


def _deleted(stack: Stack) -> File:
    file = file_of(stack, "")
    stack.client("s3").delete_object(Bucket=stack.id(BUCKET), Key=file.key, VersionId=file.version)
    return file


SCENARIOS = (
    Scenario(
        "a file is uploaded",
        FUNCTION,
        lambda stack: file_of(stack, ""),
        imported,
        "imported",
        (
            "BidImportRole ReadFiles s3:GetObjectVersion",
            "BidImportRole AppendToLogs dynamodb:GetItem",
            "BidImportRole AppendToLogs dynamodb:PutItem",
        ),
    ),
    Scenario(
        "a file whose event names no version",
        FUNCTION,
        lambda stack: file_of(stack, "", versioned=False),
        imported,
        "imported",
        ("BidImportRole ReadFiles s3:GetObject",),
    ),
    Scenario(
        "a line that can't be used",
        FUNCTION,
        lambda stack: file_of(stack, "a-contract,\n"),
        imported,
        "rejected: bid-missing",
        ("BidImportRole RejectLines sqs:SendMessage",),
    ),
    Scenario(
        "a file that was deleted meanwhile",
        FUNCTION,
        _deleted,
        imported,
        "rejected: object-missing",
        ("BidImportRole TellMissingFromForbidden s3:ListBucket",),
    ),
    Scenario(
        "the import tries to note how far a settlement is",
        FUNCTION,
        lambda stack: None,
        note_progress("BidImportRole"),
        "AccessDeniedException",
        ("BidImportRole NeverNoteProgress dynamodb:PutItem",),
    ),
)
