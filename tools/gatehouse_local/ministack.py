"""MiniStack with what version 1.5.33 falls short of AWS in, as far as the template needs it; run in place of it.

Every mend adds what AWS does and MiniStack does not, and says so at each. None of them allows what AWS would deny. Each
looks for what it mends, so that a newer MiniStack without it fails at its start and not in the middle of a test.

With $GATEHOUSE_FAULTS_SEED set, faults can be switched on beside that (injection.py).
"""

import os
from collections.abc import Callable

from ministack import app
from ministack.core import iam_actions
from ministack.services import apigateway, lambda_svc, s3
from ministack.services.cloudformation import provisioners

from .backfill import mend_backfill
from .bodies import json_object
from .injection import SEED, Faults, in_disorder
from .permissions import mend_permissions
from .streams import while_polling, with_checkpoints

Context = dict[str, str | list[str]]


def mend() -> None:
    """Puts all of them in."""
    iam_actions.request_tag_context = with_condition_keys(iam_actions.request_tag_context)
    iam_actions.extract_resource_arn = with_schedule_groups(iam_actions.extract_resource_arn)
    apigateway._resolve_jwks_url = over_tls(apigateway._resolve_jwks_url)
    provisioners._cw_metric_alarm_record = with_metric_math(provisioners._cw_metric_alarm_record)
    mend_permissions()
    mend_backfill()
    lambda_svc._poll_dynamodb_streams = while_polling(lambda_svc._poll_dynamodb_streams)
    lambda_svc._execute_function = with_checkpoints(lambda_svc._execute_function)


def with_condition_keys(request_tags: Callable) -> Callable:
    """What a policy may ask of a request to KMS, or of an item that is put into a DynamoDB table or deleted from it.

    Without a key, a condition on it can't hold, and KMS would refuse the settlement; while a condition that begins with
    ForAllValues always holds, and DynamoDB would let a role put any attribute and delete any
    item.
    """

    def keys(service: str, iam_action: str, body: bytes, params: dict) -> Context:
        known = request_tags(service, iam_action, body, params)
        added = {"kms": of_kms, "dynamodb": of_dynamodb}.get(service)
        if added:
            known |= added(json_object(body))
        return known | of_new_key(json_object(body)) if iam_action == "kms:CreateKey" else known

    return keys


def of_kms(request: dict) -> Context:
    """AWS KMS developer guide, "AWS KMS condition keys".

    An algorithm that is not named is the symmetric one, as the API reference of Encrypt and Decrypt has it.
    """
    encryption = request.get("EncryptionContext") or {}
    keys: Context = {f"kms:EncryptionContext:{name}": value for name, value in encryption.items()}
    if encryption:
        keys["kms:EncryptionContextKeys"] = list(encryption)
    keys["kms:EncryptionAlgorithm"] = request.get("EncryptionAlgorithm", "SYMMETRIC_DEFAULT")
    for name in ("KeySpec", "KeyUsage"):
        if name in request:
            keys[f"kms:{name}"] = request[name]
    return keys


def of_new_key(request: dict) -> Context:
    """The same guide, of CreateKey: a condition holds for a parameter that is not named, too, with its default.

    Of a key that is there already they mean that key, which is not looked at here: so there they are unknown.
    """
    many = request.get("MultiRegion", False)
    return {"kms:KeyOrigin": request.get("Origin", "AWS_KMS"), "kms:MultiRegion": "true" if many else "false"}


def of_dynamodb(request: dict) -> Context:
    """Service authorization reference of DynamoDB: dynamodb:Attributes are those that a request names, and
    dynamodb:LeadingKeys its partition keys, which are called pk wherever a policy asks for them.

    MiniStack has attributes for reads, and no keys. Of a transaction, all its items count together: that is stricter than
    AWS.
    """
    parts = [request, *(part for one in request.get("TransactItems") or [] for part in one.values())]
    attributes = sorted({name for part in parts for name in part.get("Item") or {}})
    items = [part.get("Key") or part.get("Item") or {} for part in parts]
    keys = sorted({item["pk"]["S"] for item in items if "S" in item.get("pk", {})})
    found = {"dynamodb:Attributes": attributes, "dynamodb:LeadingKeys": keys}
    return {name: values for name, values in found.items() if values}


def with_schedule_groups(resource_arn: Callable) -> Callable:
    """A schedule's ARN names its group, which stands in the body of a request or in its query; not always "default"."""

    def arn(service: str, method: str, path: str, headers: dict, body: bytes, query: dict, *place) -> str:
        found = resource_arn(service, method, path, headers, body, query, *place)
        if service != "scheduler":
            return found
        in_query = query.get("groupName", "")
        group = json_object(body).get("GroupName") or (in_query[0] if isinstance(in_query, list) else in_query)
        return found.replace(":schedule/default/", f":schedule/{group}/", 1) if group else found

    return arn


def with_metric_math(record: Callable) -> Callable:
    """An alarm on an expression is made, and kept as it is. Nothing evaluates it; `tests/template/cloudwatch.py` does."""

    def of(name: str, properties: dict) -> dict:
        metrics = properties.get("Metrics")
        if not metrics:
            return record(name, properties)
        nothing = {"Metrics": None, "MetricName": "expression", "Namespace": "none"}
        return record(name, properties | nothing) | {"Metrics": metrics}

    return of


def over_tls(resolve: Callable) -> Callable:
    """The user pool's public keys are asked for at our own address, which takes nothing but TLS."""

    async def resolve_over_tls(authorizer: dict) -> str | None:
        address = await resolve(authorizer)
        ours = f"http://{apigateway._HOST}:{apigateway._PORT}/"
        return address and address.replace(ours, ours.replace("http:", "https:"), 1)

    return resolve_over_tls


def inject(seed: int) -> None:
    """Puts faults between the functions and everything that they ask; they start when they are switched on."""
    faults = Faults(app.app, seed)
    app.app = faults
    s3._deliver_event_to_sqs = in_disorder(s3._deliver_event_to_sqs, faults)


if __name__ == "__main__":
    mend()
    if os.environ.get(SEED):
        inject(int(os.environ[SEED]))
    app.main()
