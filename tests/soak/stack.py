"""What lies in the stack at the end: versions, and messages."""

import json
from collections.abc import Iterator

from gatehouse_local.deployment import Deployment

from photo_accounts import Published, Queues
from photos import key_and_etag

# All queues that events go through, and those in which something is left over.
WORK_QUEUES = ("UploadQueueUrl", "RecordQueueUrl", "SettleQueueUrl")
DEAD_LETTER_QUEUES = ("DeadLetterQueueUrl", "RecordDeadLetterQueueUrl")
OTHER_FAILURE_QUEUES = ("StreamFailureQueueUrl", "SettleDeadLetterQueueUrl", "PublishFailureQueueUrl")


def is_at_rest(deployment: Deployment) -> bool:
    """Whether no message waits and none is being worked on."""
    return not any(depth(deployment, queue) for queue in WORK_QUEUES)


def depth(deployment: Deployment, queue: str) -> int:
    """Messages of a queue, those that are being worked on included."""
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    asked = deployment.client("sqs").get_queue_attributes(QueueUrl=deployment.outputs[queue], AttributeNames=names)
    return sum(int(value) for value in asked["Attributes"].values())


def queues(deployment: Deployment) -> Queues:
    """Takes the rejected queue and the dead-letter queues out, and sorts them by upload."""
    sorted_out = Queues()
    for body in _drained(deployment, "RejectedQueueUrl"):
        if name := key_and_etag(body["record"]):
            sorted_out.rejected.setdefault(name, []).append(body["reason"])
    for queue in DEAD_LETTER_QUEUES:
        for body in _drained(deployment, queue):
            sorted_out.dead.update(name for record in body.get("Records", []) if (name := key_and_etag(record)))
    return sorted_out


def _drained(deployment: Deployment, queue: str) -> Iterator[dict]:
    sqs, url = deployment.client("sqs"), deployment.outputs[queue]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages"):
        for message in messages:
            yield json.loads(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def published(deployment: Deployment, prefix: str) -> dict[str, list[tuple[str, Published]]]:
    """The versions in the destination under each key, newest first, each with its id."""
    s3, bucket = deployment.client("s3"), deployment.outputs["DestinationBucket"]
    found: dict[str, list[tuple[str, Published]]] = {}
    for key, version, etag in _versions(s3, bucket, prefix):
        head = s3.head_object(Bucket=bucket, Key=key, VersionId=version)
        source = head["Metadata"]["gatehouse-source-etag"].strip('"')
        found.setdefault(key, []).append((version, Published(source, etag)))
    return found


def versions(deployment: Deployment, prefix: str) -> dict[str, list[tuple[str, str]]]:
    """The version ids in the in-place bucket under each key, newest first, each with its ETag."""
    s3, found = deployment.client("s3"), {}
    for key, version, etag in _versions(s3, deployment.outputs["InPlaceBucket"], prefix):
        found.setdefault(key, []).append((version, etag))
    return found


def _versions(s3, bucket: str, prefix: str) -> Iterator[tuple[str, str, str]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Versions", []):
            yield one["Key"], one["VersionId"], one["ETag"].strip('"')


def file(deployment: Deployment, output: str, key: str, version: str) -> bytes:
    """A version's content."""
    there = {"Bucket": deployment.outputs[output], "Key": key, "VersionId": version}
    return deployment.client("s3").get_object(**there)["Body"].read()


def messages_left_over(deployment: Deployment) -> dict[str, int]:
    """What lies in the failure queues that are not for photos."""
    depths = {queue.removesuffix("Url"): depth(deployment, queue) for queue in OTHER_FAILURE_QUEUES}
    return {queue: count for queue, count in depths.items() if count}
