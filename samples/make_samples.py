#!/usr/bin/env python3
"""Make the sample photos of this folder from photos that come with Python packages.

    pip install numpy==2.4.6 pillow==13.0.0 scikit-image==0.26.0 matplotlib==3.11.2
    pip download --no-deps --no-binary :all: face_recognition==1.3.0
    python make_samples.py face_recognition-1.3.0.tar.gz

Writes the photos, samples.json (what is in each) and truth.json (where the faces are) beside this script. With the
versions above the result is the same, byte by byte, every time. README.md says whose photos these are.
"""

import io
import json
import pathlib
import random
import struct
import sys
import tarfile
from dataclasses import dataclass

import matplotlib
import skimage
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

HERE = pathlib.Path(__file__).parent
SKIMAGE = pathlib.Path(skimage.__file__).parent / "data"
MATPLOTLIB = pathlib.Path(matplotlib.__file__).parent / "mpl-data" / "sample_data"

# Where the face is in each source photo, marked by hand: left, top, width, height in pixels.
FACES = {
    "astronaut": (181, 58, 89, 120),
    "photographer": (201, 117, 57, 79),
    "hopper": (174, 118, 183, 218),
    "obama": (370, 95, 238, 330),
    "obama-2010": (645, 255, 265, 350),
    "biden": (429, 175, 280, 385),
}


# What samples.json says about them.
WHITE_HOUSE = "official White House photo by Pete Souza (in face_recognition 1.3.0)"
CREDITS = {
    "astronaut": "Eileen Collins: NASA, public domain (in scikit-image 0.26.0)",
    "photographer": "Lav Varshney, CC0 (camera in scikit-image 0.26.0)",
    "hopper": "Grace Hopper: US Navy, public domain (in Matplotlib 3.11.2)",
    "obama": f"Barack Obama: {WHITE_HOUSE}",
    "biden": f"Joe Biden: {WHITE_HOUSE}",
}


@dataclass
class Sample:
    """One photo with the boxes of its faces, in pixels of the upright image."""

    file: str
    image: Image.Image
    faces: list
    source: str
    exif: bytes = b""
    quality: int = 85


def main(archive):
    sources = load_sources(archive)
    samples = [
        *portraits(sources),
        montage("eight-faces.jpg", sources, (1600, 1200), 8, (90, 260), seed=8),
        montage("group.jpg", sources, (1920, 1280), 30, (36, 90), seed=30),
        montage("far.jpg", sources, (2048, 1365), 24, (20, 40), seed=24, quality=92),
        *without_faces(),
    ]
    for sample in samples:
        write(sample)
    listing = [{"file": s.file, "faces": len(s.faces), "source": s.source} for s in samples]
    truth = {s.file: {"width": s.image.width, "height": s.image.height, "boxes": s.faces} for s in samples if s.faces}
    (HERE / "samples.json").write_text(json_lines(listing), encoding="utf-8")
    (HERE / "truth.json").write_text(json.dumps(truth).replace("}, ", "},\n ") + "\n", encoding="utf-8")


def json_lines(rows):
    return "[\n  " + ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


# Sources


def load_sources(archive):
    """The portraits by name, as upright RGB."""
    photos = {
        "astronaut": Image.open(SKIMAGE / "astronaut.png"),
        "photographer": Image.open(SKIMAGE / "camera.png"),
        "hopper": Image.open(MATPLOTLIB / "grace_hopper.jpg"),
    }
    names = {"obama": "obama.jpg", "obama-2010": "obama3.jpg", "biden": "biden.jpg"}
    with tarfile.open(archive) as tar:
        for name, file in names.items():
            member = tar.extractfile(f"face_recognition-1.3.0/tests/test_images/{file}")
            photos[name] = Image.open(io.BytesIO(member.read()))
    return {name: photo.convert("RGB") for name, photo in photos.items()}


# Single photos


def portraits(sources):
    """One face each; the suffixes are spelt as users spell them."""

    def whole(file, name, scale=1.0, mode="RGB", exif=b""):
        image = scaled(sources[name], scale).convert(mode)
        return Sample(file, image, [[round(v * scale) for v in FACES[name]]], CREDITS[name], exif)

    hopper = sources["hopper"]
    return [
        whole("astronaut.jpg", "astronaut"),
        whole("obama.JPG", "obama"),
        whole("hopper.jpeg", "hopper"),
        whole("biden.jpg", "biden", 0.5),
        whole("photographer.jpg", "photographer", mode="L"),
        crop("astronaut.png", sources, "astronaut", (90, 10, 390, 310)),
        crop("closeup.jpg", sources, "obama", (365, 85, 615, 430), 3.0),
        whole("rotated.jpg", "hopper", exif=phone_exif(hopper)),
    ]


def crop(file, sources, name, edges, scale=1.0):
    """A part of a portrait: edges are left, top, right, bottom."""
    image = scaled(sources[name].crop(edges), scale)
    left, top, width, height = FACES[name]
    box = [left - edges[0], top - edges[1], width, height]
    return Sample(file, image, [[round(v * scale) for v in box]], CREDITS[name])


def scaled(image, scale):
    size = (round(image.width * scale), round(image.height * scale))
    return image if size == image.size else image.resize(size, Image.LANCZOS)


def without_faces():
    """Photos in which nothing should be found."""
    names = {
        "cat.jpg": "chelsea.png",
        "coffee.jpg": "coffee.png",
        "rocket.jpg": "rocket.jpg",
        "galaxies.jpg": "hubble_deep_field.jpg",
        "bricks.jpg": "brick.png",
        "gravel.jpg": "gravel.png",
        "retina.jpg": "retina.jpg",
    }
    for file, source in names.items():
        image = Image.open(SKIMAGE / source).convert("RGB")
        image.thumbnail((800, 800))
        credit = f"{source} in scikit-image 0.26.0, CC0 or public domain (README.md)"
        yield Sample(file, image, [], credit, quality=75)


# Montages


def montage(file, sources, size, count, widths, seed, quality=85):
    """`count` heads in a grid, `widths` pixels wide from smallest to largest, each varied, on a blurred photo."""
    rng = random.Random(seed)
    back = Image.open(SKIMAGE / "coffee.png").convert("RGB").resize(size).filter(ImageFilter.GaussianBlur(12))
    columns = next(c for c in range(1, count + 1) if c * c * size[1] >= count * size[0])
    rows = -(-count // columns)
    cell = (size[0] // columns, size[1] // rows)
    names = list(FACES)
    faces = []
    for i in range(count):
        width = widths[0] + (widths[1] - widths[0]) * i / (count - 1)
        head, (left, top, w, h) = vary(sources, names[i % len(names)], width, mirrored=i // len(names) % 2 == 1, rng=rng)
        x = i % columns * cell[0] + rng.randrange(max(1, cell[0] - head.width))
        y = i // columns * cell[1] + rng.randrange(max(1, cell[1] - head.height))
        back.paste(head, (x, y))
        faces.append([x + left, y + top, w, h])
    return Sample(file, back, faces, "montage of the portraits (README.md)", quality=quality)


def vary(sources, name, width, mirrored, rng):
    """A head cut from a portrait with its face `width` pixels wide, and where the face is in the cut-out."""
    left, top, w, h = FACES[name]
    edges = (left - w * 0.35, top - h * 0.3, left + w * 1.35, top + h * 1.25)
    photo = sources[name]
    edges = (max(0, edges[0]), max(0, edges[1]), min(photo.width, edges[2]), min(photo.height, edges[3]))
    photo = photo.rotate(rng.uniform(-12, 12), Image.BICUBIC, center=(left + w / 2, top + h / 2))
    scale = width / w
    size = (round((edges[2] - edges[0]) * scale), round((edges[3] - edges[1]) * scale))
    head = photo.crop(tuple(round(edge) for edge in edges)).resize(size, Image.LANCZOS)
    head = ImageEnhance.Brightness(head).enhance(rng.uniform(0.6, 1.2))
    head = ImageEnhance.Contrast(head).enhance(rng.uniform(0.7, 1.2))
    x = round((left - edges[0]) * scale)
    if mirrored:
        head = ImageOps.mirror(head)
        x = size[0] - x - round(w * scale)
    return head, (x, round((top - edges[1]) * scale), round(w * scale), round(h * scale))


# Files


def write(sample):
    path = HERE / sample.file
    if path.suffix == ".png":
        sample.image.save(path, optimize=True)
        return
    image = sample.image
    if sample.exif:
        image = image.transpose(Image.ROTATE_90)  # as a camera held sideways stores it
    image.save(path, "JPEG", quality=sample.quality, exif=sample.exif)


def phone_exif(upright):
    """EXIF as a phone writes it: orientation 6 (turn right to see it upright), a place, and a thumbnail of the face."""
    thumbnail = upright.copy()
    thumbnail.thumbnail((160, 160))
    stored = io.BytesIO()
    thumbnail.transpose(Image.ROTATE_90).save(stored, "JPEG", quality=80)
    return b"Exif\0\0" + tiff(stored.getvalue())


def tiff(thumbnail):
    """A big-endian TIFF of three directories: the photo's, the place's and the thumbnail's (EXIF 2.3, section 4.6)."""
    ascii_, short, long, rational = 2, 3, 4, 5
    place = [
        (1, ascii_, b"N\0"),
        (2, rational, struct.pack(">6I", 48, 1, 51, 1, 30, 1)),
        (3, ascii_, b"E\0"),
        (4, rational, struct.pack(">6I", 2, 1, 17, 1, 40, 1)),
    ]
    photo = [
        (0x010F, ascii_, b"Gatehouse\0"),
        (0x0110, ascii_, b"Sample phone\0"),
        (0x0112, short, struct.pack(">H", 6)),
        (0x0132, ascii_, b"2026:01:02 03:04:05\0"),
        (0x8825, long, b"\0\0\0\0"),  # place of the GPS directory, filled in below
    ]
    gps_at = 8 + len(directory(photo, 8))
    photo[-1] = (0x8825, long, struct.pack(">I", gps_at))
    gps = directory(place, gps_at)
    thumb_at = gps_at + len(gps)

    def thumb(at):
        return directory(
            [
                (0x0103, short, struct.pack(">H", 6)),
                (0x0201, long, struct.pack(">I", at)),
                (0x0202, long, struct.pack(">I", len(thumbnail))),
            ],
            thumb_at,
        )

    pixels_at = thumb_at + len(thumb(0))
    return b"MM\0*" + struct.pack(">I", 8) + directory(photo, 8, thumb_at) + gps + thumb(pixels_at) + thumbnail


def directory(entries, at, following=0):
    """One TIFF directory that starts at byte `at`: its entries, then the values that do not fit into four bytes."""
    sizes = {2: 1, 3: 2, 4: 4, 5: 8}
    values_at = at + 2 + 12 * len(entries) + 4
    table, values = struct.pack(">H", len(entries)), b""
    for tag, kind, value in entries:
        table += struct.pack(">HHI", tag, kind, len(value) // sizes[kind])
        if len(value) <= 4:
            table += value.ljust(4, b"\0")
        else:
            table += struct.pack(">I", values_at + len(values))
            values += value + b"\0" * (len(value) % 2)
    return table + struct.pack(">I", following) + values


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
