"""The plot for docs/cost.md: what a warm invocation takes, and what a thousand of them cost, over the memory size."""

import itertools
import json
import tomllib

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
from cost import DOCUMENT, HERE, MANY, MEASURED, Measured, Prices

# The same measurement gives the same file.
matplotlib.rcParams["svg.hashsalt"] = "power"


def main() -> None:
    """Writes docs/power.svg and docs/power.png."""
    measured = Measured(json.loads(MEASURED.read_text()))
    prices = Prices(tomllib.loads((HERE / "prices.toml").read_text()))
    figure, (times, costs) = plt.subplots(1, 2, figsize=(14, 5.5), layout="constrained")
    colours = itertools.cycle(matplotlib.colormaps["tab10"].colors)
    for (function, job), colour in zip(measured.jobs(), colours):
        rows = measured.rows(function, job)
        sizes, warm = [row["memory_mb"] for row in rows], [row["warm_ms"] for row in rows]
        price = [prices.invocation(size, ms) * MANY for size, ms in zip(sizes, warm)]
        times.plot(sizes, warm, marker="o", color=colour, label=f"{function}: {job}")
        costs.plot(sizes, price, marker="o", color=colour)
        cheapest = price.index(min(price))
        costs.plot(sizes[cheapest], price[cheapest], marker="*", markersize=15, color=colour)
    for axes, label in ((times, "ms, a warm invocation"), (costs, "US dollars for a thousand (star: the cheapest)")):
        axes.set(xscale="log", yscale="log", xlabel="MB", ylabel=label)
        axes.set_xticks(sizes, labels=[str(size) for size in sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    figure.savefig(DOCUMENT.parent / "power.svg", metadata={"Date": None})
    figure.savefig(DOCUMENT.parent / "power.png", dpi=120)


if __name__ == "__main__":
    main()
