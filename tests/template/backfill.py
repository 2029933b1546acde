"""Rules for the backfill: its state machine, as Step Functions gets to see it."""

import json
import re

from cfnlint.api import lint_all
from reading import BUCKET, FUNCTION, QUEUE, STATE_MACHINE, number, of_type, text

MACHINE = "BackfillStateMachine"
FUNCTION_NAME = "FaceBlurFunction"

# AWS Step Functions developer guide, "Service quotas": what an Express execution may last, in seconds.
EXPRESS_SECONDS = 300


def definition(template: dict, parameters: dict) -> dict:
    """The machine's definition, with each `${Name}` as the name itself, or as its parameter's value."""
    source = of_type(template, STATE_MACHINE)[MACHINE]["DefinitionString"]["Fn::Sub"]
    values = parameters | {"AWS::Partition": "aws"}
    return json.loads(re.sub(r"\$\{([\w.:]+)}", lambda found: str(values.get(found[1], found[1])), source))


def each_object(template: dict, parameters: dict) -> dict:
    """Its only state."""
    return definition(template, parameters)["States"]["EachObject"]


def states_language(template: dict, parameters: dict) -> list[str]:
    """cfn-lint knows the language, but does not look into a Fn::Sub: here it gets the text that comes of it."""
    machine = {"Type": STATE_MACHINE, "Properties": {"DefinitionString": json.dumps(definition(template, parameters))}}
    machine["Properties"]["RoleArn"] = "arn:aws:iam::111122223333:role/any"
    alone = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {MACHINE: machine}}
    return [str(match) for match in lint_all(json.dumps(alone))]


def source_and_function(template: dict, parameters: dict) -> list[str]:
    """It lists the bucket that face blur works for, says so to it, and calls nothing else."""
    state = each_object(template, parameters)
    blur = state["ItemProcessor"]["States"]["Blur"]
    listed = {state["ItemReader"]["Parameters"]["Bucket"], state["ItemBatcher"]["BatchInput"]["bucket"]}
    complaints = [f"it lists {sorted(listed)}"] if listed != {"SourceBucket"} else []
    if blur["Parameters"]["FunctionName"] != f"{FUNCTION_NAME}.Arn" or len(state["ItemProcessor"]["States"]) != 1:
        complaints.append(f"it calls {blur['Parameters']['FunctionName']}")
    return complaints


def bounded(template: dict, parameters: dict) -> list[str]:
    """How much it does at once is a parameter; its batches are Express executions, and the function ends within one."""
    source = of_type(template, STATE_MACHINE)[MACHINE]["DefinitionString"]["Fn::Sub"]
    complaints = [] if '"MaxConcurrency": ${BackfillConcurrency}' in source else ["its concurrency is no parameter"]
    if each_object(template, parameters)["ItemProcessor"]["ProcessorConfig"] != {
        "Mode": "DISTRIBUTED",
        "ExecutionType": "EXPRESS",
    }:
        complaints.append("its batches are no Express executions of a Distributed Map")
    timeout = number(of_type(template, FUNCTION)[FUNCTION_NAME]["Timeout"], parameters)
    if timeout >= EXPRESS_SECONDS:
        complaints.append(f"the function may take {timeout} s, a batch only {EXPRESS_SECONDS}")
    return complaints


def results_start_nothing(template: dict, parameters: dict) -> list[str]:
    """Results go to a bucket that tells nobody of its objects, and that nobody reads photos from."""
    writer = each_object(template, parameters).get("ResultWriter", {})
    name = writer.get("Parameters", {}).get("Bucket")
    bucket = of_type(template, BUCKET).get(name)
    if bucket is None:
        return [f"results go to {name}"]
    used = [kind for kind in (FUNCTION, QUEUE) if name in text(of_type(template, kind))]
    return [f"{name} is also of {used}"] if used or "NotificationConfiguration" in bucket else []


def failures_are_tried_again(template: dict, parameters: dict) -> list[str]:
    """Any failure is tried again, that of a busy service with more patience; and a run goes on without a few."""
    state = each_object(template, parameters)
    retries = state["ItemProcessor"]["States"]["Blur"].get("Retry", [])
    complaints = [] if retries and retries[-1]["ErrorEquals"] == ["States.ALL"] else ["some failures are not tried again"]
    if not 0 < state.get("ToleratedFailurePercentage", 0) < 100:
        complaints.append("one failure ends the run, or none ever does")
    return complaints
