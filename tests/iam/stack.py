"""The deployed stack, as its deployer sees it: what it is made of, and its functions, called with events of the tests'."""

import base64
import functools
import json
import os
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

# Every service says it so, and a function logs what its service said.
DENIED = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")
# A function has at most this many seconds on the local stack, and each call is made once.
PATIENT = Config(read_timeout=60, retries={"total_max_attempts": 1})


@dataclass(frozen=True)
class Answer:
    """What a function answered, and what it wrote to its log meanwhile."""

    payload: Any
    failed: bool
    log: str

    @property
    def handed_back(self) -> bool:
        """Whether the event, or anything of it, is to be delivered again."""
        return self.failed or bool((self.payload or {}).get("batchItemFailures"))


@dataclass(eq=False)
class Stack:
    """The stack that `python -m gatehouse_local test` has deployed."""

    name: str = field(default_factory=lambda: os.environ["GATEHOUSE_STACK"])
    denied: list[str] = field(default_factory=list)  # the actions that logs have said were denied, since `restart`

    @functools.cached_property
    def _resources(self) -> dict[str, dict]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        return {one["LogicalResourceId"]: one for page in pages for one in page["StackResourceSummaries"]}

    @functools.lru_cache(maxsize=None)
    def client(self, service: str):
        """A client that may do everything."""
        return boto3.client(service, config=PATIENT)

    def id(self, resource: str) -> str:
        """The physical id of a resource of the template: a queue's URL, a bucket's, table's or role's name."""
        return self._resources[resource]["PhysicalResourceId"]

    def of_type(self, kind: str) -> list[str]:
        """The template's names of all resources of a type, in their order."""
        return sorted(name for name, one in self._resources.items() if one["ResourceType"] == kind)

    def arn(self, resource: str) -> str:
        """The ARN of a bucket, queue, table, role or key."""
        kind, name = self._resources[resource]["ResourceType"], self.id(resource)
        match kind:
            case "AWS::S3::Bucket":
                return f"arn:aws:s3:::{name}"
            case "AWS::SQS::Queue":
                wanted = {"QueueUrl": name, "AttributeNames": ["QueueArn"]}
                return self.client("sqs").get_queue_attributes(**wanted)["Attributes"]["QueueArn"]
            case "AWS::DynamoDB::Table":
                return self.client("dynamodb").describe_table(TableName=name)["Table"]["TableArn"]
            case "AWS::IAM::Role":
                return self.client("iam").get_role(RoleName=name)["Role"]["Arn"]
            case "AWS::KMS::Key":
                return self.client("kms").describe_key(KeyId=name)["KeyMetadata"]["Arn"]
        raise ValueError(f"{resource} is a {kind}")

    def switch_event_sources(self, on: bool) -> None:
        """Off, functions only get the events that a test hands to them."""
        functions = self.client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)

    def restart(self, function: str) -> None:
        """Ends a function's processes, with whatever they remember: another configuration starts new ones, as on AWS.

        The local stack does that for what a process is started with; the timeout is sent again for its sake.
        """
        functions, name = self.client("lambda"), {"FunctionName": self.id(function)}
        timeout = functions.get_function_configuration(**name)["Timeout"]
        functions.update_function_configuration(**name, Timeout=timeout, Description=f"Restarted by a test, {uuid.uuid4()}")
        self.denied.clear()

    def invoke(self, function: str, event: Any) -> Answer:
        """Calls a function, under its own role, and waits for its answer."""
        called = {"FunctionName": self.id(function), "Payload": json.dumps(event), "LogType": "Tail"}
        answer = self.client("lambda").invoke(**called)
        payload, log = json.loads(answer["Payload"].read() or "null"), base64.b64decode(answer.get("LogResult", ""))
        log = log.decode(errors="replace")
        self.denied += [action for action in DENIED.findall(log) if action not in self.denied]
        return Answer(payload, "FunctionError" in answer, log)

    def drain(self, queue: str) -> list[Any]:
        """Takes all visible messages out of a queue."""
        sqs, bodies = self.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self.id(queue), MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=self.id(queue), ReceiptHandle=message["ReceiptHandle"])
                bodies.append(json.loads(message["Body"]))
        return bodies

    def reason(self, queue: str = "RejectedQueue") -> str | None:
        """Why something was rejected or given up; whatever else is in the queue goes, too."""
        reasons = [message["reason"] for message in self.drain(queue)]
        return reasons[0] if reasons else None
