"""The rules that `gatehouse queue` relies on: it knows queues and functions by the names of the stack's outputs."""

import re

from reading import EVENT_SOURCE, FUNCTION, QUEUE, TABLE, final_queues, of_type, referred, statements, work_queues

# The rows of the table in crates/queues/src/way.rs.
_ROW = re.compile(r"^    \(\"(\w+FunctionName)\", \"(\w+QueueUrl)\"\),$", re.MULTILINE)
_FROM_THE_LEDGER = re.compile(r"^const FROM_THE_LEDGER: &str = \"(\w+)\";$", re.MULTILINE)
_LEDGER = re.compile(r"^const LEDGER: &str = \"(\w+)\";$", re.MULTILINE)


def named_outputs(template: dict) -> list[str]:
    """A final queue's output says by its name what is in it, and a dead-letter queue's which queue it came from."""
    outputs = _outputs(template)
    complaints = []
    for name in final_queues(template):
        names = [key for key, target in outputs.items() if target == name and key.endswith("QueueUrl")]
        if len(names) != 1 or not re.fullmatch(r"(\w*DeadLetter|Rejected|\w+Failure)QueueUrl", names[0]):
            complaints.append(f"{name}: {names}")
    for name, queue in work_queues(template).items():
        dead_letters = referred(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
        stems = [key.removesuffix("DeadLetterQueueUrl") for key, target in outputs.items() if target == dead_letters]
        if [outputs.get(f"{stem or 'Upload'}QueueUrl") for stem in stems] != [name]:
            complaints.append(f"the dead letters of {name} are named after {stems}")
    return complaints


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
    mappings = of_type(template, EVENT_SOURCE).values()
    sources = {referred(mapping["FunctionName"]): referred(mapping["EventSourceArn"]) for mapping in mappings}
    kinds = {*of_type(template, QUEUE), *of_type(template, TABLE)}
    return {function: source for function, source in sources.items() if source in kinds}


def _rejecting(template: dict) -> set[str]:
    """The functions whose role may send to the rejected queue."""
    roles = {role for role, statement in statements(template) if referred(statement["Resource"]) == "RejectedQueue"}
    return {name for name, function in of_type(template, FUNCTION).items() if referred(function["Role"]) in roles}


def _outputs(template: dict) -> dict[str, str]:
    return {key: referred(output["Value"]) for key, output in template["Outputs"].items()}
