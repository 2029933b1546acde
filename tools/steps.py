"""Runs steps one after another, goes on when one fails, and sums up at the end.

    python tools/steps.py TITLE COMMAND [TITLE COMMAND ...]

The exit code is 0 only if every step's was.
"""

import signal
import subprocess
import sys
import time


def main(arguments: list[str]) -> int:
    """Runs the steps named on the command line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    steps = list(zip(arguments[::2], arguments[1::2], strict=True))
    started = time.monotonic()
    results = [(title, *_run(title, command)) for title, command in steps]
    print("\nSummary")
    for title, passed, seconds in results:
        print(f"  {'passed' if passed else 'FAILED'}  {title} ({seconds:.0f} s)")
    failed = [title for title, passed, _ in results if not passed]
    print(f"{len(results) - len(failed)} of {len(results)} passed, {time.monotonic() - started:.0f} s", flush=True)
    return 1 if failed else 0


def _run(title: str, command: str) -> tuple[bool, float]:
    print(f"\n== {title}: {command}", flush=True)
    started = time.monotonic()
    process = subprocess.Popen(command, shell=True)
    try:
        passed = process.wait() == 0
    except BaseException:
        # Ended from outside: give the step time to stop what it started, above all the local stack.
        process.terminate()
        process.wait()
        raise
    return passed, time.monotonic() - started


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
