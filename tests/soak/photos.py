"""Photos for the soak: each upload another file, so that no two have the same ETag; and some that are none."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError

from photo_accounts import Upload

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
# JPEGs with faces that are found at the first look: what is soaked is the way, not the detector.
GOOD = ("astronaut.jpg", "biden.jpg", "hopper.jpeg", "obama.JPG", "eight-faces.jpg")
BAD = {"truncated": "corrupt-image", "text": "unsupported-format", "empty": "empty-file"}
BAD_SHARE, AGAIN_SHARE = 0.06, 0.15
# How long a client looks after its photo before it sends the next: so few are on their way at once.
LOOKS_SECONDS, BETWEEN_LOOKS = 15.0, 0.5
# How soon a photo that is replaced is replaced.
REPLACED_WITHIN = 1.0


@dataclass
class Client:
    """Uploads photos under keys of its own, one after the other."""

    s3: object
    bucket: str
    prefix: str
    is_done: Callable[[Upload], bool]
    dice: random.Random
    uploads: list[Upload] = field(default_factory=list)
    _number: int = 0

    def run(self, until: float) -> None:
        """Goes on until then (of the monotonic clock)."""
        key = None
        while time.monotonic() < until:
            upload = self._send(key)
            is_replaced = not upload.expected and self.dice.random() < AGAIN_SHARE
            key = upload.key if is_replaced else None
            if is_replaced:
                # Soon, so that both are on their way together.
                time.sleep(self.dice.uniform(0.0, REPLACED_WITHIN))
            elif not upload.expected:
                self._look_after(upload, min(until, time.monotonic() + LOOKS_SECONDS))

    def _look_after(self, upload: Upload, until: float) -> None:
        """Waits until it is done, or until then."""
        while time.monotonic() < until and not self.is_done(upload):
            time.sleep(BETWEEN_LOOKS)

    def _send(self, key: str | None) -> Upload:
        self._number += 1
        bad = self.dice.choice(list(BAD)) if key is None and self.dice.random() < BAD_SHARE else None
        sample = self.dice.choice(GOOD)
        file = spoilt(sample, bad) if bad else variant(sample, f"{self.prefix} {self._number}")
        key = key or f"{self.prefix}/{self._number:05}.jpg"
        answer = self.s3.put_object(Bucket=self.bucket, Key=key, Body=file, ContentType="image/jpeg")
        upload = Upload(key, answer["ETag"].strip('"'), answer["VersionId"], bad or sample, BAD.get(bad))
        self.uploads.append(upload)
        return upload


def variant(sample: str, note: str) -> bytes:
    """The sample with a comment of its own in it (JPEG, marker COM: ITU-T T.81, B.2.4.5)."""
    photo, comment = (SAMPLES / sample).read_bytes(), note.encode()
    return photo[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + photo[2:]


def spoilt(sample: str, how: str) -> bytes:
    """A file that can never be published."""
    photo = (SAMPLES / sample).read_bytes()
    return {"truncated": photo[: len(photo) // 2], "text": b"Dear Sir or Madam", "empty": b""}[how]


def published_from(s3, bucket: str) -> Callable[[Upload], bool]:
    """Whether what lies in this bucket under an upload's key was made from it."""

    def is_done(upload: Upload) -> bool:
        try:
            metadata = s3.head_object(Bucket=bucket, Key=upload.key)["Metadata"]
        except (BotoCoreError, ClientError):
            return False  # not yet
        return metadata.get("gatehouse-source-etag", "").strip('"') == upload.etag

    return is_done


def replaced_in(s3, bucket: str) -> Callable[[Upload], bool]:
    """Whether something else lies under an upload's key by now."""

    def is_done(upload: Upload) -> bool:
        try:
            return s3.head_object(Bucket=bucket, Key=upload.key)["VersionId"] != upload.version
        except (BotoCoreError, ClientError):
            return False

    return is_done


def key_and_etag(record: dict) -> tuple[str, str] | None:
    """Which upload an S3 record, or a record of the ledger's stream, is about."""
    if "s3" in record:
        there = record["s3"]["object"]
        return unquote_plus(there["key"]), there["eTag"]
    item = record.get("dynamodb", {}).get("NewImage", {})
    return (item["key"]["S"], item["sourceETag"]["S"].strip('"')) if item else None
