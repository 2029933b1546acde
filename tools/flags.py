"""Shows and throws the runtime flags of a stack: switches that take effect without a deployment (docs/flags.md).

    python tools/flags.py STACK                              what they are
    python tools/flags.py STACK publish=off intake=off       change these, leave the others as they are
    python tools/flags.py STACK detector=embedded:25         for 25 percent of the photos, always the same ones

STACK is the name of a deployed stack, or `local` for the one that `make run` keeps up.
"""

import argparse
import json
import sys

from botocore.exceptions import ClientError
from switch import aws_of

DETECTORS = ("as-deployed", "both", "rekognition", "fallback", "embedded")
SWITCH = ("on", "off")

# What each flag may be, its default first, and whether it may be so for a share of the photos. The functions check it again.
CHOICES = {"detector": (DETECTORS, True), "publish": (SWITCH, True), "intake": (SWITCH, False)}
FAILURES = "failure-injection"


class BadFlag(Exception):
    """What is wrong with a flag that somebody wants to throw."""


def main() -> int:
    """Shows the flags after changing those that are named; the exit code."""
    parser = argparse.ArgumentParser(prog="flags", description=__doc__.splitlines()[0])
    parser.add_argument("stack", metavar="STACK")
    parser.add_argument("change", metavar="FLAG=VALUE[:PERCENT]", nargs="*")
    arguments = parser.parse_args()
    try:
        changes = dict(map(change, arguments.change))
    except BadFlag as problem:
        parser.error(str(problem))
    client, name = aws_of(arguments.stack)
    parameters, parameter = client("ssm"), f"/{name}/flags"
    try:
        flags = read(parameters.get_parameter(Name=parameter)["Parameter"]["Value"])
        if changes:
            flags |= changes
            check(flags, _stage(client("cloudformation"), name))
            parameters.put_parameter(Name=parameter, Value=json.dumps(flags), Overwrite=True)
    except ClientError as error:
        sys.exit(f"The flags of {name} can't be read or thrown: {error}")
    except BadFlag as problem:
        sys.exit(f"Nothing is thrown, since the functions would refuse all of {parameter}: {problem} (docs/runbook.md)")
    for flag, value in flags.items():
        print(f"{flag}: {_in_words(value)}")
    return 0


def read(text: str) -> dict:
    """The document as it lies there, whoever put it there."""
    try:
        flags = json.loads(text)
    except ValueError as error:
        raise BadFlag(f"it is no JSON: {error}") from None
    if not isinstance(flags, dict):
        raise BadFlag("it is no object with flags")
    return flags


def check(flags: dict, stage: str) -> None:
    """Raises `BadFlag` for what would make the functions of a stage refuse the document."""
    for flag, value in flags.items():
        if flag == FAILURES:
            if type(value) is not int or not 0 <= value <= 100:
                raise BadFlag(f"{flag}: {value!r} is no whole number from 0 to 100")
            if value and stage == "prod":
                raise BadFlag(f"{flag}: not allowed in prod")
        elif isinstance(value, dict) and set(value) == {"to", "percent"}:
            change(f"{flag}={value['to']}:{value['percent']}")
        else:
            change(f"{flag}={value}")


def _stage(cloudformation, stack: str) -> str:
    [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return next((one["ParameterValue"] for one in found.get("Parameters", []) if one["ParameterKey"] == "Stage"), "dev")


def change(text: str) -> tuple[str, object]:
    """The flag and what it is to be, of a text such as publish=off:10."""
    flag, _, wanted = text.partition("=")
    if flag == FAILURES:
        return flag, _percent(flag, wanted)
    if flag not in CHOICES:
        raise BadFlag(f"{flag} is no flag; those are {', '.join([*CHOICES, FAILURES])}")
    choices, has_shares = CHOICES[flag]
    value, has_share, share = wanted.partition(":")
    if value not in choices:
        raise BadFlag(f"{flag} is one of {', '.join(choices)}, not {value!r}")
    if not has_share:
        return flag, value
    if not has_shares:
        raise BadFlag(f"{flag} is the same for all")
    if value == choices[0]:
        raise BadFlag(f"{flag}: all other photos are {value} as well; give those another value")
    return flag, {"to": value, "percent": _percent(flag, share)}


def _percent(flag: str, text: str) -> int:
    if not text.isdecimal() or int(text) > 100:
        raise BadFlag(f"{flag}: {text!r} is no whole number from 0 to 100")
    return int(text)


def _in_words(value) -> str:
    return f"{value['to']} for {value['percent']} %" if isinstance(value, dict) else str(value)


if __name__ == "__main__":
    sys.exit(main())
