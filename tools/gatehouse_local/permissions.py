"""What AWS asks a caller for beside the action that a request is named after, and MiniStack 1.5.33 does not.

Part of the mends in `ministack.py`: each denies what AWS denies, and none allows anything.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.iam_actions import access_denied_response
from ministack.core.responses import get_account_id, new_uuid
from ministack.core.router import extract_access_key_id, extract_region
from ministack.services import eventbridge

from .bodies import json_object
from .settings import REGION

Handler = Callable[..., Awaitable[tuple]]


class Request(NamedTuple):
    """A request as MiniStack hands it to a service."""

    method: str
    path: str
    headers: dict
    body: bytes
    query: dict


@dataclass(frozen=True)
class Asked:
    """One more action that the caller must be allowed."""

    action: str
    resource: str
    context: dict = field(default_factory=dict)


def mend_permissions() -> None:
    """Puts all of them in."""
    handlers = app.SERVICE_HANDLERS
    handlers["s3"] = hiding_what_is_missing(asking_for(tags, "s3", handlers["s3"]))
    handlers["scheduler"] = asking_for(role_of_a_schedule, "scheduler", handlers["scheduler"])
    handlers["kms"] = asking_for(tags_of_a_key, "kms", handlers["kms"])
    eventbridge._invoke_target = by_its_role(eventbridge._invoke_target)


def tags(request: Request) -> Iterator[Asked]:
    """Amazon S3 API reference. PutObject: `x-amz-tagging` takes s3:PutObjectTagging as well. GetObjectTagging: for the tags
    of a version, s3:GetObjectVersionTagging is needed "also", and not instead."""
    bucket, key = _place(request)
    thing = f"arn:aws:s3:::{bucket}/{key}"
    if request.method in ("PUT", "POST") and key and request.headers.get("x-amz-tagging"):
        yield Asked("s3:PutObjectTagging", thing)
    if request.method == "GET" and key and "tagging" in request.query and "versionId" in request.query:
        yield Asked("s3:GetObjectTagging", thing)


def role_of_a_schedule(request: Request) -> Iterator[Asked]:
    """EventBridge Scheduler user guide, "Setting up": whoever makes a schedule must be allowed to pass on its role."""
    role = (json_object(request.body).get("Target") or {}).get("RoleArn")
    if request.method in ("POST", "PUT") and request.path.startswith("/schedules/") and role:
        yield Asked("iam:PassRole", role, {"iam:PassedToService": "scheduler.amazonaws.com"})


def tags_of_a_key(request: Request) -> Iterator[Asked]:
    """AWS KMS API reference, CreateKey: tags take kms:TagResource as well, in an IAM policy."""
    tags_of_it = json_object(request.body).get("Tags") or []
    if request.headers.get("x-amz-target", "").endswith(".CreateKey") and tags_of_it:
        resource = f"arn:aws:kms:{extract_region(request.headers)}:{get_account_id()}:key/{new_uuid()}"
        yield Asked("kms:TagResource", resource, {"aws:TagKeys": [tag.get("TagKey", "") for tag in tags_of_it]})


def asking_for(more: Callable[[Request], Iterator[Asked]], service: str, handler: Handler) -> Handler:
    """The service's handler, which only sees requests whose caller may do everything that they ask for."""

    async def handle(*parts) -> tuple:
        request = Request(*parts)
        for asked in more(request):
            if denial := _denial(request, service, asked):
                return denial
        return await handler(*parts)

    return handle


def hiding_what_is_missing(handler: Handler) -> Handler:
    """Amazon S3 API reference, GetObject and HeadObject: without s3:ListBucket, a key that is not there is forbidden."""

    async def handle(*parts) -> tuple:
        request, answer = Request(*parts), await handler(*parts)
        bucket, key = _place(request)
        if request.method in ("GET", "HEAD") and key and answer[0] == 404:
            return _denial(request, "s3", Asked("s3:ListBucket", f"arn:aws:s3:::{bucket}")) or answer
        return answer

    return handle


def by_its_role(invoke: Callable) -> Callable:
    """EventBridge Scheduler user guide, "Setting up": a schedule sends to a queue as far as its role lets it."""

    def invoke_if_allowed(target: dict, event: dict, *rest) -> None:
        queue = target.get("Arn", "")
        by_schedule = event.get("Source") == "aws.scheduler" and ":sqs:" in queue
        if by_schedule and not may(target["RoleArn"], "sqs:SendMessage", queue):
            return
        invoke(target, event, *rest)

    return invoke_if_allowed


def may(role: str, action: str, resource: str) -> bool:
    """Whether a role's policies let a service that acts in its name do something to a thing."""
    policies = iam_evaluator._gather_role_policies(role.rsplit("/", 1)[-1], get_account_id())
    caller = iam_evaluator.EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource,
        region=REGION,
    )
    return iam_evaluator.evaluate(caller, policies).decision == "Allow"


def _denial(request: Request, service: str, asked: Asked) -> tuple | None:
    caller = extract_access_key_id(request.headers, request.query)
    region, asked_of = extract_region(request.headers), asked.action.partition(":")[0]
    denied = iam_evaluator.enforce(caller, asked.action, asked_of, region, asked.resource, asked.context)
    if denied is None:
        return None
    who = getattr(denied, "principal_arn", "")
    return access_denied_response(service, asked.action, who, new_uuid(), headers=request.headers)


def _place(request: Request) -> tuple[str, str]:
    """Bucket and key of a path, each empty if it names none."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    return bucket, unquote(key)
