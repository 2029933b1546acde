"""Writes what each function and the tool are made of into target/sbom: one CycloneDX file for each of them.

cargo-cyclonedx writes beside every Cargo.toml of the workspace; from there the files of what ships are moved, and the
others removed. Features are those of the whole workspace, so a file may name a crate that this one function leaves out.
None that is compiled into it may be missing: that is compared with what Cargo says.
"""

import json
import subprocess
import sys
from pathlib import Path

from gatehouse_local import settings
from sizes import functions, workspace

# Named so that no file of the project can be taken for it.
NAME = "gatehouse-sbom"
TOOL = "gatehouse"
FOLDER = settings.TARGET / "sbom"
# What ships runs on Lambda's Linux, whatever this machine is.
MACHINE = {"arm64": "aarch64", "x86_64": "x86_64"}


def main() -> int:
    """Prints one line per file; 1 when one of them leaves something out."""
    target = f"{MACHINE[settings.architecture()]}-unknown-linux-gnu"
    command = ["cargo", "cyclonedx", "--quiet", "--format", "json", "--override-filename", NAME, "--target", target]
    subprocess.run(command, cwd=settings.ROOT, check=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    shipped = [*functions(), TOOL]
    for member in workspace()["members"]:
        written, crate = settings.ROOT / member / f"{NAME}.json", Path(member).name
        if crate in shipped:
            written.replace(FOLDER / f"{crate}.cdx.json")
        else:
            written.unlink(missing_ok=True)
    faults = 0
    for crate in shipped:
        path = FOLDER / f"{crate}.cdx.json"
        named = components(json.loads(path.read_text()))
        missing = sorted(compiled_in(crate, target) - named)
        faults += bool(missing)
        where = path.relative_to(settings.ROOT) if path.is_relative_to(settings.ROOT) else path
        print(f"{where}: {len(named)} components" + (f"; MISSING {', '.join(missing)}" if missing else ""))
    return 1 if faults else 0


def components(document: dict) -> set[str]:
    """The crates that a CycloneDX document names, as `name@version`; the crate that it describes is one of them."""
    own = document["metadata"]["component"]
    return {f"{part['name']}@{part['version']}" for part in [own, *document.get("components", [])]}


def compiled_in(crate: str, target: str) -> set[str]:
    """The crates that Cargo compiles into this one, and those that it runs while it builds."""
    command = ["cargo", "tree", "--locked", "--package", crate, "--target", target]
    command += ["--edges", "normal,build", "--prefix", "none", "--no-dedupe", "--format", "{p}"]
    done = subprocess.run(command, cwd=settings.ROOT, check=True, capture_output=True, text=True)
    return {crate_of(line) for line in done.stdout.splitlines() if line}


def crate_of(line: str) -> str:
    """`name@version` of a line of `cargo tree`, such as `serde v1.0.0 (proc-macro)`."""
    name, version, *_ = line.split()
    return f"{name}@{version.removeprefix('v')}"


if __name__ == "__main__":
    sys.exit(main())
