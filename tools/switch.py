"""Stops the whole stack's work, and lets it go on: the switch for a loop, or for a bill that nobody understands.

    python tools/switch.py stop STACK       event sources off, MaximumConcurrency to its minimum, backfills stopped
    python tools/switch.py resume STACK     event sources on, MaximumConcurrency as the stack was deployed

STACK is the name of a deployed stack, or `local` for the one that `make run` keeps up. While it is stopped, nothing is
lost for hours: uploads and settlements wait in their queues for four days, what is noted in the ledger, and what the event
bus is to hear of auctions, waits in its stream for 22 hours. A backfill is resumed by `gatehouse backfill`.
"""

import argparse
import sys
from collections.abc import Callable

import boto3
from botocore.exceptions import ClientError

# The lowest that Lambda takes for an SQS event source.
LEAST_CONCURRENCY = 2


def main() -> int:
    """Runs one command; the exit code."""
    parser = argparse.ArgumentParser(prog="switch", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["stop", "resume"])
    parser.add_argument("stack", metavar="STACK")
    arguments = parser.parse_args()
    client, name = aws_of(arguments.stack)
    try:
        stack = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        sys.exit(f"The stack {name} can't be read: {error}")
    functions = client("lambda")
    running = arguments.command == "resume"
    concurrency = _deployed_concurrency(stack) if running else LEAST_CONCURRENCY
    # One that can't be switched now must not keep the others on.
    failed = [mapping for mapping in _event_sources(functions, stack) if not _switch(functions, mapping, running, concurrency)]
    if not running:
        failed += [run for run in _backfills(client("stepfunctions"), stack) if not _stop(client("stepfunctions"), run)]
    return 1 if failed else 0


def aws_of(stack: str) -> tuple[Callable, str]:
    """What makes clients, and the stack's real name."""
    if stack != "local":
        return boto3.client, stack
    from gatehouse_local import settings
    from gatehouse_local.deployment import running_deployment
    from gatehouse_local.steps import StepFailed

    try:
        return running_deployment().client, settings.STACK_NAME
    except StepFailed as failure:
        sys.exit(str(failure))


def _event_sources(functions, stack: dict) -> list[dict]:
    """The event source mappings of all functions that the stack's outputs name."""
    names = [output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"].endswith("FunctionName")]
    pages = functions.get_paginator("list_event_source_mappings")
    return [
        mapping
        for name in names
        for page in pages.paginate(FunctionName=name)
        for mapping in page["EventSourceMappings"]
    ]


def _backfills(machines, stack: dict) -> list[str]:
    """The backfills that are at work, by their ARNs."""
    arns = [output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == "BackfillStateMachineArn"]
    pages = machines.get_paginator("list_executions")
    return [
        execution["executionArn"]
        for arn in arns
        for page in pages.paginate(stateMachineArn=arn, statusFilter="RUNNING")
        for execution in page["executions"]
    ]


def _stop(machines, execution: str) -> bool:
    """Whether the backfill could be stopped."""
    try:
        machines.stop_execution(executionArn=execution, cause="make stop")
    except ClientError as error:
        print(f"{execution} NOT stopped, try again: {error}")
        return False
    print(f"{execution} stopped; `gatehouse backfill BUCKET --resume` goes on with it")
    return True


def _deployed_concurrency(stack: dict) -> int:
    values = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack["Parameters"]}
    return int(values["MaximumConcurrency"])


def _switch(functions, mapping: dict, running: bool, concurrency: int) -> bool:
    """Whether it could be switched."""
    change = {"Enabled": running}
    if ":sqs:" in mapping["EventSourceArn"]:
        change["ScalingConfig"] = {"MaximumConcurrency": concurrency}
    function, source = (arn.split(":")[-1] for arn in (mapping["FunctionArn"], mapping["EventSourceArn"].split("/stream/")[0]))
    try:
        functions.update_event_source_mapping(UUID=mapping["UUID"], **change)
    except ClientError as error:
        print(f"{function}: {source} NOT switched, try again: {error}")
        return False
    print(f"{function}: {source} {'on' if running else 'off'}")
    return True


if __name__ == "__main__":
    sys.exit(main())
