"""Where things are, and the environment that contestants run in."""

import os
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parents[3]
SOURCES = ROOT / "benches" / "peers"
TOOLS = ROOT / ".tools" / "peers"
VENV = TOOLS / "venv"
NODE = TOOLS / "node"
DEBIAN = TOOLS / "debian"
BUILD = TOOLS / "build"
DOCS = ROOT / "docs"
PYTHON = VENV / "bin" / "python"

ONE_THREAD = {
    "MAGICK_THREAD_LIMIT": "1",
    "OMP_NUM_THREADS": "1",
    "UV_THREADPOOL_SIZE": "1",
    "VIPS_CONCURRENCY": "1",
}


def target() -> pathlib.Path:
    """The folder that Cargo builds the workspace in."""
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def find(*names: str) -> str:
    """The first of these programs that there is, unpacked from Debian's packages or installed; else the first name."""
    path = os.pathsep.join([str(DEBIAN / "usr" / "bin"), os.environ.get("PATH", os.defpath)])
    return next(filter(None, (shutil.which(name, path=path) for name in names)), names[0])


def environment() -> dict[str, str]:
    """For contestants: one thread each."""
    return os.environ | ONE_THREAD


def debian_environment() -> dict[str, str]:
    """What programs from unpacked Debian packages need besides, because they are not where they expect to be."""
    libraries = [str(folder) for folder in [*DEBIAN.glob("usr/lib"), *DEBIAN.glob("usr/lib/*-linux-gnu")]]
    settings = {"LD_LIBRARY_PATH": os.pathsep.join(libraries)} if libraries else {}
    for modules in DEBIAN.glob("usr/lib/*-linux-gnu/ImageMagick-6*/modules-Q16/coders"):
        settings["MAGICK_CODER_MODULE_PATH"] = str(modules)
    for configuration in DEBIAN.glob("etc/ImageMagick-6"):
        settings["MAGICK_CONFIGURE_PATH"] = str(configuration)
    return settings
