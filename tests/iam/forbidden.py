"""Everything that a role is not there for is denied: each call of `calls`, with each role, but for the few named here."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from calls import Call, calls
from stack import DENIED as NAMED
from stack import PATIENT, Stack

DENIED = {"AccessDenied", "AccessDeniedException", "403", "Forbidden"}


def _queue_of(queue: str) -> set[str]:
    return {f"sqs:ReceiveMessage {queue}", f"sqs:DeleteMessage {queue}"}


# What each role may do of it. The settlement's items have no attributes but those of an event, and it deletes notes only.
MAY: dict[str, set[str]] = {
    "FaceBlurRole": {
        "s3:GetObject SourceBucket",
        "s3:GetObjectVersion SourceBucket",
        "s3:GetObjectTagging SourceBucket",
        "s3:ListBucket SourceBucket",
        "s3:GetObject DestinationBucket",
        "s3:PutObject DestinationBucket",
        "s3:PutObjectTagging DestinationBucket",
        "s3:ListBucket DestinationBucket",
        "sqs:SendMessage RejectedQueue",
        "sqs:SendMessage HoldQueue",
        "sqs:SendMessage UploadQueue",
        "ssm:GetParameter FlagsParameter",
    }
    | _queue_of("UploadQueue")
    | _queue_of("HoldQueue"),
    "BackfillRole": {
        "s3:ListBucket SourceBucket",
        "s3:GetObject BackfillBucket",
        "s3:PutObject BackfillBucket",
        "lambda:InvokeFunction FaceBlurFunction",
        "states:StartExecution BackfillStateMachine",
    },
    "DedupeRecordRole": {"dynamodb:UpdateItem LedgerTable", "sqs:SendMessage RejectedQueue"} | _queue_of("RecordQueue"),
    "DedupeProcessRole": {
        "s3:GetObject InPlaceBucket",
        "s3:GetObjectTagging InPlaceBucket",
        "s3:PutObject InPlaceBucket",
        "s3:PutObjectTagging InPlaceBucket",
        "s3:ListBucket InPlaceBucket",
        "dynamodb:UpdateItem LedgerTable",
        "sqs:SendMessage RejectedQueue",
        "sqs:SendMessage StreamFailureQueue",
        "sqs:SendMessage InPlaceHoldQueue",
        "sqs:SendMessage InPlaceReleaseQueue",
        "ssm:GetParameter FlagsParameter",
    }
    | _queue_of("InPlaceHoldQueue")
    | _queue_of("InPlaceReleaseQueue"),
    "BidIntakeRole": {
        "dynamodb:GetItem AuctionsTable",
        "dynamodb:PutItem AuctionsTable",
        "dynamodb:Query AuctionsTable",
        "dynamodb:DeleteItem IdempotencyTable",
        "dynamodb:PutItem IdempotencyTable",
        "dynamodb:UpdateItem IdempotencyTable",
        "kms:GetPublicKey SealingKey",
        "kms:Decrypt ResultKey",
        "scheduler:CreateSchedule CloseSchedules",
        "scheduler:DeleteSchedule CloseSchedules",
        "ssm:GetParameter FlagsParameter",
    },
    "BidSettleRole": {
        "dynamodb:GetItem AuctionsTable",
        "dynamodb:PutItem AuctionsTable",
        "dynamodb:Query AuctionsTable",
        "kms:Decrypt SealingKey",
        "kms:Decrypt ResultKey",
        "kms:Encrypt ResultKey",
        "kms:ListResourceTags ResultKey",
        "kms:ListResourceTags SealingKey",
        "scheduler:DeleteSchedule CloseSchedules",
        "sqs:SendMessage SettleQueue",
        "sqs:SendMessage RejectedQueue",
    }
    | _queue_of("SettleQueue"),
    "BidPublishRole": {"events:PutEvents the event bus", "sqs:SendMessage PublishFailureQueue"},
    "BidImportRole": {
        "s3:GetObject ImportBucket",
        "s3:GetObjectVersion ImportBucket",
        "s3:ListBucket ImportBucket",
        "dynamodb:GetItem AuctionsTable",
        "dynamodb:PutItem AuctionsTable",
        "dynamodb:Query AuctionsTable",
        "sqs:SendMessage RejectedQueue",
    }
    | _queue_of("ImportQueue"),
    "CloseSchedulesRole": {"sqs:SendMessage SettleQueue", "sqs:SendMessage SettleDeadLetterQueue"},
}


@dataclass(frozen=True)
class Tried:
    """What was tried with one role."""

    role: str
    denied: list[str]
    wrongly_allowed: list[str]


def try_all(stack: Stack) -> Iterator[Tried]:
    """Every call that a role may not make, with each role. Those that it may make are the scenarios' business."""
    every = list(calls(stack))
    for role in stack.of_type("AWS::IAM::Role"):
        forbidden = [call for call in every if str(call) not in MAY.get(role, set())]
        caller = Caller(stack, role)
        denied = [str(call) for call in forbidden if caller.is_denied(call)]
        yield Tried(role, denied, [str(call) for call in forbidden if str(call) not in denied])


class Caller:
    """Somebody who has taken over a function: who has its role's credentials."""

    def __init__(self, stack: Stack, role: str):
        taken = _credentials(stack, role)
        self._session = boto3.Session(taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"])
        self._clients: dict = {}

    def client(self, service: str):
        """A client that may do what the role may."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=PATIENT)
        return self._clients[service]

    def is_denied(self, call: Call) -> bool:
        """Whether it is denied, and does not fail for another reason."""
        try:
            getattr(self.client(call.service), call.operation)(**call.arguments)
        except ClientError as error:
            refused = error.response["Error"]
            return refused["Code"] in DENIED and not _is_only_missing(call, refused.get("Message", ""))
        return False


def _is_only_missing(call: Call, words: str) -> bool:
    """S3 forbids what is not there to whoever may not list the bucket. That does not say that the call itself is denied."""
    named = NAMED.search(words)
    return call.action != "s3:ListBucket" and named is not None and named[1] == "s3:ListBucket"


def note_progress(role: str) -> Callable[[Stack, Any], str]:
    """Somebody who has taken over this role tries to forge how far a settlement is."""

    def act(stack: Stack, _: Any) -> str:
        note = {"pk": {"S": "progress/nobody"}, "sk": {"N": "0"}}
        try:
            Caller(stack, role).client("dynamodb").put_item(TableName=stack.id("AuctionsTable"), Item=note)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "noted"

    return act


def _credentials(stack: Stack, role: str) -> dict:
    """A role's, for a deployer whom its trust policy does not know: services alone take these roles."""
    iam, name = stack.client("iam"), stack.id(role)
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    deployer = {"AWS": stack.client("sts").get_caller_identity()["Account"]}
    statement = {"Effect": "Allow", "Principal": deployer, "Action": "sts:AssumeRole"}
    open_to_us = trust | {"Statement": [*trust["Statement"], statement]}
    try:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(open_to_us))
        taken = {"RoleArn": stack.arn(role), "RoleSessionName": "iam-test"}
        return stack.client("sts").assume_role(**taken)["Credentials"]
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
