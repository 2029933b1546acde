"""Finding things in a plain CloudFormation template."""

import json

FUNCTION = "AWS::Lambda::Function"
EVENT_SOURCE = "AWS::Lambda::EventSourceMapping"
QUEUE = "AWS::SQS::Queue"
QUEUE_POLICY = "AWS::SQS::QueuePolicy"
BUCKET = "AWS::S3::Bucket"
TABLE = "AWS::DynamoDB::Table"
BUCKET_POLICY = "AWS::S3::BucketPolicy"
ALARM = "AWS::CloudWatch::Alarm"
DASHBOARD = "AWS::CloudWatch::Dashboard"
ROLE = "AWS::IAM::Role"
LOG_GROUP = "AWS::Logs::LogGroup"
KEY = "AWS::KMS::Key"
PARAMETER = "AWS::SSM::Parameter"
USER_POOL = "AWS::Cognito::UserPool"
SCHEDULE_GROUP = "AWS::Scheduler::ScheduleGroup"
STATE_MACHINE = "AWS::StepFunctions::StateMachine"
API = "AWS::ApiGatewayV2::Api"
ROUTE = "AWS::ApiGatewayV2::Route"
STAGE = "AWS::ApiGatewayV2::Stage"
AUTHORIZER = "AWS::ApiGatewayV2::Authorizer"
INTEGRATION = "AWS::ApiGatewayV2::Integration"
PERMISSION = "AWS::Lambda::Permission"


def of_type(template: dict, kind: str) -> dict[str, dict]:
    """Properties of all resources of a type, by logical id."""
    resources = template["Resources"].items()
    return {name: resource.get("Properties", {}) for name, resource in resources if resource["Type"] == kind}


def watched(template: dict) -> set[tuple[str, str]]:
    """Each metric that has an alarm, with the logical id of what it is a metric of."""
    return {
        (metric["MetricName"], referred(dimension["Value"]))
        for alarm in of_type(template, ALARM).values()
        for metric in alarm_metrics(alarm).values()
        for dimension in metric["Dimensions"]
    }


def alarm_metrics(alarm: dict) -> dict[str, dict]:
    """The metrics that an alarm looks at, by their ids in its expression; one without an expression has a single one."""
    if "Metrics" not in alarm:
        return {"metric": alarm}
    queries = (query for query in alarm["Metrics"] if "MetricStat" in query)
    return {query["Id"]: query["MetricStat"]["Metric"] | query["MetricStat"] for query in queries}


def referred(value) -> str | None:
    """The logical id that a Ref or GetAtt names."""
    if not isinstance(value, dict):
        return None
    target = value.get("Ref") or value.get("Fn::GetAtt")
    return target[0] if isinstance(target, list) else target.split(".")[0] if target else None


def number(value, parameters: dict) -> int:
    """A number that stands in the template, or in the parameter that it refers to. Nothing counts as 0."""
    if isinstance(value, dict):
        value = parameters.get(value.get("Ref"))
    return int(value or 0)


def listed(value) -> list:
    """A policy may say one thing or a list of things."""
    return value if isinstance(value, list) else [value]


def text(value) -> str:
    """Any value as text, to look for something in it."""
    return json.dumps(value, sort_keys=True)


def statements(template: dict) -> list[tuple[str, dict]]:
    """All statements of all roles, those under a condition too, each with its role."""
    found = []
    for role, properties in of_type(template, ROLE).items():
        for policy in properties.get("Policies", []):
            for statement in listed(policy["PolicyDocument"]["Statement"]):
                found.append((role, statement["Fn::If"][1] if "Fn::If" in statement else statement))
    return found


def policy_statements(template: dict, kind: str, target: str) -> list[dict]:
    """The statements of the resource policies that stand on `target`."""
    found = []
    for properties in of_type(template, kind).values():
        targets = properties.get("Queues") or [properties.get("Bucket")]
        if target in map(referred, targets):
            found += listed(properties["PolicyDocument"]["Statement"])
    return found


def refuses_plain_http(statement: dict) -> bool:
    """Whether a statement denies everything to everybody who does not use TLS."""
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and str(statement["Action"]).endswith(":*")
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    )


def work_queues(template: dict) -> dict[str, dict]:
    """The queues that functions read."""
    sources = {referred(mapping.get("EventSourceArn")) for mapping in of_type(template, EVENT_SOURCE).values()}
    return {name: queue for name, queue in of_type(template, QUEUE).items() if name in sources}


def hold_queues(template: dict) -> dict[str, dict]:
    """The queues in which functions hold work back. They are work queues, too, in which work may be late on purpose."""
    functions = of_type(template, FUNCTION).values()
    held = {referred(function.get("Environment", {}).get("Variables", {}).get("HOLD_QUEUE_URL")) for function in functions}
    return {name: queue for name, queue in of_type(template, QUEUE).items() if name in held}


def final_queues(template: dict) -> dict[str, dict]:
    """The queues that only a person reads: dead letters and rejects."""
    worked = work_queues(template)
    return {name: queue for name, queue in of_type(template, QUEUE).items() if name not in worked}
