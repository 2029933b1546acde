"""The `gatehouse` command as somebody at the auctions uses it: with a token of their own, and their amount not on the
command line."""

import json
import subprocess
from dataclasses import dataclass

from . import settings
from .deployment import Deployment
from .processes import tool_env
from .steps import StepFailed
from .users import User


@dataclass(frozen=True)
class Tool:
    """The command in one user's hands."""

    deployment: Deployment
    user: User

    def run(self, *arguments: str, typed: str = "") -> dict:
        """What a command answers; it reads `typed` from its standard input.

        Raises `StepFailed` with what it says on standard error, where the code of a problem stands too.
        """
        done = self.attempt(*arguments, typed=typed)
        if done.returncode != 0:
            raise StepFailed(f"{self.user.name}: gatehouse {' '.join(arguments[:2])}: {done.stderr.strip()}")
        try:
            return json.loads(done.stdout or "{}")
        except ValueError:
            return {"text": done.stdout.strip()}

    def refused(self, code: str, *arguments: str, typed: str = "") -> bool:
        """Whether a command fails with this code."""
        done = self.attempt(*arguments, typed=typed)
        return done.returncode != 0 and code in done.stderr

    def attempt(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess:
        """Runs a command to its end, however that is."""
        command = [str(settings.TARGET / "release" / "gatehouse"), *arguments]
        env = tool_env() | self.deployment.server.connection() | {"GATEHOUSE_TOKEN": self.user.token}
        return subprocess.run(command, env=env, input=typed, capture_output=True, text=True)
