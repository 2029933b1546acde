"""Runs contestants in turns and counts what each run costs."""

import dataclasses
import json
import pathlib
import statistics
import subprocess

import build
from contestants import Contestant
from photos import Photo

ROUNDS = 7
SLOW_MS, SLOW_ROUNDS = 2000, 3
"""Whoever takes more CPU time than this in the warm-up runs fewer rounds."""
START_ROUNDS = 3


@dataclasses.dataclass
class Case:
    """One contestant with one photo, and what its runs cost."""

    contestant: Contestant
    photo: Photo
    out: pathlib.Path
    rounds: int = ROUNDS
    output_bytes: int = 0
    runs: list[dict] = dataclasses.field(default_factory=list)

    def run(self) -> dict:
        """Into a new file each time: to replace one costs the file system the same whoever does it."""
        self.out.unlink(missing_ok=True)
        return _cost(self.contestant, self.contestant.command(self.photo, self.out))

    def warm_up(self) -> None:
        """One run that does not count. It decides how many do, and leaves the output for the checks."""
        if self.run()["cpu_ms"] > SLOW_MS:
            self.rounds = SLOW_ROUNDS
        self.output_bytes = self.out.stat().st_size

    def median(self, field: str) -> float:
        return statistics.median(run[field] for run in self.runs)

    @property
    def cpu_ms(self) -> float:
        return self.median("cpu_ms")

    @property
    def peak_bytes(self) -> float:
        return self.median("peak_kib") * 1024

    @property
    def bytes_over_files(self) -> float:
        """Peak memory beyond what the two files take."""
        return self.peak_bytes - self.photo.path.stat().st_size - self.output_bytes


def interleaved(cases: list[Case]) -> None:
    """Every case once, then every case again: a machine that slows down slows all down alike."""
    for number in range(max(case.rounds for case in cases)):
        for case in cases:
            if number < case.rounds:
                case.runs.append(case.run())


def start_up_ms(contestant: Contestant) -> float:
    """CPU time to start, load everything, and end."""
    return statistics.median(_cost(contestant, contestant.version_command)["cpu_ms"] for _ in range(START_ROUNDS))


def _cost(contestant: Contestant, command: list[str]) -> dict:
    measured = [str(build.RELEASE / "measure"), *command]
    options = {"check": True, "capture_output": True, "text": True, "env": contestant.variables()}
    return json.loads(subprocess.run(measured, **options).stdout)
