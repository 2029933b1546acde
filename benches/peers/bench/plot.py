"""The plot for the docs: everybody over megapixels, ours over bytes."""

import itertools
import pathlib

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy
from contestants import OURS
from photos import FACE_COUNTS, SIZES
from results import STANDARD, Results

# The same results give the same file.
matplotlib.rcParams["svg.hashsalt"] = "redact-speed"
FACES = STANDARD[1]


def draw(results: Results, folder: pathlib.Path) -> None:
    """Writes redact-speed.svg and redact-speed.png."""
    figure, (everybody, ours) = plt.subplots(1, 2, figsize=(14, 6), width_ratios=(3, 2), layout="constrained")
    _everybody(everybody, results)
    _ours(ours, results)
    folder.mkdir(exist_ok=True)
    figure.savefig(folder / "redact-speed.svg", metadata={"Date": None})
    figure.savefig(folder / "redact-speed.png", dpi=120)


def _everybody(axes, results: Results) -> None:
    for name, colour in zip(results.ranking(), itertools.cycle(matplotlib.colormaps["tab20"].colors)):
        cases = {size: case for (size, count), case in results.entrants[name].cases.items() if count == FACES}
        sizes = sorted(cases)
        style = {"linewidth": 3, "color": "black", "zorder": 3} if name == OURS else {"linewidth": 1.2, "color": colour}
        marker = "o" if len(sizes) > 1 else "D"
        axes.plot(sizes, [cases[size].cpu_ms for size in sizes], marker=marker, markersize=5, label=name, **style)
    axes.set(xscale="log", yscale="log", xlabel="megapixels", ylabel="CPU time, ms (whole process)")
    axes.set_title(f"{FACES} faces hidden in a JPEG, one thread")
    axes.set_xticks(list(SIZES), labels=[str(size) for size in SIZES])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)


def _ours(axes, results: Results) -> None:
    for faces in FACE_COUNTS:
        megabytes, milliseconds = results.sizes(OURS, faces)
        line = results.growth(faces)
        reach = numpy.array([0, max(megabytes)])
        (drawn,) = axes.plot(reach, line.at(reach), linewidth=1)
        noun = "face" if faces == 1 else "faces"
        label = f"{faces} {noun}: {line.ms_per_megabyte:.2f} ms per MB, R² {line.r_squared:.4f}"
        axes.plot(megabytes, milliseconds, "o", color=drawn.get_color(), label=label)
    axes.set(xlabel="size of the file, MB", ylabel="CPU time, ms (whole process)", xlim=(0, None), ylim=(0, None))
    axes.set_title(f"{OURS} over bytes")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="upper left")
