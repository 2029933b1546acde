"""A scenario: something that a function is there for, what comes of it, and the permissions that it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stack import Stack


@dataclass(frozen=True)
class Scenario:
    """One. It can be told again and again: each telling makes what it needs anew."""

    name: str
    function: str  # as the template names it
    arrange: Callable[[Stack], Any]  # with all permissions
    act: Callable[[Stack, Any], str]  # with one less; says in a few words what came of it
    expected: str  # what comes of it with all permissions
    needs: tuple[str, ...]  # "Role Sid action" or "Role Sid action Resource"

    def tell(self, stack: Stack, thing: Any) -> str:
        """What comes of it in a fresh process, which remembers nothing, with the queues of failures empty."""
        stack.restart(self.function)
        for queue in ("RejectedQueue", "StreamFailureQueue"):
            stack.drain(queue)
        return self.act(stack, thing)
