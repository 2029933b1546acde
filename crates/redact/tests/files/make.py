"""Makes the files in this folder: `python3 make.py`, with Pillow 13.

All show the face of `samples/astronaut.jpg` (Eileen Collins, NASA, public domain), which moves by 8 pixels from one
frame of an animation to the next. The frames of animations are parts of the canvas wherever the format has such.
"""

import struct
import zlib
from pathlib import Path

from PIL import Image, ImageCms, ImageDraw, TiffImagePlugin

here = Path(__file__).parent
photo = Image.open(here / "../../../../samples/astronaut.jpg").convert("RGB")
# Head and shoulders, small.
face = photo.crop((140, 10, 340, 210)).resize((64, 64), Image.LANCZOS)
icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
exif = Image.Exif()
exif[0x0112], exif[0x013B], exif[0x8825] = 6, "Ada Lovelace", {1: "N", 2: (51.0, 30.0, 0.0)}
XMP = b"<x:xmpmeta>secret position</x:xmpmeta>"


def frame(step):
    """The face on a canvas of 80 by 64, `step` times 8 pixels from the left."""
    canvas = Image.new("RGB", (80, 64), (20, 60, 120))
    canvas.paste(face, (8 * step, 0))
    return canvas


def with_alpha(image):
    """Transparent outside of an ellipse, half of it along its edge."""
    alpha = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(alpha)
    draw.ellipse((0, 0, image.width - 1, image.height - 1), fill=128)
    draw.ellipse((4, 4, image.width - 5, image.height - 5), fill=255)
    image = image.copy()
    image.putalpha(alpha)
    return image


def save(name, image, **options):
    image.save(here / name, **options)


def movie(name, frames, **options):
    save(name, frames[0], save_all=True, append_images=frames[1:], **options)


# WebP
save("lossy.webp", frame(1), quality=80, method=6, exif=exif, icc_profile=icc, xmp=XMP)
save("lossy-alpha.webp", with_alpha(frame(1)), quality=80, method=6)
save("lossless-alpha.webp", with_alpha(frame(1)), lossless=True, exact=True)
movie("animated.webp", [frame(0), frame(1), frame(2), frame(1)], duration=[80, 120, 80, 200], loop=3, quality=70, xmp=XMP)
movie("animated-alpha.webp", [with_alpha(frame(0)), with_alpha(frame(1)), frame(2)], duration=100, loop=0, lossless=True)


# GIF: parts by hand, because Pillow chooses them itself.
def paletted(image, colors=64):
    return image.quantize(colors, method=Image.MEDIANCUT, dither=Image.NONE)


still = paletted(face.resize((48, 48), Image.LANCZOS), 63)
ImageDraw.Draw(still).rectangle((0, 0, 10, 47), fill=63)
save("still.gif", still, transparency=63, comment=b"secret comment")
frames = [paletted(frame(0)), paletted(frame(1)), paletted(frame(2)), paletted(frame(0))]
movie("animated.gif", frames, duration=[80, 120, 200, 40], loop=2, comment=b"secret comment", disposal=1)


def blocks(data):
    """Everything of a GIF of one image behind its global palette, up to the trailer."""
    return data[13 + 3 * 2 ** ((data[10] & 7) + 1) : -1]


def parts_gif():
    """Three frames: the whole canvas; a part that is put back; a part that is cleared; and one more."""
    import io

    out = b"GIF89a" + struct.pack("<HHBBB", 80, 64, 0, 0, 0)
    out += b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00\x21\xfe\x0esecret comment\x00"
    whole, part = paletted(frame(0)), paletted(face.crop((8, 8, 48, 48)), 32)
    for image, left, top, disposal, delay in [(whole, 0, 0, 1, 10), (part, 30, 10, 3, 20), (part, 4, 20, 2, 30), (part, 40, 24, 1, 5)]:
        file = io.BytesIO()
        image.save(file, "GIF", interlace=1 if disposal == 3 else 0)
        data = file.getvalue()
        palette = data[13 : 13 + 3 * 2 ** ((data[10] & 7) + 1)]
        body = data[data.index(b"\x2c", 13 + len(palette)) : -1]
        size = data[10] & 7
        descriptor = struct.pack("<BHHHHB", 0x2C, left, top, image.width, image.height, body[9] & 0x40 | 0x80 | size)
        out += b"\x21\xf9\x04" + struct.pack("<BHB", disposal << 2, delay, 0) + b"\0" + descriptor + palette + body[10:]
    (here / "parts.gif").write_bytes(out + b"\x3b")


parts_gif()

# TIFF
tags = TiffImagePlugin.ImageFileDirectory_v2()
tags[271], tags[274], tags[700] = "Secret Camera", 8, XMP
tags.tagtype[700] = 1
save("lzw.tif", frame(1), compression="tiff_lzw", tiffinfo=tags, dpi=(300, 300), icc_profile=icc)
save("deflate-alpha.tif", with_alpha(frame(1)), compression="tiff_adobe_deflate", tiffinfo={317: 2})
deep = Image.new("I;16", (40, 32))
deep.putdata([min(65535, value * 257 + index % 200) for index, value in enumerate(face.convert("L").resize((40, 32)).get_flattened_data())])
save("sixteen.tif", deep)
save("palette.tif", paletted(frame(1), 200), compression="packbits")
movie("pages.tif", [frame(0), face.convert("L"), frame(2)], compression="tiff_lzw")

# BMP
save("rgb.bmp", face.crop((0, 0, 41, 40)))
save("palette.bmp", paletted(frame(1), 200))
save("alpha.bmp", with_alpha(face.crop((0, 0, 40, 40))))

# APNG and PNG
movie("animated.png", [frame(0), frame(1), frame(2)], duration=[80, 120, 200], loop=4)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def compressed(image):
    channels = len(image.getbands())
    raw, stride = image.tobytes(), image.width * channels
    return zlib.compress(b"".join(b"\0" + raw[y * stride : (y + 1) * stride] for y in range(image.height)), 9)


def parts_png():
    """A still picture that is no frame; the face; a half transparent part that is put back; a part that is cleared; one
    more."""
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 80, 64, 8, 6, 0, 0, 0))
    out += chunk(b"acTL", struct.pack(">II", 4, 0)) + chunk(b"tEXt", b"Comment\0secret comment")
    out += chunk(b"IDAT", compressed(frame(2).convert("RGBA")))
    part = with_alpha(face.crop((8, 8, 48, 48)))
    sequence = 0
    for image, left, top, disposal, blend in [(with_alpha(frame(0)), 0, 0, 0, 0), (part, 30, 10, 2, 1), (part, 4, 20, 1, 0), (part, 40, 24, 0, 1)]:
        control = struct.pack(">IIIIIHHBB", sequence, image.width, image.height, left, top, 1, 10, disposal, blend)
        out += chunk(b"fcTL", control) + chunk(b"fdAT", struct.pack(">I", sequence + 1) + compressed(image))
        sequence += 2
    (here / "parts.png").write_bytes(out + chunk(b"IEND", b""))


def sixteen_png():
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 32, 16, 2, 0, 0, 0))
    rows, small = b"", face.resize((40, 32), Image.LANCZOS)
    for y in range(32):
        rows += b"\0"
        for x in range(40):
            rows += struct.pack(">HHH", *(value * 257 ^ (x * 7 + y) % 251 for value in small.getpixel((x, y))))
    (here / "sixteen.png").write_bytes(out + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


parts_png()
sixteen_png()
