"""Opens every JPEG of a folder in Chromium and in ImageMagick, and says what they complain of.

    python tests/decoders/look.py FOLDER

Not part of `make test`: it needs the Debian packages `chromium` and `imagemagick`. Fill a folder with

    KEEP=folder python -m unittest discover -s tests/decoders

`chromium.png`, written into the folder, shows the photos as the browser does. The exit code is 0 only if both programs
took every photo without a warning.
"""

import html
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# More photos on one page would be too small to look at.
SHOWN = 400
PATIENCE_SECONDS = 300
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Else the page may show the photos but not look at their pixels.
    "--allow-file-access-from-files",
)
# The page draws each photo, and leaves in its text the size of each and how many of its pixels were drawn. It does so
# before its load event ends, because that is when Chromium prints the page.
PAGE = """<!doctype html><meta charset="utf-8"><title>Photos</title>
<style>body {{ margin: 4px; font: 10px sans-serif }} img {{ max-width: 150px; max-height: 100px; margin: 2px }}</style>
<div>{photos}</div><pre id="report"></pre>
<script>
const canvas = document.createElement("canvas");
const look = (image) => {{
  const [width, height] = [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  if (width === 0) return [image.title, 0, 0];
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  context.drawImage(image, 0, 0);
  const drawn = context.getImageData(0, 0, width, height).data.filter((value, at) => at % 4 === 3 && value === 255);
  return [image.title, width * height, drawn.length];
}};
addEventListener("load", () => {{
  document.getElementById("report").textContent = JSON.stringify([...document.images].map(look));
}});
</script>
"""


def main(arguments: list[str]) -> int:
    """Looks at the folder named on the command line."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    folder = Path(arguments[0]).resolve()
    photos = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    chromium, identify = _program("chromium"), _identify()
    if not photos or not chromium or not identify:
        print(f"{len(photos)} photos in {folder}" + "".join(_missing(chromium, identify)))
        return 2
    complaints = [*_in_chromium(chromium, folder, photos), *_in_imagemagick(identify, photos)]
    print("\n".join([*complaints, f"{len(photos)} photos, {len(complaints)} complaints"]))
    return 1 if complaints else 0


def _missing(chromium: str | None, identify: list[str] | None) -> list[str]:
    wanted = {"chromium": chromium, "imagemagick": identify}
    return [f"\n{name} is missing: apt-get install {name}" for name, found in wanted.items() if not found]


def _program(*names: str) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)


def _identify() -> list[str] | None:
    """ImageMagick 7 has one program for everything, 6 has one for each task."""
    if magick := _program("magick"):
        return [magick, "identify"]
    identify = _program("identify")
    return [identify] if identify else None


def _in_chromium(chromium: str, folder: Path, photos: list[Path]) -> list[str]:
    complaints = []
    for start in range(0, len(photos), SHOWN):
        some = photos[start : start + SHOWN]
        name = f"chromium-{start}.png" if start else "chromium.png"
        complaints += _on_one_page(chromium, folder / name, some)
    return complaints


def _on_one_page(chromium: str, picture: Path, photos: list[Path]) -> list[str]:
    images = "".join(f'<img src="{photo.as_uri()}" title="{html.escape(photo.name)}">' for photo in photos)
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "photos.html"
        page.write_text(PAGE.format(photos=images))
        common = [chromium, *QUIET, "--window-size=1600,4000"]
        _run([*common, f"--user-data-dir={scratch}/one", f"--screenshot={picture}", page.as_uri()])
        seen = _run([*common, f"--user-data-dir={scratch}/two", "--dump-dom", page.as_uri()])
    report = seen.stdout.partition('<pre id="report">')[2].partition("</pre>")[0]
    if not report:
        return [f"chromium did not come to the end of the page: {seen.stderr.strip()[-500:]}"]
    found = json.loads(html.unescape(report))
    broken = [photo for photo in found if not 0 < photo[1] == photo[2]]
    return [f"chromium drew {drawn} of {pixels} pixels of {name}" for name, pixels, drawn in broken]


def _in_imagemagick(identify: list[str], photos: list[Path]) -> list[str]:
    complaints = []
    for photo in photos:
        # `-verbose` makes it read the pixels; without it the header would do.
        run = _run([*identify, "-regard-warnings", "-verbose", str(photo)])
        if run.returncode != 0 or run.stderr.strip():
            complaints.append(f"imagemagick on {photo.name}: {run.stderr.strip() or run.returncode}")
    return complaints


def _run(command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
