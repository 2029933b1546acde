"""Measures ours and its peers side by side: `make bench-peers`. The README beside this folder says what and how."""

import json
import os
import subprocess
import time

import build
import check
import photos
import places
import plot
import tables
from contestants import OURS, REFERENCE, contestants
from measure import Case, interleaved, start_up_ms
from results import STANDARD, Entrant, Results

FASTEST = 3
"""So many peers, and the reference, are measured in all sizes."""
STAGE_RUNS = 25


def main() -> None:
    """Builds, draws, measures, checks, and shows."""
    started = time.monotonic()
    print("Building", flush=True)
    build.build()
    folder = places.target() / "bench"
    pictures = photos.photos(folder / "photos")
    built = time.monotonic()

    core = _stay_on_one_core()
    results = Results(*_entrants(), stages={}, core=core)
    _all_at_standard(results, pictures, folder)
    _some_at_all_sizes(results, pictures, folder)
    results.stages = _stages(pictures[STANDARD])

    tables.show(results)
    results.write(folder / "peers.json", photos.FACE_COUNTS)
    plot.draw(results, places.DOCS)
    print(f"Written: {folder / 'peers.json'}, {places.DOCS / 'redact-speed.svg'} and .png")
    print(f"{built - started:.0f} s to build and draw, {time.monotonic() - built:.0f} s to measure")


def _stay_on_one_core() -> int | None:
    """Children stay there too. The last core: the system's own work tends to the first."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def _entrants() -> tuple[dict[str, Entrant], dict[str, str]]:
    """Who can be measured, and who can't."""
    entrants, missing = {}, {}
    for contestant in contestants():
        try:
            version = contestant.version()
        except (OSError, subprocess.CalledProcessError, IndexError) as error:
            missing[contestant.name] = f"{_reason(error)} (to install: {contestant.install})"
            continue
        entrants[contestant.name] = Entrant(version, start_up_ms(contestant), None, {})
    if OURS in missing:
        raise SystemExit(missing[OURS])
    return entrants, missing


def _reason(error) -> str:
    """The line of what a failed program said that names an error; else the last one."""
    said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return next((line for line in said if "error" in line.lower() and ": " in line), said[-1])


def _all_at_standard(results: Results, pictures, folder) -> None:
    print("Measuring everybody", flush=True)
    cases = []
    for contestant in contestants():
        if contestant.name not in results.entrants:
            continue
        case = Case(contestant, pictures[STANDARD], folder / "out.jpg")
        try:
            case.warm_up()
        except subprocess.CalledProcessError as error:
            results.missing[contestant.name] = f"failed: {_reason(error)}"
            del results.entrants[contestant.name]
            continue
        entrant = results.entrants[contestant.name]
        entrant.problem = check.problem(case.photo, case.out)
        entrant.cases[STANDARD] = case
        cases.append(case)
    interleaved(cases)


def _some_at_all_sizes(results: Results, pictures, folder) -> None:
    right = [name for name in results.ranking() if results.entrants[name].problem is None and name != REFERENCE]
    names = {OURS, *[name for name in right if name != OURS][:FASTEST], REFERENCE} & results.entrants.keys()
    print(f"Measuring in all sizes: {', '.join(sorted(names))}", flush=True)
    cases = []
    for size, photo in pictures.items():
        if size == STANDARD:
            continue
        for name in sorted(names):
            entrant = results.entrants[name]
            case = Case(entrant.cases[STANDARD].contestant, photo, folder / "out.jpg")
            case.warm_up()
            entrant.problem = entrant.problem or check.problem(photo, case.out)
            entrant.cases[size] = case
            cases.append(case)
    interleaved(cases)


def _stages(photo) -> dict[str, dict[str, float]]:
    regions = [",".join(f"{ratio:.6f}" for ratio in face.ratios(photo.size)) for face in photo.faces]
    program = str(places.target() / "release" / "examples" / "stages")
    command = [program, str(photo.path), str(STAGE_RUNS), *regions]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
