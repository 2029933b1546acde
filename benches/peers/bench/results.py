"""What a whole bench found out."""

import dataclasses
import json
import pathlib
import platform

import fit
from contestants import OURS
from measure import Case

STANDARD = (12, 10)
"""Megapixels and number of faces of the case in which all are compared."""


@dataclasses.dataclass
class Entrant:
    """A contestant that could be measured."""

    version: str
    start_up_ms: float
    problem: str | None
    """What is wrong with its output in the standard case."""
    cases: dict[tuple[int, int], Case]
    """By megapixels and number of faces."""


@dataclasses.dataclass
class Results:
    """Everything that tables, plot and JSON are made of."""

    entrants: dict[str, Entrant]
    missing: dict[str, str]
    """Contestants that could not be measured: why, and what to do."""
    stages: dict[str, dict[str, float]]
    """The stages of ours: milliseconds elapsed and of CPU time."""
    core: int

    def standard(self, name: str) -> Case:
        return self.entrants[name].cases[STANDARD]

    def ranking(self) -> list[str]:
        """Ours first, then the fastest first."""
        return sorted(self.entrants, key=lambda name: (name != OURS, self.standard(name).cpu_ms))

    def growth(self, faces: int) -> fit.Line:
        """Ours over the size of the file."""
        megabytes, milliseconds = self.sizes(OURS, faces)
        return fit.line(megabytes, milliseconds)

    def sizes(self, name: str, faces: int) -> tuple[list[float], list[float]]:
        """Megabytes of the file, and CPU milliseconds."""
        cases = [case for (_, count), case in sorted(self.entrants[name].cases.items()) if count == faces]
        return [case.photo.path.stat().st_size / 1e6 for case in cases], [case.cpu_ms for case in cases]

    def write(self, path: pathlib.Path, face_counts) -> None:
        """As JSON, every run of every case included."""
        growth = {str(count): dataclasses.asdict(self.growth(count)) for count in face_counts}
        machine = {"cpu": cpu_model(), "kernel": platform.release(), "core": self.core}
        contestants = {name: _entrant_json(entrant) for name, entrant in self.entrants.items()}
        everything = {
            "machine": machine,
            "contestants": contestants,
            "missing": self.missing,
            "growth_of_ours_by_faces": growth,
            "stages_of_ours": self.stages,
        }
        path.write_text(json.dumps(everything, indent=2) + "\n")


def _entrant_json(entrant: Entrant) -> dict:
    cases = [
        {
            "megapixels": megapixels,
            "faces": faces,
            "input_bytes": case.photo.path.stat().st_size,
            "output_bytes": case.output_bytes,
            "cpu_ms": case.cpu_ms,
            "peak_bytes": case.peak_bytes,
            "runs": case.runs,
        }
        for (megapixels, faces), case in sorted(entrant.cases.items())
    ]
    return {
        "version": entrant.version,
        "start_up_cpu_ms": entrant.start_up_ms,
        "problem": entrant.problem,
        "cases": cases,
    }


def cpu_model() -> str:
    """The processor's name, as far as the system knows it."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
