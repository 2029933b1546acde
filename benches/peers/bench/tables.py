"""The results on the terminal."""

from contestants import OURS
from measure import ROUNDS, SLOW_MS, SLOW_ROUNDS
from photos import FACE_COUNTS, SIZES
from results import STANDARD, Results, cpu_model

FEW = "*"


def show(results: Results) -> None:
    """All tables."""
    print(f"\n{cpu_model()}, core {results.core}, one thread. CPU time is user + system of the whole process.")
    print(f"Medians of {ROUNDS} rounds; {FEW}: of {SLOW_ROUNDS}, the warm-up took over {SLOW_MS} ms.")
    print("MB are millions of bytes.")
    _standard(results)
    _sizes(results)
    _growth(results)
    _stages(results)
    for name, reason in results.missing.items():
        print(f"MISSING: {name}: {reason}")
    for name, entrant in results.entrants.items():
        if entrant.problem:
            print(f"WRONG: {name}: {entrant.problem}")


def _standard(results: Results) -> None:
    photo = results.standard(OURS).photo
    megabytes = photo.path.stat().st_size / 1e6
    print(f"\n{photo.size[0]}x{photo.size[1]} pixels, {megabytes:.2f} MB, {STANDARD[1]} faces\n")
    ours = results.standard(OURS).cpu_ms
    head = ["contestant", "CPU ms", "lowest", "× ours", "start-up ms", "peak MB", "over files MB", "output bytes"]
    head.append("version")
    rows = []
    for name in results.ranking():
        case, entrant = results.standard(name), results.entrants[name]
        rows.append([
            name,
            _milliseconds(case),
            f"{min(run['cpu_ms'] for run in case.runs):.1f}",
            f"{case.cpu_ms / ours:.2f}",
            f"{entrant.start_up_ms:.0f}",
            f"{case.peak_bytes / 1e6:.1f}",
            f"{case.bytes_over_files / 1e6:.1f}",
            str(case.output_bytes),
            entrant.version,
        ])
    rows += [[name, "missing", *[""] * (len(head) - 2)] for name in results.missing]
    _table(head, rows, left={0, len(head) - 1})


def _sizes(results: Results) -> None:
    names = [name for name in results.ranking() if len(results.entrants[name].cases) > 1]
    for faces in FACE_COUNTS:
        print(f"\nCPU ms by megapixels, {faces} {'face' if faces == 1 else 'faces'}\n")
        rows = [[name, *(_milliseconds(results.entrants[name].cases[size, faces]) for size in SIZES)] for name in names]
        _table(["contestant", *(f"{size} MP" for size in SIZES)], rows, left={0})


def _growth(results: Results) -> None:
    print("\nOurs over the bytes of the file, by least squares\n")
    rows = []
    for faces in FACE_COUNTS:
        line = results.growth(faces)
        rows.append([str(faces), f"{line.start_ms:.2f}", f"{line.ms_per_megabyte:.3f}", f"{line.r_squared:.5f}"])
    _table(["faces", "CPU ms at 0 bytes", "CPU ms per MB", "R²"], rows)


def _stages(results: Results) -> None:
    print(f"\nOurs inside of one process, {STANDARD[0]} megapixels, {STANDARD[1]} faces\n")
    rows = [[name, f"{cost['cpu_ms']:.3f}", f"{cost['elapsed_ms']:.3f}"] for name, cost in results.stages.items()]
    _table(["stage", "CPU ms", "elapsed ms"], rows, left={0})
    print()


def _milliseconds(case) -> str:
    digits = 0 if case.cpu_ms >= 100 else 1
    return f"{case.cpu_ms:.{digits}f}" + (FEW if case.rounds < ROUNDS else "")


def _table(head, rows, left=frozenset()) -> None:
    """As Markdown, in columns."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells):
        columns = enumerate(zip(cells, widths, strict=True))
        padded = [cell.ljust(width) if column in left else cell.rjust(width) for column, (cell, width) in columns]
        return "| " + " | ".join(padded) + " |"

    rule = [("-" * width) if column in left else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    print("\n".join([line(head), line(rule), *map(line, rows)]))
