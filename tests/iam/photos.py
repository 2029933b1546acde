"""What face-blur is there for."""

from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from events import unique, uploaded
from scenario import Scenario
from stack import Answer, Stack

PHOTO = Path(__file__).resolve().parents[2] / "samples" / "astronaut.jpg"
FUNCTION, SOURCE, DESTINATION = "FaceBlurFunction", "SourceBucket", "DestinationBucket"
TAGS = {"album": "summer"}


@dataclass(frozen=True)
class Upload:
    """A file that was uploaded, and the event that tells of it."""

    key: str
    event: dict


def upload(
    stack: Stack, bucket: str, file: bytes | None = None, tags: dict | None = None, versioned: bool = True
) -> Upload:
    """Uploads a photo, or whatever else `file` is."""
    key, name = unique(".jpg"), stack.id(bucket)
    tagging = "&".join(f"{tag}={value}" for tag, value in (tags or {}).items())
    body = PHOTO.read_bytes() if file is None else file
    put = stack.client("s3").put_object(Bucket=name, Key=key, Body=body, ContentType="image/jpeg", Tagging=tagging)
    return Upload(key, uploaded(name, key, put["ETag"], put["VersionId"] if versioned else None))


def tags_of(stack: Stack, bucket: str, key: str) -> dict:
    """The tags of an object."""
    answer = stack.client("s3").get_object_tagging(Bucket=stack.id(bucket), Key=key)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def versions(stack: Stack, bucket: str, key: str) -> int:
    """How often something was written under a key."""
    listed = stack.client("s3").list_object_versions(Bucket=stack.id(bucket), Prefix=key)
    return len(listed.get("Versions", []))


def without_outcome(stack: Stack, answer: Answer) -> str | None:
    """What has become of an event if it was not worked off: it comes again, or was rejected."""
    if answer.handed_back:
        return "comes again"
    reason = stack.reason()
    return reason and f"rejected: {reason}"


def _act(stack: Stack, photo: Upload) -> str:
    if ended := without_outcome(stack, stack.invoke(FUNCTION, photo.event)):
        return ended
    try:
        stack.client("s3").head_object(Bucket=stack.id(DESTINATION), Key=photo.key)
    except ClientError:
        return "not published"
    return "published with its tags" if tags_of(stack, DESTINATION, photo.key) == TAGS else "published"


def _published(stack: Stack) -> Upload:
    photo = upload(stack, SOURCE)
    _act(stack, photo)
    return photo


def _again(stack: Stack, photo: Upload) -> str:
    if ended := without_outcome(stack, stack.invoke(FUNCTION, photo.event)):
        return ended
    return f"skipped, published {versions(stack, DESTINATION, photo.key)} time"


def _deleted(stack: Stack) -> Upload:
    gone = upload(stack, SOURCE)
    version = gone.event["Records"][0]["body"].partition('"versionId": "')[2].partition('"')[0]
    stack.client("s3").delete_object(Bucket=stack.id(SOURCE), Key=gone.key, VersionId=version)
    return gone


SCENARIOS = (
    Scenario(
        "a photo is uploaded",
        FUNCTION,
        lambda stack: upload(stack, SOURCE),
        _act,
        "published",
        (
            "FaceBlurRole ReadUploadedPhotos s3:GetObjectVersion",
            "FaceBlurRole PublishPhotos s3:PutObject",
            "FaceBlurRole TellMissingFromForbidden s3:ListBucket DestinationBucket",
        ),
    ),
    Scenario(
        "a photo whose event names no version",
        FUNCTION,
        lambda stack: upload(stack, SOURCE, versioned=False),
        _act,
        "published",
        ("FaceBlurRole ReadUploadedPhotos s3:GetObject",),
    ),
    Scenario(
        "a photo with tags",
        FUNCTION,
        lambda stack: upload(stack, SOURCE, tags=TAGS),
        _act,
        "published with its tags",
        (
            "FaceBlurRole ReadUploadedPhotos s3:GetObjectTagging",
            "FaceBlurRole ReadUploadedPhotos s3:GetObjectVersionTagging",
            "FaceBlurRole PublishPhotos s3:PutObjectTagging",
        ),
    ),
    Scenario(
        "the event of a published photo comes again",
        FUNCTION,
        _published,
        _again,
        "skipped, published 1 time",
        ("FaceBlurRole PublishPhotos s3:GetObject",),
    ),
    Scenario(
        "a file that is no photo",
        FUNCTION,
        lambda stack: upload(stack, SOURCE, file=b"Dear Sir or Madam"),
        _act,
        "rejected: unsupported-format",
        ("FaceBlurRole RejectPhotos sqs:SendMessage",),
    ),
    Scenario(
        "a photo that was deleted meanwhile",
        FUNCTION,
        _deleted,
        _act,
        "rejected: object-missing",
        ("FaceBlurRole TellMissingFromForbidden s3:ListBucket SourceBucket",),
    ),
)
