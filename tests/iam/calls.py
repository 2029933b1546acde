"""Calls that somebody who took over a function would like to make, on each thing of the stack.

None of them harms the stack should it be allowed, but for those that only an administrator may make.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from stack import Stack

KEY = "iam/nobody"  # an object, an item: of nobody
ANY_POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


@dataclass(frozen=True)
class Call:
    """One."""

    action: str
    on: str  # by its name in the template
    service: str  # as boto3 calls it
    operation: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.action} {self.on}"


def calls(stack: Stack) -> Iterator[Call]:
    """All of them."""
    for kind, of in _KINDS.items():
        for name in stack.of_type(kind):
            yield from of(stack, name)
    yield from _of_the_account(stack)


def _bucket(stack: Stack, name: str) -> Iterator[Call]:
    bucket = {"Bucket": stack.id(name)}
    thing, version = bucket | {"Key": KEY}, {"VersionId": "null"}
    yield Call("s3:GetObject", name, "s3", "get_object", thing)
    yield Call("s3:GetObjectVersion", name, "s3", "get_object", thing | version)
    yield Call("s3:GetObjectTagging", name, "s3", "get_object_tagging", thing)
    yield Call("s3:PutObject", name, "s3", "put_object", thing | {"Body": b""})
    yield Call("s3:PutObjectTagging", name, "s3", "put_object_tagging", thing | {"Tagging": {"TagSet": []}})
    yield Call("s3:DeleteObject", name, "s3", "delete_object", thing)
    yield Call("s3:DeleteObjectVersion", name, "s3", "delete_object", thing | version)
    yield Call("s3:ListBucket", name, "s3", "list_objects_v2", bucket)
    yield Call("s3:ListBucketVersions", name, "s3", "list_object_versions", bucket)
    yield Call("s3:GetBucketPolicy", name, "s3", "get_bucket_policy", bucket)
    yield Call("s3:PutBucketPolicy", name, "s3", "put_bucket_policy", bucket | {"Policy": ANY_POLICY})
    yield Call("s3:DeleteBucketPolicy", name, "s3", "delete_bucket_policy", bucket)


def _queue(stack: Stack, name: str) -> Iterator[Call]:
    queue = {"QueueUrl": stack.id(name)}
    yield Call("sqs:SendMessage", name, "sqs", "send_message", queue | {"MessageBody": "{}"})
    yield Call("sqs:ReceiveMessage", name, "sqs", "receive_message", queue | {"VisibilityTimeout": 0})
    yield Call("sqs:DeleteMessage", name, "sqs", "delete_message", queue | {"ReceiptHandle": "none"})
    yield Call("sqs:PurgeQueue", name, "sqs", "purge_queue", queue)
    yield Call("sqs:SetQueueAttributes", name, "sqs", "set_queue_attributes", queue | {"Attributes": {"Policy": ""}})


def _table(stack: Stack, name: str) -> Iterator[Call]:
    table, pk = {"TableName": stack.id(name)}, {"pk": {"S": KEY}}
    key = pk | ({"sk": {"N": "0"}} if name == "AuctionsTable" else {})
    of_pk = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": KEY}}}
    yield Call("dynamodb:GetItem", name, "dynamodb", "get_item", table | {"Key": key})
    yield Call("dynamodb:Query", name, "dynamodb", "query", table | of_pk)
    yield Call("dynamodb:Scan", name, "dynamodb", "scan", table)
    yield Call("dynamodb:PutItem", name, "dynamodb", "put_item", table | {"Item": key})
    yield Call("dynamodb:UpdateItem", name, "dynamodb", "update_item", table | {"Key": key})
    yield Call("dynamodb:DeleteItem", name, "dynamodb", "delete_item", table | {"Key": key})
    select = {"Statement": f'SELECT * FROM "{stack.id(name)}"'}
    yield Call("dynamodb:PartiQLSelect", name, "dynamodb", "execute_statement", select)


def _key(stack: Stack, name: str) -> Iterator[Call]:
    key = {"KeyId": stack.arn(name)}
    policy = key | {"PolicyName": "default", "Policy": ANY_POLICY}
    grant = key | {"GranteePrincipal": stack.arn("FaceBlurRole"), "Operations": ["Decrypt"]}
    context = {"auction": "of-nobody"}
    yield Call("kms:GetPublicKey", name, "kms", "get_public_key", key)
    yield Call("kms:ListResourceTags", name, "kms", "list_resource_tags", key)
    yield Call("kms:PutKeyPolicy", name, "kms", "put_key_policy", policy)
    yield Call("kms:CreateGrant", name, "kms", "create_grant", grant)
    yield Call("kms:ScheduleKeyDeletion", name, "kms", "schedule_key_deletion", key)
    yield Call("kms:DisableKey", name, "kms", "disable_key", key)
    if name == "ResultKey":
        yield Call("kms:Encrypt", name, "kms", "encrypt", key | {"Plaintext": b"1", "EncryptionContext": context})
        sealed = stack.client("kms").encrypt(**key, Plaintext=b"1", EncryptionContext=context)["CiphertextBlob"]
        yield Call("kms:Decrypt", name, "kms", "decrypt", key | {"CiphertextBlob": sealed, "EncryptionContext": context})
    else:
        algorithm = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
        sealed = stack.client("kms").encrypt(**key, **algorithm, Plaintext=b"1")["CiphertextBlob"]
        yield Call("kms:Decrypt", name, "kms", "decrypt", key | algorithm | {"CiphertextBlob": sealed})


def _role(stack: Stack, name: str) -> Iterator[Call]:
    role = {"RoleName": stack.id(name)}
    policy = role | {"PolicyName": "more", "PolicyDocument": ANY_POLICY}
    trust, managed = role | {"PolicyDocument": ANY_POLICY}, "arn:aws:iam::aws:policy/ReadOnlyAccess"
    taken = {"RoleArn": stack.arn(name), "RoleSessionName": "somebody"}
    yield Call("iam:PutRolePolicy", name, "iam", "put_role_policy", policy)
    yield Call("iam:AttachRolePolicy", name, "iam", "attach_role_policy", role | {"PolicyArn": managed})
    yield Call("iam:UpdateAssumeRolePolicy", name, "iam", "update_assume_role_policy", trust)
    yield Call("sts:AssumeRole", name, "sts", "assume_role", taken)


def _function(stack: Stack, name: str) -> Iterator[Call]:
    function = {"FunctionName": stack.id(name)}
    configuration = function | {"Description": "Of somebody else"}
    yield Call("lambda:InvokeFunction", name, "lambda", "invoke", function)
    yield Call("lambda:GetFunction", name, "lambda", "get_function", function)
    yield Call("lambda:UpdateFunctionCode", name, "lambda", "update_function_code", function | {"ZipFile": b"none"})
    yield Call("lambda:UpdateFunctionConfiguration", name, "lambda", "update_function_configuration", configuration)


def _parameter(stack: Stack, name: str) -> Iterator[Call]:
    parameter = {"Name": stack.id(name)}
    yield Call("ssm:GetParameter", name, "ssm", "get_parameter", parameter)
    yield Call("ssm:GetParameterHistory", name, "ssm", "get_parameter_history", parameter)
    yield Call("ssm:PutParameter", name, "ssm", "put_parameter", parameter | {"Value": "{}"})
    yield Call("ssm:DeleteParameter", name, "ssm", "delete_parameter", parameter)


def _state_machine(stack: Stack, name: str) -> Iterator[Call]:
    machine = {"stateMachineArn": stack.id(name)}
    prefix = json.dumps({"prefix": KEY})
    yield Call("states:StartExecution", name, "stepfunctions", "start_execution", machine | {"input": prefix})
    yield Call("states:ListExecutions", name, "stepfunctions", "list_executions", machine)
    yield Call("states:DescribeStateMachine", name, "stepfunctions", "describe_state_machine", machine)
    yield Call("states:UpdateStateMachine", name, "stepfunctions", "update_state_machine", machine | {"definition": "{}"})
    yield Call("states:DeleteStateMachine", name, "stepfunctions", "delete_state_machine", machine)


def _log_group(stack: Stack, name: str) -> Iterator[Call]:
    group = {"logGroupName": stack.id(name)}
    yield Call("logs:FilterLogEvents", name, "logs", "filter_log_events", group)
    yield Call("logs:DeleteLogGroup", name, "logs", "delete_log_group", group)


def _of_the_account(stack: Stack) -> Iterator[Call]:
    """What is on no thing of the stack's, or on one of its kind."""
    group = {"GroupName": stack.id("CloseSchedules")}
    to_queue = {"Arn": stack.arn("SettleQueue"), "RoleArn": stack.arn("CloseSchedulesRole"), "Input": "{}"}
    schedule = group | {"Name": "nobody", "Target": to_queue, "FlexibleTimeWindow": {"Mode": "OFF"}}
    schedule["ScheduleExpression"] = "at(2100-01-01T00:00:00)"
    entry = {"Source": "somebody", "DetailType": "anything", "Detail": "{}"}
    user = {"UserPoolId": stack.id("UserPool"), "Username": "nobody"}
    yield Call("scheduler:CreateSchedule", "CloseSchedules", "scheduler", "create_schedule", schedule)
    yield Call("scheduler:DeleteSchedule", "CloseSchedules", "scheduler", "delete_schedule", group | {"Name": "nobody"})
    yield Call("scheduler:ListSchedules", "CloseSchedules", "scheduler", "list_schedules", group)
    yield Call("events:PutEvents", "the event bus", "events", "put_events", {"Entries": [entry]})
    yield Call("events:PutRule", "the event bus", "events", "put_rule", {"Name": "r", "EventPattern": "{}"})
    yield Call("kms:CreateKey", "a new key", "kms", "create_key", {"KeySpec": "RSA_4096", "KeyUsage": "ENCRYPT_DECRYPT"})
    yield Call("iam:CreateUser", "the account", "iam", "create_user", {"UserName": "somebody"})
    yield Call("s3:ListAllMyBuckets", "the account", "s3", "list_buckets", {})
    yield Call("cognito-idp:AdminCreateUser", "UserPool", "cognito-idp", "admin_create_user", user)
    yield Call("cloudformation:DeleteStack", "the stack", "cloudformation", "delete_stack", {"StackName": "another"})


_KINDS: dict[str, Callable[[Stack, str], Iterator[Call]]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::SQS::Queue": _queue,
    "AWS::DynamoDB::Table": _table,
    "AWS::KMS::Key": _key,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::Function": _function,
    "AWS::SSM::Parameter": _parameter,
    "AWS::StepFunctions::StateMachine": _state_machine,
    "AWS::Logs::LogGroup": _log_group,
}
