"""One function per rule about runtime flags and what they hold back: it takes a plain template and returns its complaints."""

import json

from reading import EVENT_SOURCE, FUNCTION, PARAMETER, hold_queues, of_type, referred, statements, watched
from rules import FOURTEEN_DAYS

WITH_FLAGS = {"FaceBlurFunction", "DedupeProcessFunction", "BidIntakeFunction"}
HOLDING = {"FaceBlurFunction", "DedupeProcessFunction"}


def _variables(template: dict, function: str) -> dict:
    return of_type(template, FUNCTION)[function].get("Environment", {}).get("Variables", {})


def hold_queues_keep(template: dict) -> list[str]:
    """For as long as SQS can, and without a dead-letter queue: each time that a message is handed back would count."""
    complaints = [] if len(hold_queues(template)) == len(HOLDING) else ["not every function has a hold queue of its own"]
    for name, queue in hold_queues(template).items():
        if "RedrivePolicy" in queue:
            complaints.append(f"{name} dead-letters what is only held back")
        if queue.get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            complaints.append(f"{name} forgets early")
        if template["Resources"][name].get("DeletionPolicy") != "RetainExceptOnCreate":
            complaints.append(f"{name} goes with the stack")
    return complaints


def held_work_comes_back(template: dict) -> list[str]:
    """Both queues feed the function that fills them, and its role may send to both."""
    complaints = []
    sources = {
        (referred(mapping["FunctionName"]), referred(mapping["EventSourceArn"]))
        for mapping in of_type(template, EVENT_SOURCE).values()
    }
    for function in HOLDING:
        role = referred(of_type(template, FUNCTION)[function]["Role"])
        allowed = [statement["Resource"] for of_role, statement in statements(template) if of_role == role
                   and statement["Action"] == ["sqs:SendMessage"]]
        for variable in ("HOLD_QUEUE_URL", "RELEASE_QUEUE_URL"):
            queue = referred(_variables(template, function).get(variable))
            if (function, queue) not in sources:
                complaints.append(f"{function} never sees {queue} again")
            if not any({"Fn::GetAtt": [queue, "Arn"]} in resources for resources in allowed if isinstance(resources, list)):
                complaints.append(f"{role} may not send to {queue}")
    return complaints


def held_too_long(template: dict) -> list[str]:
    """What is held for a week raises an alarm."""
    return [f"{function} may hold work until it is gone" for function in _unwatched(template, HOLDING, "HeldAge")]


def flags_alarms(template: dict) -> list[str]:
    """Flags that can't be read, and flags that can't be used, raise an alarm for every function that has some."""
    return [
        f"{function} has no alarm on {metric}"
        for metric in ("FlagsRefused", "FlagsUnreachable")
        for function in _unwatched(template, WITH_FLAGS, metric)
    ]


def _unwatched(template: dict, functions: set[str], metric: str) -> list[str]:
    return sorted(function for function in functions if (metric, function) not in watched(template))


def one_parameter(template: dict) -> list[str]:
    """One document for all, which is JSON; named to each function that has flags, which may read it and nothing like it."""
    parameters = of_type(template, PARAMETER)
    complaints = [] if list(parameters) == ["FlagsParameter"] else [f"parameters: {list(parameters)}"]
    document = json.loads(parameters["FlagsParameter"]["Value"])
    if set(document) != {"detector", "publish", "intake", "failure-injection"}:
        complaints.append(f"the document has {sorted(document)}")
    for function in sorted(WITH_FLAGS):
        if _variables(template, function).get("FLAGS_PARAMETER") != parameters["FlagsParameter"]["Name"]:
            complaints.append(f"{function} reads other flags")
        role = referred(of_type(template, FUNCTION)[function]["Role"])
        reads = [statement for of_role, statement in statements(template) if of_role == role
                 and statement["Action"] == ["ssm:GetParameter"]]
        if len(reads) != 1:
            complaints.append(f"{role} may not read the flags")
    return complaints


def no_failures_in_prod(template: dict) -> list[str]:
    """Failures are injected only where nobody depends on the stack."""
    return [
        f"{function}: failures are {_variables(template, function).get('FAILURE_INJECTION')}"
        for function in sorted(WITH_FLAGS)
        if _variables(template, function).get("FAILURE_INJECTION") != {"Fn::If": ["IsProd", "refused", "allowed"]}
    ]
