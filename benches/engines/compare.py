#!/usr/bin/env python3
"""Compare engines on the detector's model: one thread, a fresh process per measurement, engines taking turns.

    cargo build --release
    pip install numpy==2.4.6 onnxruntime==1.31.1
    python compare.py target/release/engines [ROUNDS]

Prints medians over the rounds as a table. CPU time, so that other work on the machine disturbs little.
"""

import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
MODEL = HERE.parents[1] / "crates" / "detect" / "model" / "centerface.onnx"
SIZES = [(320, 320), (384, 512), (480, 640)]
RUNS = 7


def main(binary, rounds):
    engines = {
        "rten": [binary, "rten"],
        "tract": [binary, "tract"],
        "ONNX Runtime": [sys.executable, str(HERE / "onnxruntime_run.py")],
    }
    results = {(name, size): [] for name in engines for size in SIZES}
    for _ in range(rounds):
        for size in SIZES:
            for name, command in engines.items():
                arguments = [str(MODEL), str(size[0]), str(size[1]), str(RUNS)]
                answer = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True).stdout
                results[name, size].append(json.loads(answer))

    def median(name, size, field):
        return statistics.median(result[field] for result in results[name, size])

    head = " | ".join(f"{width}×{height}" for width, height in SIZES)
    print(f"| engine | {head} | first run at {SIZES[1][0]}×{SIZES[1][1]} | load | peak memory there |")
    for name in engines:
        runs = " | ".join(f"{median(name, size, 'run_ms'):.0f}" for size in SIZES)
        first, load = median(name, SIZES[1], "first_ms"), median(name, SIZES[1], "load_cpu_ms")
        print(f"| {name} | {runs} | {first:.0f} | {load:.1f} | {median(name, SIZES[1], 'peak_kb') / 1024:.0f} MB |")
    for size in SIZES:
        print(size, "heat:", {name: round(median(name, size, "heat"), 3) for name in engines}, file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 7)
