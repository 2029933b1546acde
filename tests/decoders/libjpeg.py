"""libjpeg-turbo, the C library that most viewers decode with, down to the quantised coefficients.

It is the copy that comes with Pillow, called directly: Pillow itself shows neither coefficients nor warnings. A fatal
error ends the process with libjpeg's message, because a C function can't be left by a Python exception.
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from ctypes import POINTER, byref, c_int, c_ulong, c_void_p
from dataclasses import dataclass, field
from pathlib import Path

import numpy
import PIL

import abi

GREY, RGB, YCBCR, CMYK, YCCK = 1, 2, 3, 4, 5
COMPONENTS = {GREY: 1, RGB: 3, YCBCR: 3, CMYK: 4, YCCK: 4}
# What pixels are given as: libjpeg itself makes YCbCr of RGB and YCCK of CMYK.
_PIXELS = {GREY: GREY, RGB: RGB, YCBCR: RGB, CMYK: CMYK, YCCK: CMYK}

ZIGZAG = numpy.array(sorted(range(64), key=lambda n: (n // 8 + n % 8, (n // 8 if (n // 8 + n % 8) % 2 else n % 8))))

# One scan of a script: components, first and last coefficient in zigzag order, bit coded before, bit coded now.
Scan = tuple[tuple[int, ...], int, int, int, int]


@dataclass
class Plane:
    """One component of a picture. Blocks are rows × columns × 64, coefficients in natural order."""

    sampling: tuple[int, int]
    blocks: numpy.ndarray
    quant: numpy.ndarray
    # Rows and columns that hold pixels; the others only fill the last MCUs.
    real: tuple[int, int]


@dataclass
class Picture:
    """A JPEG file as its coefficients."""

    width: int
    height: int
    progressive: bool
    scans: int
    colours: int
    planes: list[Plane]
    # libjpeg's count, and its first words.
    warnings: int
    messages: list[str]


@dataclass
class Coding:
    """How a file is to be written."""

    colours: int = YCBCR
    sampling: list[tuple[int, int]] = field(default_factory=lambda: [(1, 1)] * 3)
    quality: int = 75
    baseline: bool = True
    optimise: bool = False
    progressive: bool = False
    restart_interval: int = 0
    restart_rows: int = 0
    script: list[Scan] = field(default_factory=list)


def _load() -> ctypes.CDLL:
    beside = Path(PIL.__file__).parent
    found = [*beside.parent.glob("pillow.libs/libjpeg*"), *beside.glob(".dylibs/libjpeg*")]
    if not found:
        sys.exit(f"no libjpeg beside {beside}: the tests need Pillow as PyPI's wheels have it")
    return ctypes.CDLL(str(found[0]))


_LIBRARY = _load()
_LIBRARY.jpeg_std_error.restype = POINTER(abi.ErrorManager)
_LIBRARY.jpeg_read_coefficients.restype = POINTER(c_void_p)
_free = ctypes.CDLL(None).free
_free.argtypes = [c_void_p]


class _Errors:
    """An error manager that keeps what libjpeg says instead of printing it."""

    def __init__(self):
        self.manager = abi.ErrorManager()
        _LIBRARY.jpeg_std_error(byref(self.manager))
        self.messages: list[str] = []
        self._callbacks = abi.Report(self._fatal), abi.Report(self._keep)
        self.manager.error_exit, self.manager.output_message = self._callbacks

    def _message(self, codec: int) -> str:
        text = ctypes.create_string_buffer(200)
        self.manager.format_message(codec, ctypes.addressof(text))
        return text.value.decode()

    def _keep(self, codec: int):
        self.messages.append(self._message(codec))

    def _fatal(self, codec: int):
        print(f"libjpeg: {self._message(codec)}", file=sys.stderr, flush=True)
        os._exit(1)


@contextlib.contextmanager
def _decompress(file: bytes) -> Iterator[tuple[abi.Decompress, _Errors]]:
    codec, errors = abi.Decompress(), _Errors()
    codec.errors = ctypes.pointer(errors.manager)
    _LIBRARY.jpeg_CreateDecompress(byref(codec), abi.VERSION, ctypes.c_size_t(ctypes.sizeof(codec)))
    try:
        _LIBRARY.jpeg_mem_src(byref(codec), file, c_ulong(len(file)))
        _LIBRARY.jpeg_read_header(byref(codec), 1)
        yield codec, errors
    finally:
        _LIBRARY.jpeg_destroy_decompress(byref(codec))


@contextlib.contextmanager
def _compress(written: list[bytes]) -> Iterator[abi.Compress]:
    """Compresses into one more entry of `written`."""
    codec, errors = abi.Compress(), _Errors()
    codec.errors = ctypes.pointer(errors.manager)
    buffer, size = c_void_p(), c_ulong()
    _LIBRARY.jpeg_CreateCompress(byref(codec), abi.VERSION, ctypes.c_size_t(ctypes.sizeof(codec)))
    try:
        _LIBRARY.jpeg_mem_dest(byref(codec), byref(buffer), byref(size))
        yield codec
        _LIBRARY.jpeg_finish_compress(byref(codec))
        written.append(ctypes.string_at(buffer.value, size.value))
    finally:
        _LIBRARY.jpeg_destroy_compress(byref(codec))
        _free(buffer)


def read(file: bytes) -> Picture:
    """All coefficients of a file that libjpeg is known to decode."""
    with _decompress(file) as (codec, errors):
        arrays = _LIBRARY.jpeg_read_coefficients(byref(codec))
        planes = [_plane(codec, arrays, index) for index in range(codec.component_count)]
        scans = codec.input_scan
        _LIBRARY.jpeg_finish_decompress(byref(codec))
        return Picture(
            width=codec.width,
            height=codec.height,
            progressive=bool(codec.progressive),
            scans=scans,
            colours=codec.colours,
            planes=planes,
            warnings=errors.manager.warnings,
            messages=errors.messages,
        )


def _plane(codec: abi.Decompress, arrays, index: int) -> Plane:
    component = codec.components[index]
    rows = [row.copy() for row in _rows(codec, arrays, index)]
    quant = numpy.array(component.quant_table.contents.values, dtype=numpy.uint16)
    sampling = component.across, component.down
    return Plane(sampling, numpy.stack(rows), quant, (component.height_in_blocks, component.width_in_blocks))


def _rows(codec: abi.Decompress, arrays, index: int) -> Iterator[numpy.ndarray]:
    """The rows of blocks where libjpeg keeps them, so that they can be changed. A row is valid until the next one."""
    component = codec.components[index]
    columns = _up(component.width_in_blocks, component.across)
    access = codec.memory.contents.access_blocks
    for row in range(_up(component.height_in_blocks, component.down)):
        blocks = access(ctypes.addressof(codec), arrays[index], row, 1, 1)[0]
        yield numpy.ctypeslib.as_array(ctypes.cast(blocks, POINTER(abi.Block * columns)).contents)


def _up(number: int, step: int) -> int:
    return -(-number // step) * step


def encode(pixels: numpy.ndarray, coding: Coding) -> bytes:
    """Encodes rows × columns × channels of 8 bits; RGB for YCbCr, CMYK for YCCK."""
    pixels = numpy.ascontiguousarray(pixels, dtype=numpy.uint8)
    height, width, channels = pixels.shape
    written: list[bytes] = []
    with _compress(written) as codec:
        codec.width, codec.height, codec.input_components = width, height, channels
        codec.input_colours = _PIXELS[coding.colours]
        _LIBRARY.jpeg_set_defaults(byref(codec))
        _LIBRARY.jpeg_set_colorspace(byref(codec), coding.colours)
        _LIBRARY.jpeg_set_quality(byref(codec), coding.quality, int(coding.baseline))
        for index, (across, down) in enumerate(coding.sampling):
            codec.components[index].across, codec.components[index].down = across, down
        kept = _apply(codec, coding)
        _LIBRARY.jpeg_start_compress(byref(codec), 1)
        first = pixels.ctypes.data
        lines = (c_void_p * height)(*(first + y * width * channels for y in range(height)))
        _LIBRARY.jpeg_write_scanlines(byref(codec), lines, height)
        del kept
    return written[0]


def rewrite(file: bytes, coding: Coding, change: Callable[[int, int, numpy.ndarray], None]) -> bytes:
    """Writes a file again from its coefficients, after `change(component, row, blocks)` of each row of blocks.

    Of `coding` only what concerns scans, Huffman tables and restarts is used; all else is the file's.
    """
    written: list[bytes] = []
    with _decompress(file) as (source, _):
        arrays = _LIBRARY.jpeg_read_coefficients(byref(source))
        for index in range(source.component_count):
            for row, blocks in enumerate(_rows(source, arrays, index)):
                change(index, row, blocks)
        with _compress(written) as codec:
            _LIBRARY.jpeg_copy_critical_parameters(byref(source), byref(codec))
            kept = _apply(codec, coding)
            _LIBRARY.jpeg_write_coefficients(byref(codec), arrays)
            del kept
    return written[0]


def _apply(codec: abi.Compress, coding: Coding):
    """Returns what must live as long as the codec reads it."""
    codec.optimise = int(coding.optimise)
    codec.restart_interval, codec.restart_rows = coding.restart_interval, coding.restart_rows
    if coding.script:
        scans = [abi.Scan(len(of), (c_int * abi.TABLES)(*of), *rest) for of, *rest in coding.script]
        script = (abi.Scan * len(scans))(*scans)
        codec.scans, codec.scan_total = ctypes.cast(script, POINTER(abi.Scan)), len(scans)
        return script
    if coding.progressive:
        _LIBRARY.jpeg_simple_progression(byref(codec))
    return None
