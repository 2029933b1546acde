"""The structures of libjpeg's C interface, version 6.2, as `jpeglib.h` lays them out.

libjpeg compares the version and the size of what it is given with its own, and ends the process if they differ.
"""

from ctypes import CFUNCTYPE, POINTER, Structure, Union, c_char, c_double, c_int, c_int16, c_long, c_ubyte
from ctypes import c_uint, c_uint16, c_void_p

VERSION = 62
TABLES = 4
COEFFICIENTS = 64

Block = c_int16 * COEFFICIENTS
BlockRow = POINTER(Block)


class QuantTable(Structure):
    """`JQUANT_TBL`, in natural order."""

    _fields_ = [("values", c_uint16 * COEFFICIENTS), ("sent", c_int)]


class Component(Structure):
    """`jpeg_component_info`."""

    _fields_ = [
        *((name, c_int) for name in ("id", "index", "across", "down", "quant_number", "dc_number", "ac_number")),
        *((name, c_uint) for name in ("width_in_blocks", "height_in_blocks")),
        ("scaled_size", c_int),
        *((name, c_uint) for name in ("downsampled_width", "downsampled_height")),
        *((name, c_int) for name in ("needed", "mcu_width", "mcu_height", "mcu_blocks", "mcu_sample_width")),
        *((name, c_int) for name in ("last_column_width", "last_row_height")),
        ("quant_table", POINTER(QuantTable)),
        ("transform_table", c_void_p),
    ]


class Scan(Structure):
    """`jpeg_scan_info`: which components, which coefficients, which of their bits."""

    _fields_ = [
        ("count", c_int),
        ("components", c_int * TABLES),
        *((name, c_int) for name in ("first", "last", "bit_before", "bit")),
    ]


class _MessageParameter(Union):
    _fields_ = [("numbers", c_int * 8), ("text", c_char * 80)]


Report = CFUNCTYPE(None, c_void_p)
Format = CFUNCTYPE(None, c_void_p, c_void_p)


class ErrorManager(Structure):
    """`jpeg_error_mgr`."""

    _fields_ = [
        ("error_exit", Report),
        ("emit_message", c_void_p),
        ("output_message", Report),
        ("format_message", Format),
        ("reset", c_void_p),
        ("message_code", c_int),
        ("message_parameter", _MessageParameter),
        ("trace_level", c_int),
        ("warnings", c_long),
        ("message_table", c_void_p),
        ("last_message", c_int),
        ("addon_table", c_void_p),
        ("first_addon", c_int),
        ("last_addon", c_int),
    ]


AccessBlocks = CFUNCTYPE(POINTER(BlockRow), c_void_p, c_void_p, c_uint, c_uint, c_int)


class MemoryManager(Structure):
    """`jpeg_memory_mgr`."""

    _fields_ = [
        *((name, c_void_p) for name in ("small", "large", "samples", "blocks", "virtual_samples", "virtual_blocks")),
        *((name, c_void_p) for name in ("realise", "access_samples")),
        ("access_blocks", AccessBlocks),
        *((name, c_void_p) for name in ("free_pool", "destroy")),
        *((name, c_long) for name in ("most_memory", "largest_chunk")),
    ]


_COMMON = [
    ("errors", POINTER(ErrorManager)),
    ("memory", POINTER(MemoryManager)),
    *((name, c_void_p) for name in ("progress", "client_data")),
    *((name, c_int) for name in ("is_decompressor", "state")),
]
_TABLES = [
    ("quant_tables", POINTER(QuantTable) * TABLES),
    ("dc_tables", c_void_p * TABLES),
    ("ac_tables", c_void_p * TABLES),
]
_ARITHMETIC = [(name, c_ubyte * 16) for name in ("dc_low", "dc_high", "ac_limit")]
_DENSITY = [
    *((name, c_ubyte) for name in ("jfif_major", "jfif_minor", "density_unit")),
    *((name, c_uint16) for name in ("density_across", "density_down")),
]
_SCAN = [
    ("scan_count", c_int),
    ("scan_components", POINTER(Component) * TABLES),
    *((name, c_uint) for name in ("mcus_across", "mcu_rows")),
    ("blocks_in_mcu", c_int),
    ("mcu_members", c_int * 10),
    *((name, c_int) for name in ("first", "last", "bit_before", "bit")),
]


class Decompress(Structure):
    """`jpeg_decompress_struct`."""

    _fields_ = [
        *_COMMON,
        ("source", c_void_p),
        *((name, c_uint) for name in ("width", "height")),
        *((name, c_int) for name in ("component_count", "colours", "output_colours")),
        *((name, c_uint) for name in ("scale_numerator", "scale_denominator")),
        ("gamma", c_double),
        *((name, c_int) for name in ("buffered", "raw", "transform", "fancy_upsampling", "block_smoothing")),
        *((name, c_int) for name in ("quantise_colours", "dither", "two_passes", "wanted_colours")),
        *((name, c_int) for name in ("one_pass", "external_colours", "second_pass")),
        *((name, c_uint) for name in ("output_width", "output_height")),
        *((name, c_int) for name in ("output_colour_count", "output_components", "buffer_height", "colour_count")),
        ("colour_map", c_void_p),
        ("output_line", c_uint),
        ("input_scan", c_int),
        ("input_row", c_uint),
        ("output_scan", c_int),
        ("output_row", c_uint),
        ("coefficient_bits", c_void_p),
        *_TABLES,
        ("precision", c_int),
        ("components", POINTER(Component)),
        *((name, c_int) for name in ("progressive", "arithmetic")),
        *_ARITHMETIC,
        ("restart_interval", c_uint),
        ("has_jfif", c_int),
        *_DENSITY,
        ("has_adobe", c_int),
        ("adobe_transform", c_ubyte),
        ("ccir601", c_int),
        ("markers", c_void_p),
        *((name, c_int) for name in ("most_across", "most_down", "least_scaled_size")),
        ("mcu_rows_in_image", c_uint),
        ("range_limit", c_void_p),
        *_SCAN,
        ("unread_marker", c_int),
        ("modules", c_void_p * 11),
    ]


class Compress(Structure):
    """`jpeg_compress_struct`."""

    _fields_ = [
        *_COMMON,
        ("destination", c_void_p),
        *((name, c_uint) for name in ("width", "height")),
        *((name, c_int) for name in ("input_components", "input_colours")),
        ("gamma", c_double),
        *((name, c_int) for name in ("precision", "component_count", "colours")),
        ("components", POINTER(Component)),
        *_TABLES,
        *_ARITHMETIC,
        ("scan_total", c_int),
        ("scans", POINTER(Scan)),
        *((name, c_int) for name in ("raw", "arithmetic", "optimise", "ccir601", "smoothing", "transform")),
        ("restart_interval", c_uint),
        *((name, c_int) for name in ("restart_rows", "write_jfif")),
        *_DENSITY,
        ("write_adobe", c_int),
        ("next_line", c_uint),
        ("progressive", c_int),
        *((name, c_int) for name in ("most_across", "most_down")),
        ("mcu_rows_in_image", c_uint),
        *_SCAN,
        ("modules", c_void_p * 9),
        ("script_space", c_void_p),
        ("script_size", c_int),
    ]

