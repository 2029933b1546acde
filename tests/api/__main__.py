"""The running API against `openapi.yaml`: schemathesis generates requests, good and bad, as an auctioneer, a bidder, and
nobody; no answer may be a 5xx, have a status, a header, a type or a body that the contract does not know, or be a problem
that is none.

    python tests/api        in the environment that `python -m gatehouse_local test` gives, with .tools/api
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from house import prepare, users

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CONTRACT = ROOT / "openapi.yaml"
NOTES = ROOT / ".local" / "api"  # what schemathesis writes down for itself
SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"


def main() -> int:
    """Runs all three; the exit code."""
    NOTES.mkdir(parents=True, exist_ok=True)
    known = json.dumps(prepare())
    # The auctioneer last: schemathesis takes ids from answers too, and so cancels whatever auctions it has seen.
    callers = {"nobody": None, "a bidder": users("bidders")[0], "an auctioneer": users("auctioneers")[0]}
    failed = []
    for caller, user in callers.items():
        print(f"\n-- as {caller}", flush=True)
        # In a header that the API takes for no token at all, nobody's is empty.
        authorization = f"Bearer {user['token']}" if user else ""
        env = os.environ | {"GATEHOUSE_KNOWN": known, "AUTHORIZATION": authorization}
        if subprocess.run(_command(), env=env | _hooks(), cwd=NOTES).returncode != 0:
            failed.append(caller)
    print(f"\nfailed as {', '.join(failed)}" if failed else "\nthe API keeps its contract")
    return 1 if failed else 0


def _command() -> list[str]:
    return [str(SCHEMATHESIS), "--config-file", str(HERE / "schemathesis.toml"), "run", str(CONTRACT)]


def _hooks() -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    return {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": path}


if __name__ == "__main__":
    sys.exit(main())
