"""Events as AWS hands them to the functions."""

import json
import time
import uuid
from typing import Any
from urllib.parse import quote_plus


def unique(suffix: str = "") -> str:
    """A key that nobody had before."""
    return f"iam/{uuid.uuid4().hex}{suffix}"


def uploaded(bucket: str, key: str, etag: str, version: str | None) -> dict:
    """A batch of one SQS message with one S3 record. Each is newer than those before it."""
    thing = {"key": quote_plus(key), "eTag": etag.strip('"'), "sequencer": f"{time.time_ns():018X}"}
    if version:
        thing["versionId"] = version
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": thing},
    }
    return from_queue({"Records": [record]})


def from_queue(body: Any, queue_arn: str = "") -> dict:
    """A batch of one SQS message; of this queue, where that makes a difference."""
    message = {"messageId": "one", "body": json.dumps(body), "attributes": {}, "messageAttributes": {}}
    return {"Records": [message | {"eventSource": "aws:sqs", "eventSourceARN": queue_arn}]}


def inserted(item: dict, keys: tuple[str, ...], age_seconds: int = 0) -> dict:
    """A batch of one record of a table's stream: an item that was put so many seconds ago."""
    change = {
        "ApproximateCreationDateTime": int(time.time()) - age_seconds,
        "Keys": {key: item[key] for key in keys},
        "NewImage": item,
        "SequenceNumber": str(time.time_ns()),
        "StreamViewType": "NEW_IMAGE",
    }
    record = {"eventID": uuid.uuid4().hex, "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}
    return {"Records": [record]}


def request(route: str, caller: str, group: str, body: Any = None, key: str = "", **parameters: str) -> dict:
    """An HTTP API's event, after the authorizer."""
    headers = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {})
    claims = {"sub": caller, "cognito:groups": f"[{group}]"}
    return {
        "version": "2.0",
        "routeKey": route,
        "headers": headers,
        "pathParameters": parameters,
        "requestContext": {"requestId": uuid.uuid4().hex, "authorizer": {"jwt": {"claims": claims}}},
        "body": json.dumps(body) if body is not None else None,
        "isBase64Encoded": False,
    }
