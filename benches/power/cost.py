"""Recomputes the tables of docs/cost.md from prices.toml, usage.toml and the last measurement (measured.json).

    python benches/power/cost.py            writes docs/cost.md
    python benches/power/cost.py --check    1 if that would change it

Needs only Python's standard library.
"""

import json
import math
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "docs" / "cost.md"
MEASURED = HERE / "measured.json"
SIZES = HERE.parents[1] / "tools" / "sizes.toml"
POWER_HEAD = "| MB | processors | start, ms | first, ms | warm, ms | peak, MB | a thousand | |"
NOT_MEASURED = "_Not measured yet: `make bench-power` measures, and fills this in._"
PLOT = "![Time and price over the memory size](power.svg)"
ONE_PROCESSOR = 1769  # MB
MANY = 1000  # photos, bids, invocations


@dataclass(frozen=True)
class Line:
    """What one thing adds to the bill of a thousand."""

    what: str
    amount: float
    usd: float


class Prices:
    """What things cost."""

    def __init__(self, known: dict[str, dict]):
        self.known = known

    def of(self, name: str, amount: float) -> float:
        """So many of them, in US dollars."""
        return self.known[name]["usd"] / self.known[name]["per"] * amount

    def invocation(self, memory: int, milliseconds: float, architecture: str = "arm64") -> float:
        """An invocation: Lambda charges each millisecond that was begun."""
        seconds = math.ceil(milliseconds) / 1000
        return self.of(f"lambda-{architecture}-gb-second", memory / 1024 * seconds) + self.of("lambda-request", 1)


class Measured:
    """What the bench found out."""

    def __init__(self, document: dict):
        self.document = document

    def jobs(self) -> list[tuple[str, str]]:
        """Each function with each of its jobs, in the order in which they were measured."""
        return list(dict.fromkeys((row["function"], row["job"]) for row in self.document["rows"]))

    def rows(self, function: str, job: str) -> list[dict]:
        """One row for each size."""
        return [row for row in self.document["rows"] if (row["function"], row["job"]) == (function, job)]

    def milliseconds(self, function: str, job: str, memory: int) -> float:
        """A warm invocation, the median."""
        return next(row["warm_ms"] for row in self.rows(function, job) if row["memory_mb"] == memory)


def bill(usage: dict, prices: Prices, measured: Measured) -> list[Line]:
    """What a thousand of something cost, line by line, the dearest first."""
    lines = [
        Line(prices.known[name]["what"], amount * MANY, prices.of(name, amount * MANY))
        for name, amount in usage.items()
        if name in prices.known
    ]
    for work in usage["lambda"]:
        times, memory = work.get("times", 1), work["memory"]
        milliseconds = duration(work, measured)
        usd = prices.invocation(memory, milliseconds, work.get("architecture", "arm64")) * times * MANY
        what = f"Lambda: `{work['function']}`, {memory} MB, {milliseconds:.0f} ms"
        lines.append(Line(what, times * MANY, usd))
    return sorted(lines, key=lambda line: -line.usd)


def duration(work: dict, measured: Measured) -> float:
    """Milliseconds of one invocation: as measured, or the least that this much processor time can take."""
    if "processor-ms" in work:
        return work["processor-ms"] / max(1.0, work["memory"] / ONE_PROCESSOR)
    return measured.milliseconds(work["function"], work["job"], work["memory"])


def total(lines: list[Line]) -> float:
    """The sum, in US dollars."""
    return sum(line.usd for line in lines)


def power_table(prices: Prices, measured: Measured) -> str:
    """For each function, what each size takes and costs; the cheapest and the fastest are named."""
    out = []
    for function, job in measured.jobs():
        rows = measured.rows(function, job)
        costs = [prices.invocation(row["memory_mb"], row["warm_ms"]) * MANY for row in rows]
        cheapest, fastest = costs.index(min(costs)), min(range(len(rows)), key=lambda place: rows[place]["warm_ms"])
        out += [f"**`{function}`**, {job}", "", POWER_HEAD, "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"]
        for place, (row, cost) in enumerate(zip(rows, costs)):
            marks = [mark for mark, chosen in (("cheapest", cheapest), ("fastest", fastest)) if place == chosen]
            out.append(
                f"| {row['memory_mb']} | {row['virtual_processors']:.2f} | {row['cold_start_ms']:.0f} "
                f"| {row['first_ms']:.0f} | {row['warm_ms']:.1f} | {row['peak_mb']:.0f} "
                f"| ${cost:.5f} | {', '.join(marks)} |"
            )
        out.append("")
    return "\n".join(out).strip()


def budget_table(measured: Measured, budgets: dict, sizes: dict) -> str:
    """For each function its size, its start and its memory with one processor, beside what it may take."""
    out = ["| | `bootstrap`, MB | start, ms | peak, MB |", "| --- | ---: | ---: | ---: |"]
    for function in dict.fromkeys(function for function, _ in measured.jobs()):
        rows = [
            row
            for row in measured.document["rows"]
            if (row["function"], row["memory_mb"]) == (function, ONE_PROCESSOR)
        ]
        budget = budgets.get(function, budgets["default"])
        size = sizes["functions"].get(function, {}).get("budget", sizes["default"])
        cells = [
            beside(max(row["size_mb"] for row in rows), size),
            beside(max(row["cold_start_ms"] for row in rows), budget["start-ms"]),
            beside(max(row["peak_mb"] for row in rows), budget["memory-mb"]),
        ]
        out.append(f"| `{function}` | {' | '.join(cells)} |")
    return "\n".join(out)


def beside(found: float, budget: float) -> str:
    """A number and what it may be."""
    return f"{found:.1f} of {budget:g}" + (" **over**" if found > budget else "")


def bill_tables(bills: dict[str, tuple[str, list[Line]]]) -> str:
    """Each bill as a table, with its sum."""
    out = []
    for title, lines in bills.values():
        out += [f"**{title}: ${total(lines):.4f}**", "", "| what | how many | |", "| --- | ---: | ---: |"]
        out += [f"| {line.what} | {line.amount:,.0f} | ${line.usd:.5f} |" for line in lines]
        out.append("")
    return "\n".join(out).strip()


def sentence(bills: dict[str, tuple[str, list[Line]]]) -> str:
    """What a user would quote."""
    photo, large, theirs, bid = (total(bills[name][1]) for name in ("photo", "large-photo", "sample-app", "bid"))
    return (
        f"**A thousand photos cost {dollars(photo)}, a thousand of 12 megapixels {dollars(large)}; by the sample app, "
        f"which asks Rekognition for each, at least {dollars(theirs)}: {theirs / large:.0f} times as much. "
        f"A thousand sealed bids cost {dollars(bid)}, from the API to the winner.**"
    )


def dollars(usd: float) -> str:
    """In cents where it is less than a dollar."""
    return f"${usd:.2f}" if usd >= 1 else f"{usd * 100:.1f} cents"


def price_table(prices: Prices) -> str:
    """Every price with its page."""
    out = ["| what | price | read on | AWS's own page |", "| --- | ---: | --- | --- |"]
    for one in prices.known.values():
        source = f"[{one['dated']}]({one['source']})" if one["source"] else "**on no stored page: look it up**"
        price = f"${one['usd']:.10f}".rstrip("0").rstrip(".")
        out.append(f"| {one['what']} | {price} for {one['per']:,} | {source} | [prices]({one['official']}) |")
    return "\n".join(out)


def conditions(measured: Measured) -> str:
    """How and on what it was measured."""
    known = measured.document
    return f"Measured on {known['date']} on one machine ({known['machine']}). {known['equivalence']}."


def filled(document: str, parts: dict[str, str]) -> str:
    """The document with each part between its two marks.

    Raises `ValueError` for a part without marks.
    """
    for name, text in parts.items():
        between = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        if not between.search(document):
            raise ValueError(f"no marks for {name}")
        document = between.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", document)
    return document


def parts(prices: Prices, usage: dict, measured: Measured | None) -> dict[str, str]:
    """What stands between the document's marks; without a measurement, that there is none."""
    if measured is None:
        return dict.fromkeys(("sentence", "bills", "conditions", "budgets", "plot", "power"), NOT_MEASURED) | {
            "prices": price_table(prices)
        }
    bills = {name: (one["title"], bill(one, prices, measured)) for name, one in usage.items()}
    return {
        "sentence": sentence(bills),
        "bills": bill_tables(bills),
        "conditions": conditions(measured),
        "budgets": budget_table(measured, _toml(HERE / "budgets.toml"), _toml(SIZES)),
        "plot": PLOT,
        "power": power_table(prices, measured),
        "prices": price_table(prices),
    }


def main(arguments: list[str]) -> int:
    """Writes the document, or compares it."""
    measured = Measured(json.loads(MEASURED.read_text())) if MEASURED.exists() else None
    made = parts(Prices(_toml(HERE / "prices.toml")), _toml(HERE / "usage.toml"), measured)
    before = DOCUMENT.read_text()
    after = filled(before, made)
    if "--check" in arguments:
        return 0 if after == before else 1
    DOCUMENT.write_text(after)
    print(made["sentence"].strip("*_"))
    return 0


def _toml(path: Path) -> dict:
    return tomllib.loads(path.read_text())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
