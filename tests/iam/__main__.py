"""Proves the template's policies on the deployed stack, whose IAM is enforced.

    python tests/iam             all of it; writes docs/iam.md
    python tests/iam denied      only the calls that each role may not make: seconds

in the environment that `python -m gatehouse_local test` gives. All of it means that

- each function does what it is there for, with the policies as they are;
- without any one permission, something of that fails; or, where a service of AWS uses the permission, that its statement
  has what AWS documents and nothing else;
- each role is denied everything else that somebody who took over its function would like to do.
"""

import sys
import time

import auctions
import backfill
import holding
import importing
import in_place
import options
import photos
import publishing
import settlement
from forbidden import Tried, try_all
from matrix import Missed, tell_all, tell_without_each
from policies import Permission, policies
from report import Proof, write
from services import Purpose, faults, purpose_of
from stack import Stack

DEFAULT = (
    *photos.SCENARIOS,
    *backfill.SCENARIOS,
    *in_place.SCENARIOS,
    *holding.SCENARIOS,
    *auctions.SCENARIOS,
    *settlement.SCENARIOS,
    *publishing.SCENARIOS,
    *importing.SCENARIOS,
)


def main() -> int:
    """Runs what the command line asks for; the exit code."""
    stack, started = Stack(), time.monotonic()
    tried = list(try_all(stack))
    complaints = _wrongly_allowed(tried)
    if sys.argv[1:] != ["denied"]:
        complaints += _prove(stack, tried)
    for tries in tried:
        print(f"{tries.role}: {len(tries.denied)} calls denied")
    print("\n".join(["", *complaints, f"{len(complaints)} complaints, {time.monotonic() - started:.0f} s"]))
    return 1 if complaints else 0


def _prove(stack: Stack, tried: list[Tried]) -> list[str]:
    permissions, served = _permissions(stack), _served(stack)
    complaints = [fault for policy in policies(stack) if policy.name for fault in faults(stack, policy)]
    complaints, missed = complaints + tell_all(stack, DEFAULT), tell_without_each(stack, DEFAULT)
    options.switch_on(stack)
    optional = [permission for permission in _permissions(stack) if permission not in permissions]
    complaints += tell_all(stack, options.SCENARIOS)
    missed += tell_without_each(stack, options.SCENARIOS)
    complaints += _superfluous(permissions + optional, missed, served)
    if not complaints:
        write(Proof(permissions, optional, missed, served, tried, (*DEFAULT, *options.SCENARIOS)))
    return complaints


def _permissions(stack: Stack) -> list[Permission]:
    return [permission for policy in policies(stack) for permission in policy.permissions()]


def _served(stack: Stack) -> dict[Permission, Purpose]:
    """Permissions that a service uses, and what for."""
    of_roles = [policy for policy in policies(stack) if policy.name]
    purposes = {one: purpose_of(stack, policy, one.sid) for policy in of_roles for one in policy.permissions()}
    return {permission: purpose for permission, purpose in purposes.items() if purpose}


def _superfluous(permissions: list[Permission], missed: list[Missed], served: dict[Permission, Purpose]) -> list[str]:
    needed = {one.permission for one in missed if one.was_needed}
    left = [permission for permission in permissions if permission not in needed and permission not in served]
    return [f"{permission}: nothing fails without it" for permission in left]


def _wrongly_allowed(tried: list[Tried]) -> list[str]:
    return [f"{tries.role} may {call}" for tries in tried for call in tries.wrongly_allowed]


if __name__ == "__main__":
    sys.exit(main())
