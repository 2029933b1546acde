"""The commands behind `make run`, `make demo` and `make test`.

    python -m gatehouse_local run               samples through the stack, two auctions, then stay up until Ctrl-C
    python -m gatehouse_local demo              the same, then stop; 0 only if every sample and winner came out right
    python -m gatehouse_local up                the stack alone, until Ctrl-C
    python -m gatehouse_local send FILE...      photos through the stack that another terminal keeps up
    python -m gatehouse_local test -- COMMAND   run a command against a fresh stack; its code is ours
"""

import argparse
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from . import processes, settings
from .auctions import hold_auctions
from .deployment import Deployment, build_functions, build_tool, deploy, forget_deployment, running_deployment
from .in_place import replace_in_place
from .photos import Result, Sample, samples, send_through
from .report import print_auctions, print_places, print_table, write_page
from .server import running_server
from .steps import StepFailed, say
from .web import served_results


def main() -> int:
    """Runs one command; the exit code."""
    # SIGTERM ends us as Ctrl-C does: through the `finally` blocks, which stop the stack.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    arguments = _arguments()
    try:
        return arguments.run(arguments)
    except StepFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gatehouse_local", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run in (("run", _run), ("demo", _demo), ("up", _up)):
        commands.add_parser(name).set_defaults(run=run)
    send = commands.add_parser("send")
    send.add_argument("file", nargs="+", type=Path)
    send.set_defaults(run=_send)
    test = commands.add_parser("test")
    test.add_argument("command", nargs="+")
    test.set_defaults(run=_test)
    return parser.parse_args()


def _run(_arguments: argparse.Namespace) -> int:
    with _stack(with_tool=True) as deployment, served_results() as served_at:
        _send_all(deployment, samples(), served_at, in_place=True)
        print_auctions(hold_auctions(deployment))
        say("\nYour own photo, from another terminal:  make send PHOTO=path/to/photo.jpg")
        say(f"With the AWS command line:              source {settings.STACK_ENV}, then")
        say(f"                                        {deployment.outputs['UploadCommand']}")
        say(f"The auctions' API:                      {deployment.api_url}")
        say("Its users and their tokens:             $GATEHOUSE_USERS, in that same file")
        _wait_for_interrupt()
    return 0


def _demo(_arguments: argparse.Namespace) -> int:
    with _stack(with_tool=True) as deployment:
        results = _send_all(deployment, samples(), served_at=None, in_place=True)
        auctions = hold_auctions(deployment)
        print_auctions(auctions)
    return 1 if not results or any(one.faults for one in [*results, *auctions]) else 0


def _up(_arguments: argparse.Namespace) -> int:
    with _stack() as _:
        say(f"\nThe stack is up; `source {settings.STACK_ENV}` tells other programs where.")
        _wait_for_interrupt()
    return 0


def _send(arguments: argparse.Namespace) -> int:
    results = _send_all(running_deployment(), [Sample(path.resolve()) for path in arguments.file], served_at=None)
    return 1 if any(result.faults for result in results) else 0


def _test(arguments: argparse.Namespace) -> int:
    with _stack() as deployment:
        say("Running: " + " ".join(arguments.command))
        return processes.run(arguments.command, processes.tool_env() | deployment.env())


@contextmanager
def _stack(with_tool: bool = False) -> Iterator[Deployment]:
    """A built and deployed stack, gone when the block ends."""
    if with_tool:
        build_tool()
    build_functions()
    with running_server() as server:
        try:
            yield deploy(server)
        finally:
            forget_deployment()
            say("Stopping the local AWS")


def _send_all(
    deployment: Deployment, photos: list[Sample], served_at: str | None, in_place: bool = False
) -> list[Result]:
    say("Sending the photos through")
    results = [send_through(deployment, photo) for photo in photos]
    if in_place and photos:
        results.append(replace_in_place(deployment, photos[0]))
    write_page(results)
    print_table(results)
    print_places(results, served_at)
    return results


def _wait_for_interrupt() -> None:
    say("\nCtrl-C stops everything.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("")


if __name__ == "__main__":
    sys.exit(main())
