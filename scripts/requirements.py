"""Prints the pins and hashes of uv.lock as a pip requirements file, for this machine.

    .venv/bin/python scripts/requirements.py run test > requirements.txt

The way round uv, where it may not be used. Only pip's own copy of `packaging` is needed; uv.lock
stays the one list of versions.
"""

import sys
import tomllib
from pathlib import Path
from typing import Any

from pip._vendor.packaging.markers import Marker

LOCK = Path(__file__).resolve().parent.parent / "uv.lock"


def wanted(edge: dict[str, Any]) -> bool:
    return "marker" not in edge or Marker(edge["marker"]).evaluate({"extra": ""})


def locked(packages: list[dict[str, Any]], edge: dict[str, Any]) -> dict[str, Any]:
    """The package an edge of the lock file points to (it names the version where there are two)."""
    found = [
        package
        for package in packages
        if package["name"] == edge["name"] and edge.get("version") in (None, package["version"])
    ]
    if len(found) != 1:
        raise SystemExit(f"uv.lock: {len(found)} packages for {edge['name']}")
    return found[0]


def closure(packages: list[dict[str, Any]], groups: list[str]) -> dict[str, dict[str, Any]]:
    """Every package the groups need here, by name."""
    root = next(package for package in packages if "virtual" in package["source"])
    todo = [] if "run" not in groups else list(root["dependencies"])
    for group in groups:
        todo += root.get("dev-dependencies", {}).get(group, [])
    chosen: dict[str, dict[str, Any]] = {}
    seen: set[tuple[str, str]] = set()
    while todo:
        edge = todo.pop()
        if not wanted(edge):
            continue
        package = locked(packages, edge)
        chosen[package["name"]] = package
        for part in ["", *edge.get("extra", [])]:
            if (package["name"], part) in seen:
                continue
            seen.add((package["name"], part))
            todo += (
                package.get("optional-dependencies", {}).get(part, [])
                if part
                else package.get("dependencies", [])
            )
    return chosen


def main(groups: list[str]) -> None:
    packages = tomllib.loads(LOCK.read_text())["package"]
    for name, package in sorted(closure(packages, groups or ["run"]).items()):
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        hashes = " ".join(f"--hash={file['hash']}" for file in files)
        print(f"{name}=={package['version']} {hashes}")


if __name__ == "__main__":
    main(sys.argv[1:])
