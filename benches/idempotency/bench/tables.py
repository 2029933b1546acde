"""The results on the terminal."""

import statistics


def show(results: dict) -> None:
    """All tables."""
    count = results["events_per_round"]
    print(f"\n{results['machine']['cpu']}. One event after the other; medians over rounds of {count} events.")
    for phase, title in [("run", "Run: claim and complete"), ("replay", "Replay: the same events again")]:
        print(f"\n{title}\n")
        _phase(results["contestants"], phase)
    own = results["own"]
    protocol, bare = statistics.median(own["protocol_ms"]), statistics.median(own["bare_ms"])
    print("\nOurs, with a DynamoDB that answers at once: CPU ms per event (claim and complete)\n")
    rows = [[f"{protocol:.4f}", f"{bare:.4f}", f"{protocol - bare:.4f}"]]
    _table(["through the protocol", "the two bare SDK calls", "the protocol's own"], rows)
    for name, reason in results["missing"].items():
        print(f"MISSING: {name}: {reason}")


def _phase(contestants: dict, phase: str) -> None:
    head = ["contestant", "requests/event", "which", "events/s", "requests/s", "CPU ms/event", "request bytes/event"]
    head += ["item bytes", "version"]
    rows = []
    for name, contestant in contestants.items():
        figures = contestant["phases"][phase]
        requests = figures["requests_per_event"]
        rows.append([
            name,
            f"{sum(requests.values()):g}",
            ", ".join(f"{count:g} {operation}" for operation, count in requests.items()),
            f"{figures['events_per_second']:.0f}",
            f"{figures['requests_per_second']:.0f}",
            f"{figures['cpu_ms_per_event']:.3f}",
            f"{figures['request_bytes_per_event']:.0f}",
            f"{contestant['item_bytes']:.0f}",
            contestant["version"],
        ])
    _table(head, rows, left={0, 2, len(head) - 1})


def _table(head, rows, left=frozenset()) -> None:
    """As Markdown, in columns."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells):
        columns = enumerate(zip(cells, widths, strict=True))
        padded = [cell.ljust(width) if column in left else cell.rjust(width) for column, (cell, width) in columns]
        return "| " + " | ".join(padded) + " |"

    rule = [("-" * width) if column in left else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    print("\n".join([line(head), line(rule), *map(line, rows)]))
