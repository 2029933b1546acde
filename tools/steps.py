"""Runs steps one after another, goes on when one fails, and sums up at the end.

    python tools/steps.py TITLE COMMAND [TITLE COMMAND ...] [--beside TITLE COMMAND [TITLE COMMAND ...]]

Those behind `--beside` run one after another too, at the same time as those before it; what they print comes when all are
done. The exit code is 0 only if every step's was.
"""

import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

BESIDE = "--beside"


def main(arguments: list[str]) -> int:
    """Runs the steps named on the command line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    at = arguments.index(BESIDE) if BESIDE in arguments else len(arguments)
    steps = list(zip(arguments[:at:2], arguments[1:at:2], strict=True))
    started = time.monotonic()
    with _beside(arguments[at + 1 :]) as wait:
        results = [(title, *_run(title, command)) for title, command in steps]
        results += wait()
    print("\nSummary")
    for title, passed, seconds in results:
        print(f"  {'passed' if passed else 'FAILED'}  {title} ({seconds:.0f} s)")
    failed = [title for title, passed, _ in results if not passed]
    print(f"{len(results) - len(failed)} of {len(results)} passed, {time.monotonic() - started:.0f} s", flush=True)
    return 1 if failed else 0


@contextlib.contextmanager
def _beside(arguments: list[str]) -> Iterator[Callable[[], list[tuple[str, bool, float]]]]:
    """Starts steps in a process of their own; the function given waits for them, and shows what they printed."""
    if not arguments:
        yield lambda: []
        return
    started = time.monotonic()
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen([sys.executable, __file__, *arguments], stdout=printed, stderr=subprocess.STDOUT)

        def wait() -> list[tuple[str, bool, float]]:
            passed, seconds = process.wait() == 0, time.monotonic() - started
            printed.seek(0)
            print("\n== at the same time", printed.read().decode(errors="replace"), sep="\n", flush=True)
            return [("at the same time", passed, seconds)]

        try:
            yield wait
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


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
