"""Permissions that a service of AWS uses in a function's name, and MiniStack does without: no scenario can miss one.

They are evaluated from the deployed policies instead: each statement has exactly the actions that AWS documents for its
purpose, on the very thing that the deployed function or event source names.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from policies import Policy
from stack import Stack


@dataclass(frozen=True)
class Purpose:
    """What statements of a name are for."""

    actions: frozenset[str]
    resource: str  # what of the deployment they have to name
    why: str
    source: str  # where AWS says so


LOG = Purpose(
    frozenset({"logs:CreateLogStream", "logs:PutLogEvents"}),
    "log group",
    "Lambda writes the log",
    "Lambda developer guide, the managed policy AWSLambdaBasicExecutionRole, less the log group, which is there already",
)
TRACES = Purpose(
    frozenset({"xray:PutTraceSegments", "xray:PutTelemetryRecords"}),
    "*",
    "Lambda sends the traces",
    "Lambda developer guide, \"Visualize Lambda function invocations using AWS X-Ray\"",
)
FROM_QUEUE = Purpose(
    frozenset({"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}),
    "queues",
    "Lambda polls the queue",
    "Lambda developer guide, \"Using Lambda with Amazon SQS\", and the managed policy AWSLambdaSQSQueueExecutionRole",
)
FROM_STREAM = Purpose(
    frozenset({"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}),
    "stream",
    "Lambda reads the stream",
    "DynamoDB developer guide, \"IAM policy to allow an AWS Lambda function to access DynamoDB stream records\"",
)
FIND_STREAM = Purpose(
    frozenset({"dynamodb:ListStreams"}),
    "*",
    "Lambda looks for the stream",
    "the same page",
)
ON_FAILURE = Purpose(
    frozenset({"sqs:SendMessage"}),
    "failure destination",
    "Lambda tells of records that it gives up",
    "Lambda developer guide, \"Retain discarded records for a DynamoDB event source\"",
)
FOR_SCHEDULES = Purpose(
    frozenset({"sqs:SendMessage"}),
    "SettleDeadLetterQueue",
    "EventBridge Scheduler keeps what it could not send",
    "EventBridge Scheduler user guide, \"Configuring a dead-letter queue\"",
)
FOR_A_MAP = "Step Functions developer guide, \"IAM policies for using Distributed Map states\""
BATCHES = Purpose(
    frozenset({"states:StartExecution"}),
    "state machine",
    "Step Functions starts each batch, also those that a resumed run had left",
    FOR_A_MAP,
)
WATCHED_BATCHES = Purpose(
    frozenset({"states:DescribeExecution", "states:StopExecution"}),
    "its executions",
    "Step Functions watches batches, and stops them with their run",
    FOR_A_MAP,
)
RESULTS = Purpose(
    frozenset({"s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"}),
    "its results",
    "Step Functions writes down what became of each batch",
    FOR_A_MAP,
)
TRACES_OF_RUNS = Purpose(
    TRACES.actions | {"xray:GetSamplingRules", "xray:GetSamplingTargets"},
    "*",
    "Step Functions sends the traces",
    "Step Functions developer guide, \"Trace Step Functions request data in AWS X-Ray\"",
)
OF_A_MAP = (BATCHES, WATCHED_BATCHES, RESULTS, TRACES_OF_RUNS)
ALL = (FROM_QUEUE, FROM_STREAM, FIND_STREAM, ON_FAILURE, LOG, TRACES, FOR_SCHEDULES, *OF_A_MAP)
BY_STATEMENT = {
    "TakeHeldWork": FROM_QUEUE,
    "WriteLog": LOG,
    "WriteTraces": TRACES,
    "FindStream": FIND_STREAM,
    "KeepWhatWasNotSent": FOR_SCHEDULES,
    "StartBatches": BATCHES,
    "WatchAndStopBatches": WATCHED_BATCHES,
    "WriteResults": RESULTS,
}


def purpose_of(stack: Stack, policy: Policy, sid: str) -> Purpose | None:
    """What a statement is for, if no scenario can tell."""
    if sid == "TakeWork":
        return FROM_QUEUE if ":sqs:" in _listed(policy.statement(sid)["Resource"])[0] else FROM_STREAM
    # dedupe-process gives records up by itself, too; a scenario sees to that.
    if (policy.owner, sid) == ("BidPublishRole", "GiveUp"):
        return ON_FAILURE
    if (policy.owner, sid) == ("BackfillRole", "WriteTraces"):
        return TRACES_OF_RUNS
    return BY_STATEMENT.get(sid)


def faults(stack: Stack, policy: Policy) -> Iterator[str]:
    """Where a role's statements are not what the services that act for its function need."""
    for statement in policy.document["Statement"]:
        sid = statement["Sid"]
        purpose = purpose_of(stack, policy, sid)
        if purpose is None:
            continue
        actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
        if set(actions) != purpose.actions:
            yield f"{policy.owner} {sid} has {actions}, and not {sorted(purpose.actions)}"
        wanted = _resources(stack, policy.owner, purpose)
        if set(resources) != set(wanted):
            yield f"{policy.owner} {sid} is on {resources}, and not on {wanted}"
    yield from _unserved(stack, policy)


def _unserved(stack: Stack, policy: Policy) -> Iterator[str]:
    """A queue or stream that a function is fed from, a log or traces, and no statement for them."""
    function = function_of(policy.owner)
    if function is None:
        return
    sids = {statement["Sid"] for statement in policy.document["Statement"]}
    from_queues, from_streams = (_sources(stack, function, service) for service in ("sqs", "dynamodb"))
    wanted = {"WriteLog", "WriteTraces"} | ({"TakeWork"} if from_queues + from_streams else set())
    wanted |= {"FindStream", "GiveUp"} if from_streams else set()
    wanted |= {"TakeHeldWork"} if from_queues and from_streams else set()
    yield from (f"{policy.owner} has no statement {sid}" for sid in sorted(wanted - sids))


def function_of(role: str) -> str | None:
    """The function of a role, by the template's names: FaceBlurRole is FaceBlurFunction's. Some are no function's."""
    return None if role in ("CloseSchedulesRole", "BackfillRole") else role.removesuffix("Role") + "Function"


def _resources(stack: Stack, role: str, purpose: Purpose) -> list[str]:
    function = function_of(role)
    match purpose.resource:
        case "log group":
            configuration = stack.client("lambda").get_function_configuration(FunctionName=stack.id(function))
            return [_log_group_arn(stack, configuration["LoggingConfig"]["LogGroup"])]
        case "queues":
            return _sources(stack, function, "sqs")
        case "stream":
            return _sources(stack, function, "dynamodb")
        case "failure destination":
            mappings = (one for one in _mappings(stack, function) if ":dynamodb:" in one["EventSourceArn"])
            return [mapping["DestinationConfig"]["OnFailure"]["Destination"] for mapping in mappings]
        case "state machine":
            return [stack.id("BackfillStateMachine")]
        case "its executions":
            return [f"{stack.id('BackfillStateMachine').replace(':stateMachine:', ':execution:')}:*"]
        case "its results":
            return [f"{stack.arn('BackfillBucket')}/*"]
        case "*":
            return ["*"]
    return [stack.arn(purpose.resource)]


def _log_group_arn(stack: Stack, name: str) -> str:
    groups = stack.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return next(group["arn"] for group in groups if group["logGroupName"] == name)


def _sources(stack: Stack, function: str, service: str) -> list[str]:
    """The queues, or the streams, that a function is fed from."""
    sources = (mapping["EventSourceArn"] for mapping in _mappings(stack, function))
    return [source for source in sources if f":{service}:" in source]


def _listed(one_or_more: str | list) -> list:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def _mappings(stack: Stack, function: str) -> list[dict]:
    listed = stack.client("lambda").list_event_source_mappings(FunctionName=stack.id(function))
    return listed["EventSourceMappings"]
