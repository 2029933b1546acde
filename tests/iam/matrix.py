"""Tells each scenario with all permissions, and again without each one that it needs, to see what comes of it then."""

from collections.abc import Sequence
from dataclasses import dataclass

from policies import Permission, Policy, policies
from scenario import Scenario
from stack import Stack


@dataclass(frozen=True)
class Missed:
    """What came of a scenario without one permission."""

    permission: Permission
    scenario: Scenario
    outcome: str
    denied: tuple[str, ...]  # the actions that the function's log names as denied

    @property
    def was_needed(self) -> bool:
        """Whether the scenario came to another end."""
        return self.outcome != self.scenario.expected


def tell_all(stack: Stack, scenarios: Sequence[Scenario]) -> list[str]:
    """Each scenario once with the deployed policies; complaints of those that do not end as they should."""
    stack.switch_event_sources(on=False)
    return [complaint for scenario in scenarios if (complaint := _tell(stack, scenario))]


def _tell(stack: Stack, scenario: Scenario) -> str:
    outcome = scenario.tell(stack, scenario.arrange(stack))
    _say(f"{scenario.function}: {scenario.name}: {outcome}")
    if outcome == scenario.expected:
        return ""
    return f"{scenario.function}: {scenario.name}: {outcome}, and not {scenario.expected}; denied: {stack.denied}"


def tell_without_each(stack: Stack, scenarios: Sequence[Scenario]) -> list[Missed]:
    """Each scenario once for each permission that it needs, without that one. Afterwards every policy is as it was."""
    stack.switch_event_sources(on=False)
    before = policies(stack)
    by_name = {str(permission): (policy, permission) for policy in before for permission in policy.permissions()}
    missed = [_without(stack, scenario, *by_name[need]) for scenario in scenarios for need in scenario.needs]
    if [policy.document for policy in policies(stack)] != [policy.document for policy in before]:
        raise AssertionError("a policy is not as it was")
    return missed


def _without(stack: Stack, scenario: Scenario, policy: Policy, permission: Permission) -> Missed:
    thing = scenario.arrange(stack)
    with policy.without(permission):
        outcome = scenario.tell(stack, thing)
    _say(f"without {permission}: {outcome}")
    return Missed(permission, scenario, outcome, tuple(stack.denied))


def _say(line: str) -> None:
    print(line, flush=True)
