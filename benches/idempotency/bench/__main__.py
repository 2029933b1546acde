"""Measures ours and Powertools side by side: `make bench-idempotency`. The README beside this folder says what and how."""

import dataclasses
import json
import pathlib
import platform
import shutil
import statistics
import subprocess

import dynamodb
import places
import tables
from contestants import OURS, Contestant, Failed, Process, contestants
from counter import Counter

ROUNDS = 9
EVENTS = 300
"""Events per round, and as many replays."""
COUNTED = 50
"""Events that go through the counting proxy."""
OWN_EVENTS = 2000
PHASES = ["run", "replay"]


@dataclasses.dataclass
class Entrant:
    """A contestant that could be measured."""

    contestant: Contestant
    version: str
    requests: dict[str, dict[str, float]]
    """Requests per event by operation, for each phase."""
    request_bytes: dict[str, float]
    item_bytes: float
    process: Process
    rounds: dict[str, list[dict]] = dataclasses.field(default_factory=lambda: {phase: [] for phase in PHASES})


def main() -> None:
    """Builds, counts, measures, and shows."""
    print("Building", flush=True)
    _build()
    with dynamodb.running() as port:
        entrants, missing = _entrants(port)
        print("Measuring", flush=True)
        _interleaved(entrants)
        for entrant in entrants:
            entrant.process.stop()
    results = {
        "machine": {"cpu": _cpu_model(), "kernel": platform.release()},
        "events_per_round": EVENTS,
        "contestants": {entrant.contestant.name: _summary(entrant) for entrant in entrants},
        "missing": missing,
        "own": _own(),
    }
    tables.show(results)
    path = places.target() / "bench" / "idempotency.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"Written: {path}")


def _build() -> None:
    command = ["cargo", "build", "--release", "--quiet", "--locked", "--target-dir", str(places.target())]
    subprocess.run(command, check=True, cwd=places.SOURCES)
    if places.NODE.exists():
        # Beside its node_modules, which is where node looks for them.
        shutil.copy(places.SOURCES / "node" / "powertools.mjs", places.NODE)


def _entrants(port: int) -> tuple[list[Entrant], dict[str, str]]:
    """Who can be measured, with their requests counted; and who can't."""
    entrants, missing = [], {}
    counter = Counter(port)
    endpoint = f"http://127.0.0.1:{port}"
    for number, contestant in enumerate(contestants()):
        try:
            command = {"check": True, "capture_output": True, "text": True}
            version = subprocess.run(contestant.version_command, **command).stdout.strip()
            table = dynamodb.Table(endpoint, f"counted-{number}", contestant.key)
            requests, sizes = _count(contestant, table, counter)
            item_bytes = statistics.mean(table.item_bytes())
            timed = dynamodb.Table(endpoint, f"timed-{number}", contestant.key)
            process = Process(contestant, timed.name, endpoint)
            entrants.append(Entrant(contestant, version, requests, sizes, item_bytes, process))
        except (OSError, subprocess.CalledProcessError, Failed) as error:
            missing[contestant.name] = str(error)
    if OURS in missing:
        raise SystemExit(missing[OURS])
    return entrants, missing


def _count(contestant: Contestant, table: dynamodb.Table, counter: Counter):
    """Requests per event, and bytes of their bodies."""
    process = Process(contestant, table.name, counter.endpoint)
    requests, sizes = {}, {}
    for phase in PHASES:
        counter.reset()
        _check(process.events(0, COUNTED), phase, COUNTED)
        requests[phase] = {operation: count / COUNTED for operation, count in sorted(counter.operations.items())}
        sizes[phase] = counter.request_bytes / COUNTED
    process.stop()
    return requests, sizes


def _interleaved(entrants: list[Entrant]) -> None:
    """Every contestant once, then every contestant again. The first round warms up and does not count."""
    for number in range(ROUNDS + 1):
        for entrant in entrants:
            for phase in PHASES:
                answer = entrant.process.events(number * EVENTS, EVENTS)
                _check(answer, phase, EVENTS)
                if number > 0:
                    entrant.rounds[phase].append(answer)


def _check(answer: dict, phase: str, count: int) -> None:
    """Everything ran the first time, and nothing the second."""
    expected = count if phase == "run" else 0
    if answer["ran"] != expected:
        raise Failed(f"{answer['ran']} events ran instead of {expected}")


def _summary(entrant: Entrant) -> dict:
    phases = {}
    for phase, rounds in entrant.rounds.items():
        requests = sum(entrant.requests[phase].values())
        events_per_second = statistics.median(EVENTS / one["seconds"] for one in rounds)
        phases[phase] = {
            "requests_per_event": entrant.requests[phase],
            "request_bytes_per_event": entrant.request_bytes[phase],
            "events_per_second": events_per_second,
            "requests_per_second": events_per_second * requests,
            "cpu_ms_per_event": statistics.median(one["cpu_seconds"] * 1000 / EVENTS for one in rounds),
            "rounds": rounds,
        }
    return {"version": entrant.version, "item_bytes": entrant.item_bytes, "phases": phases}


def _own() -> dict:
    """The time of our own protocol, AWS calls aside: CPU milliseconds per event, in every round."""
    ours = contestants()[0].command[0]
    command = [ours, "own", str(OWN_EVENTS)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _cpu_model() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
