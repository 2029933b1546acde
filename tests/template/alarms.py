"""The rules for alarms and the dashboard. They hold for every function and queue there is, so also for the next one."""

import json
import re
from pathlib import Path

from reading import (
    ALARM,
    API,
    DASHBOARD,
    FUNCTION,
    SCHEDULE_GROUP,
    STATE_MACHINE,
    alarm_metrics,
    final_queues,
    hold_queues,
    of_type,
    referred,
    watched,
    work_queues,
)

# What EventBridge Scheduler counts of a group when a target, a retry policy's end or a dead-letter queue fails it.
SCHEDULE_FAILS = {"TargetErrorCount", "InvocationDroppedCount", "InvocationsFailedToBeSentToDeadLetterCount"}

# Metrics that AWS publishes by itself, of those that somebody here looks at, and by which dimension. AWS Lambda developer
# guide, "Types of metrics for Lambda functions"; Amazon SQS developer guide, "Available CloudWatch metrics"; API Gateway
# developer guide, "Work with metrics for HTTP APIs"; EventBridge Scheduler user guide, "Monitoring with CloudWatch"; Step
# Functions developer guide, "Monitoring Step Functions metrics using Amazon CloudWatch".
OF_AWS = {
    "AWS/SQS": (
        "QueueName",
        {"ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible", "ApproximateAgeOfOldestMessage"},
    ),
    "AWS/Lambda": ("FunctionName", {"Invocations", "Errors", "Throttles", "Duration", "IteratorAge"}),
    "AWS/ApiGateway": ("ApiId", {"Count", "5xx"}),
    "AWS/Scheduler": ("ScheduleGroup", SCHEDULE_FAILS),
    "AWS/States": ("StateMachineArn", {"ExecutionsFailed"}),
}
OURS = "Gatehouse"
OUR_DIMENSION = "function"

# How the code counts and measures: `counter!("Photos")`.
_EMITTED = re.compile(r"(?<![a-z_])(?:counter|histogram|gauge)!\(\s*\"(\w+)\"")
# The first metric that a search names, such as MetricName="Rejected".
_SEARCHED = re.compile(r"MetricName=\"(\w+)\"")
_PLACEHOLDER = re.compile(r"\$\{([\w.:]+)\}")

Row = tuple[str, str, str, str | None]


# Alarms


def queue_alarms(template: dict) -> list[str]:
    """Depth of what a person must look at; age of everything, or what waits too long goes unseen when it is deleted.

    But not of what is held back, which SQS leaves out of its age: see `flag_rules.held_too_long`.
    """
    unseen = _unwatched(template, final_queues(template), "ApproximateNumberOfMessagesVisible")
    every = [*_late_queues(template), *final_queues(template)]
    return unseen + _unwatched(template, every, "ApproximateAgeOfOldestMessage")


def _late_queues(template: dict) -> list[str]:
    """The queues whose messages should not wait."""
    return [name for name in work_queues(template) if name not in hold_queues(template)]


def function_alarms(template: dict) -> list[str]:
    """Errors, throttles and duration of every function."""
    functions = of_type(template, FUNCTION)
    return [fault for metric in ("Errors", "Throttles", "Duration") for fault in _unwatched(template, functions, metric)]


def duration_alarms(template: dict) -> list[str]:
    """A duration is compared with the timeout of that very function, whatever the parameter says."""
    complaints = []
    for name, alarm in of_type(template, ALARM).items():
        found = alarm_metrics(alarm).get("duration")
        if found is None:
            continue
        function = of_type(template, FUNCTION)[referred(found["Dimensions"][0]["Value"])]
        expressions = [query["Expression"] for query in alarm["Metrics"] if "Expression" in query]
        if expressions != [_share_of(function["Timeout"])] or alarm["Threshold"] != 80:
            complaints.append(f"{name}: {expressions} over {alarm['Threshold']}")
    return complaints


def _share_of(timeout) -> dict | str:
    if isinstance(timeout, dict):
        return {"Fn::Sub": f"100 * duration / (1000 * ${{{timeout['Ref']}}})"}
    return f"100 * duration / (1000 * {timeout})"


def fallback_alarms(template: dict) -> list[str]:
    """A detector that falls back is heard of, also one that is switched to that at run time."""
    functions = of_type(template, FUNCTION).items()
    detecting = [name for name, one in functions if "DETECTOR" in one.get("Environment", {}).get("Variables", {})]
    return _unwatched(template, detecting, "DetectorFallbacks")


def api_alarms(template: dict) -> list[str]:
    """Answers that are our fault."""
    return _unwatched(template, of_type(template, API), "5xx")


def schedule_alarms(template: dict) -> list[str]:
    """A schedule that can't start a settlement, gives up, or can't even leave that behind: no queue would tell."""
    groups = of_type(template, SCHEDULE_GROUP)
    return [fault for metric in sorted(SCHEDULE_FAILS) for fault in _unwatched(template, groups, metric)]


def backfill_alarms(template: dict) -> list[str]:
    """A run that failed is heard of: whoever started it need not be there any more."""
    return _unwatched(template, of_type(template, STATE_MACHINE), "ExecutionsFailed")


def alarm_actions(template: dict) -> list[str]:
    """Every alarm goes to AlarmTopicArn when that is given."""
    return [
        f"{name} tells nobody"
        for name, alarm in of_type(template, ALARM).items()
        if alarm.get("AlarmActions") != {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    ]


def alarm_words(template: dict) -> list[str]:
    """Every alarm says what happened, and takes silence for peace: these metrics are only there when something happens."""
    return [
        f"{name}: {alarm.get('AlarmDescription')} {alarm.get('TreatMissingData')}"
        for name, alarm in of_type(template, ALARM).items()
        if not alarm.get("AlarmDescription", "").endswith(".") or alarm.get("TreatMissingData") != "notBreaching"
    ]


def _unwatched(template: dict, names, metric: str) -> list[str]:
    return [f"{name} has no alarm on {metric}" for name in names if (metric, name) not in watched(template)]


# The dashboard, and metrics in general


def metrics_exist(template: dict, emitted: set[str]) -> list[str]:
    """Every metric that an alarm or the dashboard names is one that AWS publishes or that our code emits, of a resource of
    this template."""
    rows = dashboard_rows(template) + _alarm_rows(template)
    return [" ".join(map(str, row)) for row in rows if not _exists(template, emitted, row)]


def _exists(template: dict, emitted: set[str], row: Row) -> bool:
    namespace, metric, dimension, of = row
    if namespace == OURS:
        kinds = (FUNCTION,)
        known = metric in emitted and dimension == OUR_DIMENSION
    else:
        kinds = (FUNCTION, "AWS::SQS::Queue", API, SCHEDULE_GROUP, STATE_MACHINE)
        expected, metrics = OF_AWS.get(namespace, (None, set()))
        known = metric in metrics and dimension == expected
    return known and (of is None or template["Resources"].get(of, {}).get("Type") in kinds)


def _alarm_rows(template: dict) -> list[Row]:
    return [
        (metric["Namespace"], metric["MetricName"], dimension["Name"], referred(dimension["Value"]))
        for alarm in of_type(template, ALARM).values()
        for metric in alarm_metrics(alarm).values()
        for dimension in metric["Dimensions"]
    ]


def dashboard_rows(template: dict) -> list[Row]:
    """The metrics of the dashboard: namespace, name, dimension, and the logical id of what they are of; none in a search."""
    rows = []
    for widget in _widgets(template, "metric"):
        for namespace, *rest in widget["metrics"]:
            if isinstance(namespace, dict):
                rows += [(OURS, metric, OUR_DIMENSION, None) for metric in _SEARCHED.findall(namespace["expression"])]
            else:
                metric, dimension, of = rest[:3]
                rows.append((namespace, metric, dimension, of.split(".")[0]))
    return rows


def dashboard_alarms(template: dict) -> list[str]:
    """The dashboard shows every alarm, and no other."""
    shown = {alarm.removesuffix(".Arn") for widget in _widgets(template, "alarm") for alarm in widget["alarms"]}
    return [f"{name}: not shown, or not there" for name in sorted(shown ^ set(of_type(template, ALARM)))]


def dashboard_queues(template: dict) -> list[str]:
    """The dashboard shows what waits for a person, of each queue, how late each function's own queue is, and what is held
    back: received and handed back, so that it is not visible."""
    shown = {(metric, of) for _, metric, _, of in dashboard_rows(template)}
    wanted = [("ApproximateNumberOfMessagesVisible", name) for name in final_queues(template)]
    wanted += [("ApproximateAgeOfOldestMessage", name) for name in _late_queues(template)]
    wanted += [("ApproximateNumberOfMessagesNotVisible", name) for name in hold_queues(template)]
    wanted += [("Errors", name) for name in of_type(template, FUNCTION)]
    return [f"{metric} of {name} is not shown" for metric, name in wanted if (metric, name) not in shown]


def _widgets(template: dict, kind: str) -> list[dict]:
    bodies = (dashboard["DashboardBody"]["Fn::Sub"] for dashboard in of_type(template, DASHBOARD).values())
    widgets = (widget for body in bodies for widget in json.loads(_PLACEHOLDER.sub(r"\1", body))["widgets"])
    return [widget["properties"] for widget in widgets if widget["type"] == kind]


def emitted_metrics(crates: Path) -> set[str]:
    """The names of all metrics that the code of our crates emits."""
    sources = crates.glob("*/src/**/*.rs")
    return {name for source in sources for name in _EMITTED.findall(source.read_text())}


# The runbook


def runbook_headings(runbook: str) -> list[str]:
    """The alarms that the runbook has a paragraph for: a heading of the third level names one, or some that are alike."""
    headings = re.findall(r"^### (.+)$", runbook, re.MULTILINE)
    return [name.strip() for heading in headings for name in heading.split(",")]


def runbook(template: dict, written: str) -> list[str]:
    """Each alarm has its paragraph, and each paragraph its alarm; no paragraph is empty."""
    headings = runbook_headings(written)
    complaints = [f"{name} is there twice" for name in sorted({name for name in headings if headings.count(name) > 1})]
    complaints += [f"{name}: alarm or paragraph is missing" for name in sorted(set(headings) ^ set(of_type(template, ALARM)))]
    sections = re.findall(r"^### [^\n]*\n(.*?)(?=^#|\Z)", written, re.MULTILINE | re.DOTALL)
    return complaints + (["a section is empty"] if any(not section.strip() for section in sections) else [])
