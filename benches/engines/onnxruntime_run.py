"""The yardstick: the same as `engines`, by ONNX Runtime. Arguments: MODEL.onnx WIDTH HEIGHT RUNS"""

import json
import statistics
import sys
import time

import numpy
import onnxruntime


def peak_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


model, width, height, runs = sys.argv[1], *map(int, sys.argv[2:])
with open(model, "rb") as file:
    data = file.read()
values = (numpy.arange(3 * width * height) * 31 % 256).astype(numpy.float32).reshape(1, 3, height, width)
base_kb = peak_kb()  # Python and its libraries: not the engine's
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.log_severity_level = 3

start, cpu = time.perf_counter(), time.process_time()
session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
load, load_cpu = time.perf_counter() - start, time.process_time() - cpu

times = []
for _ in range(runs):
    cpu = time.process_time()
    heat = session.run(None, {"input.1": values})[0]
    times.append(time.process_time() - cpu)
print(json.dumps({
    "load_ms": load * 1e3, "load_cpu_ms": load_cpu * 1e3, "first_ms": times[0] * 1e3,
    "run_ms": statistics.median(times) * 1e3, "peak_kb": peak_kb() - base_kb + len(data) // 1024,
    "heat": float(heat.sum()),
}))
