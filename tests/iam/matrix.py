"""Tells each scenario with all permissions, and again without each one that it needs, to see what comes of it then."""

from collections.abc import Iterator, Sequence
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


def tell_with_all(stack: Stack, scenarios: Sequence[Scenario]) -> Iterator[str]:
    """Each scenario once with the deployed policies; complaints of those that do not end as they should."""
    for scenario in scenarios:
        outcome = scenario.tell(stack, scenario.arrange(stack))
        _say(f"{scenario.function}: {scenario.name}: {outcome}")
        if outcome != scenario.expected:
            yield f"{scenario.function}: {scenario.name}: {outcome}, and not {scenario.expected}; denied: {stack.denied}"


def tell_without_each(stack: Stack, scenarios: Sequence[Scenario]) -> Iterator[Missed]:
    """Each scenario once for each permission that it needs, without that one."""
    by_name = {str(permission): (policy, permission) for policy, permission in _all(stack)}
    for scenario in scenarios:
        for need in scenario.needs:
            policy, permission = by_name[need]
            missed = _without(stack, scenario, policy, permission)
            _say(f"without {need}: {missed.outcome}")
            yield missed


def _without(stack: Stack, scenario: Scenario, policy: Policy, permission: Permission) -> Missed:
    thing = scenario.arrange(stack)
    with policy.without(permission):
        outcome = scenario.tell(stack, thing)
    return Missed(permission, scenario, outcome, tuple(stack.denied))


def _all(stack: Stack) -> Iterator[tuple[Policy, Permission]]:
    for policy in policies(stack):
        for permission in policy.permissions():
            yield policy, permission


def _say(line: str) -> None:
    print(line, flush=True)
