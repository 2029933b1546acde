"""Writes down what a run has proved: docs/iam.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forbidden import MAY, Tried
from matrix import Missed
from policies import Permission
from scenario import Scenario
from services import ALL, Purpose

PAGE = Path(__file__).resolve().parents[2] / "docs" / "iam.md"

HEAD = """# What each function may do, and what fails without it

Written by `make iam`, which proves it on the local stack, with IAM enforced and the template's own roles and keys. Do not
edit it: run that again.

- **Each is sufficient**: every scenario below comes to its end with the deployed policies.
- **Each is needed**: every permission is taken out of the live policy, alone; a scenario that was told again then came to
  another end, which stands in the last column. "Comes again" means that the event was handed back, to be delivered again
  and, in the end, to a dead-letter queue.
- **Nothing else is allowed**: each role was denied every call of the list at the end, but for its own.

The local stack checks a policy at each call, as AWS does; what it lacks of AWS's checks is added by
[`permissions.py`](../tools/gatehouse_local/permissions.py). Some permissions are used by a service in a function's name, and
the local stack does without them. Those are marked *by AWS*. Their statements were compared with what AWS documents
([sources](#what-aws-documents)), and with the event source, log group or failure destination that the deployed function names, or with the
deployed state machine.
Permissions for Amazon Rekognition are only there if the parameter `Detector` asks for it; the local stack has no Rekognition,
and `tests/template` sees to them. Statements that are *an option* come with `SealingKeyPerAuction` or `LegacyBidKeyArn`, which
the run switches on halfway, as an update of the deployed stack.
"""


@dataclass(frozen=True)
class Proof:
    """What was found out."""

    permissions: list[Permission]  # of the template's defaults
    optional: list[Permission]  # with both options on
    missed: list[Missed]
    served: dict[Permission, Purpose]
    tried: list[Tried]
    scenarios: Sequence[Scenario]


def write(proof: Proof) -> None:
    """Writes the page."""
    parts = [HEAD, *_matrix(proof), *_sections(proof), *_scenarios(proof), *_sources(), *_denied(proof)]
    PAGE.write_text("\n".join(parts) + "\n")
    print(f"written: {PAGE}")


def _matrix(proof: Proof) -> Iterator[str]:
    """Functions across, actions down."""
    everything = proof.permissions + proof.optional
    actions = sorted({one.action for one in everything})
    yield "## The matrix\n"
    yield "● something fails without it · ○ used by AWS · ✕ denied, whatever else allows it · empty: not allowed\n"
    yield _row("", *(role.removesuffix("Role") for role in MAY))
    yield _row(*["---"] * (len(MAY) + 1))
    for action in actions:
        yield _row(f"`{action}`", *(_mark(proof, everything, role, action) for role in MAY))


def _mark(proof: Proof, everything: list[Permission], role: str, action: str) -> str:
    found = [one for one in everything if (one.role, one.action) == (role, action)]
    return " ".join("○" if one in proof.served else "✕" if one.denies else "●" for one in found)


def _sections(proof: Proof) -> Iterator[str]:
    everything = proof.permissions + proof.optional
    keys = sorted({one.owner for one in everything} - set(MAY))
    for owner in [*MAY, *keys]:
        key = owner in keys
        yield f"\n## {owner}\n"
        yield _row("statement", *(["role"] if key else []), "action", "scenario", "with it", "without it")
        yield _row(*["---"] * (6 if key else 5))
        for permission in everything:
            if permission.owner == owner:
                yield from _permission(proof, permission, key)


def _permission(proof: Proof, permission: Permission, key: bool) -> Iterator[str]:
    on = f" on {permission.resource}" if permission.resource else ""
    option = ", an option" if permission in proof.optional else ""
    role = [permission.role] if key else []
    what = (permission.sid + option, *role, f"`{permission.action}`{on}")
    if purpose := proof.served.get(permission):
        yield _row(*what, "*by AWS*", purpose.why, "")
    for missed in proof.missed:
        if missed.permission == permission:
            denied = f"; the log: {', '.join(f'`{action}`' for action in missed.denied)} denied" if missed.denied else ""
            yield _row(*what, missed.scenario.name, missed.scenario.expected, missed.outcome + denied)


def _scenarios(proof: Proof) -> Iterator[str]:
    yield "\n## The scenarios, with all permissions\n"
    yield _row("function", "scenario", "what came of it")
    yield _row("---", "---", "---")
    for scenario in proof.scenarios:
        yield _row(scenario.function.removesuffix("Function"), scenario.name, scenario.expected)


def _sources() -> Iterator[str]:
    yield "\n## What AWS documents\n"
    yield _row("for", "actions", "on", "source")
    yield _row(*["---"] * 4)
    for one in ALL:
        yield _row(one.why, ", ".join(f"`{action}`" for action in sorted(one.actions)), one.resource, one.source)


def _denied(proof: Proof) -> Iterator[str]:
    yield "\n## Denied\n"
    yield "Each call was made with each role's credentials. Its own, which are not counted, are in the third column.\n"
    yield _row("role", "denied calls", "allowed")
    yield _row("---", "---:", "---")
    for tried in sorted(proof.tried, key=lambda tried: list(MAY).index(tried.role)):
        may = ", ".join(f"`{one.split()[0]}` {' '.join(one.split()[1:])}" for one in sorted(MAY[tried.role]))
        yield _row(tried.role, str(len(tried.denied)), may)
    yield "\nThe calls, with the things of the stack that they were tried on:\n"
    yield _row("call", "on")
    yield _row("---", "---")
    on: dict[str, dict[str, None]] = {}
    for tried in proof.tried:
        for call in tried.denied:
            action, _, thing = call.partition(" ")
            on.setdefault(action, {})[thing] = None
    for action in sorted(on):
        yield _row(f"`{action}`", ", ".join(sorted(on[action])))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
