"""Write constraints.txt: exact versions of everything that the tutor and its tests need, and of nothing else.

pip resolves what pyproject.toml asks for in an empty environment, without installing it. torch keeps the
version it has in the file, since pip must be told one to find a CPU build: to move it, edit its line first,
then run `make constraints`, `make test` and, on other Pythons, the CI.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "constraints.txt"
HEADER = """\
# Exact, tested versions of everything that is installed, for Python 3.11 to 3.13.
# Written by `make constraints`.
# torch carries no `+cpu`: the same pin finds the CPU build on an index that has one.
"""
ELSEWHERE = {
    "audioop-lts": "0.2.2",  # Python 3.13, for pydub
    "colorama": "0.4.6",  # Windows, for tqdm and pytest
    "setuptools": "84.2.1",  # Python 3.12 and 3.13, for torch
}
"""Needed only where this script does not run, so pip does not name them here."""


def main() -> None:
    """Resolve and write."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    torch = re.search(r"^torch==\S+", FILE.read_text(), re.MULTILINE)
    assert torch, "constraints.txt pins no torch"
    wanted = [torch[0], *project["dependencies"], *project["optional-dependencies"]["dev"]]
    pins = {name: version for name, version in resolve(wanted).items() if name not in ELSEWHERE} | ELSEWHERE
    lines = [f"{name}=={version}\n" for name, version in sorted(pins.items())]
    FILE.write_text(HEADER + "".join(lines))
    sys.stdout.write(f"{FILE.name}: {len(lines)} packages\n")


def resolve(requirements: list[str]) -> dict[str, str]:
    """Name and version of all that the requirements lead to, in an environment that holds nothing yet."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [
            f"{folder}/bin/python",
            "-m",
            "pip",
            "install",
            "-qq",
            "--disable-pip-version-check",
            "--no-input",
        ]
        report = Path(folder) / "report.json"
        command = [*pip, "--dry-run", "--ignore-installed", "--report", str(report), *requirements]
        subprocess.run(command, check=True)  # noqa: S603  # our own pip, our own requirements
        return dict(map(_pin, json.loads(report.read_text())["install"]))


def _pin(item: dict[str, dict[str, str]]) -> tuple[str, str]:
    name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
    return name, item["metadata"]["version"].partition("+")[0]


if __name__ == "__main__":
    main()
