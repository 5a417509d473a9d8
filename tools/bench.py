"""Run every benchmark and put what they find on one page: `make bench`.

What each prints goes to `build/bench/<name>.md` whole. The page holds, for each, its lines on bounds, or else where its
tables are. The exit code is 1 if a bound was not kept. Arguments name benchmarks, all without any:
`make bench ARGS="ask start"`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "benchmarks"
OUTPUT = ROOT / "build" / "bench"
VERDICT = re.compile(r"\bbound \d|\bkept\b|NOT KEPT")


@dataclass(frozen=True)
class Run:
    """What a benchmark printed, how it ended, and after how many seconds."""

    name: str
    output: str
    code: int
    seconds: float

    def verdicts(self) -> list[str]:
        """Its lines on bounds; of a table, the cells."""
        return [
            ", ".join(cell for part in line.strip("|").split("|") if (cell := part.strip()))
            for line in self.output.splitlines()
            if VERDICT.search(line)
        ]

    def lines(self) -> list[str]:
        """Its part of the page."""
        told = self.verdicts() or ["no bound; what was measured stands in the file"]
        ended = "" if self.code == 0 else f", exit code {self.code}"
        return [
            f"{self.name} ({self.seconds:.0f} s{ended}; build/bench/{self.name}.md)",
            *(f"  {line}" for line in told),
        ]


def names() -> list[str]:
    """The benchmarks; what begins with an underscore is shared by them."""
    return [path.stem for path in sorted(SCRIPTS.glob("[a-z]*.py"))]


def run(name: str) -> Run:
    """Run one; errors are part of its output."""
    begun = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own scripts
        [sys.executable, str(SCRIPTS / f"{name}.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / f"{name}.md").write_text(done.stdout, encoding="utf-8")
    return Run(name, done.stdout, done.returncode, time.perf_counter() - begun)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the page; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(names())):
        parser.error(f"no benchmark `{unknown[0]}`; there are {', '.join(names())}")
    runs = []
    for name in options.names or names():
        print(f"running {name} …", file=sys.stderr, flush=True)
        runs.append(run(name))
    print("\n\n".join("\n".join(one.lines()) for one in runs))
    return 1 if any(one.code for one in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
