"""The rules that `gatehouse queue` relies on: it knows queues and functions by the names of the stack's outputs."""

import re

from reading import (
    EVENT_SOURCE,
    FUNCTION,
    QUEUE,
    TABLE,
    final_queues,
    hold_queues,
    of_type,
    referred,
    statements,
    work_queues,
)

# The rows of the table in crates/queues/src/way.rs.
_ROW = re.compile(r"^    \(\"(\w+FunctionName)\", \"(\w+QueueUrl)\"\),$", re.MULTILINE)
_FROM_THE_LEDGER = re.compile(r"^const FROM_THE_LEDGER: &str = \"(\w+)\";$", re.MULTILINE)
_LEDGER = re.compile(r"^const LEDGER: &str = \"(\w+)\";$", re.MULTILINE)


def named_outputs(template: dict) -> list[str]:
    """The output of a final queue, or of a hold queue, says by its name what is in it, and a dead-letter queue's which queue it
    came from."""
    outputs = _outputs(template)
    complaints = []
    wanted = dict.fromkeys(final_queues(template), r"(\w*DeadLetter|Rejected|\w+Failure)QueueUrl")
    wanted |= dict.fromkeys(hold_queues(template), r"\w*HoldQueueUrl")
    for name, pattern in wanted.items():
        names = [key for key, target in outputs.items() if target == name and key.endswith("QueueUrl")]
        if len(names) != 1 or not re.fullmatch(pattern, names[0]):
            complaints.append(f"{name}: {names}")
    return complaints + _dead_letters_are_named(template)


def _dead_letters_are_named(template: dict) -> list[str]:
    outputs, complaints = _outputs(template), []
    for name, queue in work_queues(template).items():
        dead_letters = referred(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
        if name in hold_queues(template) or dead_letters in _stream_failures(template, name):
            continue
        stems = [key.removesuffix("DeadLetterQueueUrl") for key, target in outputs.items() if target == dead_letters]
        if [outputs.get(f"{stem or 'Upload'}QueueUrl") for stem in stems] != [name]:
            complaints.append(f"the dead letters of {name} are named after {stems}")
    return complaints


def _stream_failures(template: dict, queue: str) -> list[str | None]:
    """Where the function that reads this queue gives up records of a stream. What it was to do again with such a record, and
    could not, belongs there too: the tool knows it by what it is."""
    mappings = of_type(template, EVENT_SOURCE).values()
    readers = [mapping["FunctionName"] for mapping in mappings if referred(mapping["EventSourceArn"]) == queue]
    theirs = [mapping for mapping in mappings if mapping["FunctionName"] in readers and "DestinationConfig" in mapping]
    return [referred(mapping["DestinationConfig"]["OnFailure"]["Destination"]) for mapping in theirs]


def ways_back(template: dict, way: str, redrive: str) -> list[str]:
    """Each function that rejects has a way back in the tool, and it is the one that its work comes by."""
    outputs = _outputs(template)
    known = {outputs.get(function): outputs.get(queue) for function, queue in _ROW.findall(way)}
    [from_the_ledger], [ledger] = _FROM_THE_LEDGER.findall(way), _LEDGER.findall(redrive)
    known[outputs.get(from_the_ledger)] = outputs.get(ledger)
    return [
        f"{function} reads {source}, and the tool knows {known.get(function)}"
        for function, source in _sources(template).items()
        if function in _rejecting(template) and known.get(function) != source
    ]


def _sources(template: dict) -> dict[str, str]:
    """Where each function's work comes from in the first place: a table's stream, or else a queue that nothing is held in."""
    mappings = of_type(template, EVENT_SOURCE).values()
    sources = {(referred(mapping["FunctionName"]), referred(mapping["EventSourceArn"])) for mapping in mappings}
    queues = of_type(template, QUEUE).keys() - hold_queues(template).keys()
    from_queues = {function: source for function, source in sources if source in queues}
    return from_queues | {function: source for function, source in sources if source in of_type(template, TABLE)}


def _rejecting(template: dict) -> set[str]:
    """The functions whose role may send to the rejected queue."""
    roles = {role for role, statement in statements(template) if referred(statement["Resource"]) == "RejectedQueue"}
    return {name for name, function in of_type(template, FUNCTION).items() if referred(function["Role"]) in roles}


def _outputs(template: dict) -> dict[str, str]:
    return {key: referred(output["Value"]) for key, output in template["Outputs"].items()}
