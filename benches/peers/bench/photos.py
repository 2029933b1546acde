"""Photos that cost what photos of a camera cost: smooth gradients, textures, grain, and faces, drawn from fixed seeds.

Quality 90 and 4:2:0, at about 0.28 bytes per pixel. The same versions of numpy and Pillow draw the same files.
"""

import dataclasses
import hashlib
import json
import pathlib

import numpy
import places
from PIL import Image

SIZES = {2: (1632, 1224), 12: (4000, 3000), 24: (5656, 4242), 48: (8000, 6000)}
"""Width and height in pixels, by megapixels."""
FACE_COUNTS = (0, 1, 10)
QUALITY = 90
BYTES_PER_PIXEL = (0.25, 0.31)

# Places for faces, numbered row by row; the last one is near the bottom.
COLUMNS, ROWS = 4, 3
SLOTS = (0, 1, 3, 4, 5, 6, 7, 8, 9, 11)
# Shares of the picture's area, in turn.
SHARES = (0.010, 0.030, 0.015, 0.020, 0.025)
ASPECT = 3 / 4
BOTTOM = 0.98

TILE = 1024
TEXTURE, GRAIN = 28.0, 4.9


@dataclasses.dataclass(frozen=True)
class Rectangle:
    """A face, in pixels."""

    x: int
    y: int
    width: int
    height: int

    def argument(self) -> str:
        """As the peers take it."""
        return f"{self.x},{self.y},{self.width},{self.height}"

    def ratios(self, size) -> tuple[float, float, float, float]:
        """Left, top, width and height as shares of the picture."""
        return self.x / size[0], self.y / size[1], self.width / size[0], self.height / size[1]


@dataclasses.dataclass(frozen=True)
class Photo:
    """A photo, the faces to hide in it, and the file that says so to ours."""

    megapixels: int
    path: pathlib.Path
    faces: tuple[Rectangle, ...]
    faces_file: pathlib.Path

    @property
    def size(self) -> tuple[int, int]:
        return SIZES[self.megapixels]


def photos(folder: pathlib.Path) -> dict[tuple[int, int], Photo]:
    """Every photo with every number of faces to hide, by megapixels and that number. Draws what is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    version = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:8]
    found = {}
    for megapixels, size in SIZES.items():
        path = folder / f"{megapixels}mp-{version}.jpg"
        faces = _faces(size)
        if not path.exists():
            print(f"Drawing a photo of {megapixels} megapixels", flush=True)
            _draw(size, faces, path)
        for count in FACE_COUNTS:
            hidden = faces[len(faces) - count :]
            faces_file = folder / f"{megapixels}mp-{count}-faces.json"
            faces_file.write_text(json.dumps(_as_detected(hidden, size)))
            found[megapixels, count] = Photo(megapixels, path, hidden, faces_file)
    return found


def _as_detected(faces, size) -> dict:
    names = ("left", "top", "width", "height")
    boxes = [dict(zip(names, face.ratios(size), strict=True)) | {"confidence": 1.0} for face in faces]
    return {"faces": boxes, "width": size[0], "height": size[1]}


def _faces(size) -> tuple[Rectangle, ...]:
    """Ten places spread over the whole picture, at odd positions."""
    faces = []
    for number, slot in enumerate(SLOTS):
        area = SHARES[number % len(SHARES)] * size[0] * size[1]
        width, height = round((area * ASPECT) ** 0.5), round((area / ASPECT) ** 0.5)
        centre_x = (slot % COLUMNS + 0.5) * size[0] / COLUMNS
        centre_y = (slot // COLUMNS + 0.5) * size[1] / ROWS
        faces.append(Rectangle(int(centre_x - width / 2), int(centre_y - height / 2), width, height))
    last = faces[-1]
    faces[-1] = dataclasses.replace(last, y=int(size[1] * BOTTOM) - last.height)
    return tuple(faces)


def _draw(size, faces, path) -> None:
    random = numpy.random.default_rng(size[0])
    canvas = Image.fromarray(_background(random, size))
    portraits = _portraits()
    for number, face in enumerate(faces):
        portrait = portraits[number % len(portraits)].resize((face.width, face.height), Image.Resampling.BICUBIC)
        canvas.paste(portrait, (face.x, face.y))
    _add_grain(random, canvas).save(path, quality=QUALITY, subsampling="4:2:0")
    bytes_per_pixel = path.stat().st_size / (size[0] * size[1])
    if not BYTES_PER_PIXEL[0] <= bytes_per_pixel <= BYTES_PER_PIXEL[1]:
        path.unlink()
        raise ValueError(f"{path.name} has {bytes_per_pixel:.3f} bytes per pixel, unlike a photo")


def _background(random, size) -> numpy.ndarray:
    """Soft colours; texture in some places, none in others."""
    width, height = size
    brightness = _soft(random, (8, 6), size, 60, 195)
    colours = [brightness + _soft(random, (8, 6), size, -35, 35) for _ in range(3)]
    busy = _soft(random, (16, 12), size, -0.5, 1.2)
    texture = _texture(random)
    background = numpy.empty((height, width, 3), numpy.uint8)
    for top in range(0, height, TILE):
        rows = slice(top, min(top + TILE, height))
        pattern = numpy.tile(texture[: rows.stop - top], (1, width // TILE + 1))[:, :width]
        pattern = pattern * numpy.clip(busy[rows], 0, 1) * TEXTURE
        for channel, colour in enumerate(colours):
            background[rows, :, channel] = numpy.clip(colour[rows] + pattern * (1 - 0.1 * channel), 0, 255)
    return background


def _soft(random, grid, size, low, high) -> numpy.ndarray:
    """A few random values, smoothly joined over the whole picture."""
    values = random.uniform(low, high, (grid[1], grid[0])).astype(numpy.float32)
    return numpy.asarray(Image.fromarray(values).resize(size, Image.Resampling.BICUBIC))


def _texture(random) -> numpy.ndarray:
    """Noise at every scale, weaker the finer, as in foliage or stone; its standard deviation is 1."""
    texture = numpy.zeros((TILE, TILE), numpy.float32)
    for octave in range(3, 11):
        texture += _soft(random, (2**octave, 2**octave), (TILE, TILE), -1, 1) * 0.75**octave
    return texture / texture.std()


def _portraits() -> list[Image.Image]:
    """The faces of the samples, one each of the photos that show one."""
    samples = places.ROOT / "samples"
    truth = json.loads((samples / "truth.json").read_text())
    portraits = []
    for name, photo in sorted(truth.items()):
        if len(photo["boxes"]) == 1:
            x, y, width, height = photo["boxes"][0]
            with Image.open(samples / name) as picture:
                portraits.append(picture.convert("RGB").crop((x, y, x + width, y + height)))
    return portraits


def _add_grain(random, canvas) -> Image.Image:
    pixels = numpy.array(canvas)
    grain = random.normal(0, GRAIN, (TILE, TILE, 1)) + random.normal(0, GRAIN / 2, (TILE, TILE, 3))
    for top in range(0, pixels.shape[0], TILE):
        for left in range(0, pixels.shape[1], TILE):
            part = pixels[top : top + TILE, left : left + TILE]
            part[:] = numpy.clip(numpy.rint(part + grain[: part.shape[0], : part.shape[1]]), 0, 255)
    return Image.fromarray(pixels)
