"""libvips through pyvips. The precision of its blur is the method: `approximate`, `integer` (the default), `float`."""

import job
import pyvips


def blur(method, source, target, faces):
    photo = pyvips.Image.new_from_file(source, memory=True)
    for x, y, width, height in faces:
        face = photo.crop(x, y, width, height).gaussblur(job.SIGMA, precision=method)
        # Evaluated at once: that costs less than when the encoder pulls each line through all of the faces.
        photo = photo.insert(face.copy_memory(), x, y)
    photo.jpegsave(target, Q=job.QUALITY, subsample_mode="on")


pyvips.cache_set_max(0)
version = ".".join(str(pyvips.version(part)) for part in range(3))
job.run(f"libvips {version}", blur)
