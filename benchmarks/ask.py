"""How long an answer takes, and where the time goes: `python benchmarks/ask.py`.

The real app with the real model and corpus, on loopback, one client. After a warm-up each of 60 questions of all kinds is
asked once over HTTP. The bound is on what the tutor adds to its embedding call: everything outside that call, HTTP
included, takes at most 25 ms at the median, else the exit code is 1. The embedding call of the same run is the
yardstick for the ratio, so that a slower machine does not look like a slower tutor.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutor.answering.tutor import Tutor
    from tutor_evals.questions import Question

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
}
QUESTIONS, WARM_UP, BOUND_MS = 60, 10, 25.0
STAGES = ("embed", "search", "judge", "compose", "verify")
WALL, TUTOR, HTTP, OUTSIDE = "wall, as the client sees it", "tutor, total", "HTTP overhead", "outside embed"


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer: milliseconds that the client waited, and what the tutor says of its own stages."""

    wall: float
    stages: dict[str, float]

    def row(self) -> dict[str, float]:
        """Milliseconds by line of the table; a stage that a refusal did not reach counts as 0."""
        own = {stage: self.stages.get(stage, 0.0) for stage in STAGES}
        total = self.stages["total"]
        return {
            **own,
            TUTOR: total,
            HTTP: self.wall - total,
            WALL: self.wall,
            OUTSIDE: self.wall - own["embed"],
        }


def ask_all(url: str, questions: Sequence[str]) -> list[Timed]:
    """Ask one question after another over one connection."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    timed = []
    try:
        for question in questions:
            body = json.dumps({"question": question})
            begun = time.perf_counter()
            connection.request("POST", "/ask", body, {"content-type": "application/json"})
            response = connection.getresponse()
            data = response.read()
            wall = (time.perf_counter() - begun) * 1000
            if response.status != http.client.OK:
                raise SystemExit(f"{question!r}: {response.status} {data.decode()}")
            timed.append(Timed(wall, json.loads(data)["timings_ms"]))
    finally:
        connection.close()
    return timed


def run(tutor: Tutor, questions: Sequence[str], warm_up: Sequence[str]) -> list[Timed]:
    """Serve the tutor on a free port, warm it up, time the questions."""
    from tutor.api.app import create_app
    from tutor.api.server import serving

    with serving(create_app(tutor.settings, tutor=tutor)) as url:
        ask_all(url, warm_up)
        return ask_all(url, questions)


def summarise(timed: Sequence[Timed]) -> dict[str, tuple[float, float]]:
    """Median and 95th percentile of each line, in milliseconds."""
    import numpy as np

    rows = [one.row() for one in timed]
    return {
        name: (float(np.median(values)), float(np.percentile(values, 95)))
        for name in rows[0]
        for values in [[row[name] for row in rows]]
    }


def table(summary: dict[str, tuple[float, float]]) -> str:
    """The summary for a terminal, with each median's share of what the client waits for and its ratio to embed."""
    wall, embed = summary[WALL][0], summary["embed"][0]
    lines = [f"{'':28}{'median ms':>10}{'p95 ms':>10}{'of wall':>10}{'× embed':>10}"]
    for name, (median, p95) in summary.items():
        ratio = f"{median / embed:10.2f}" if embed else f"{'–':>10}"
        lines.append(f"{name:28}{median:10.2f}{p95:10.2f}{median / wall:10.0%}{ratio}")
    return "\n".join(lines)


def verdict(summary: dict[str, tuple[float, float]], bound_ms: float = BOUND_MS) -> tuple[str, int]:
    """One line on the bound, and the exit code."""
    median = summary[OUTSIDE][0]
    kept = median <= bound_ms
    line = f"outside the embedding call: {median:.1f} ms at the median, bound {bound_ms:g} ms"
    return f"{line}: {'kept' if kept else 'NOT KEPT'}", 0 if kept else 1


def chosen(limit: int) -> tuple[list[str], list[str]]:
    """Questions to time, spread over all kinds of the evals, and as many others as the warm-up asks."""
    from tutor_evals.questions import load_questions, select

    every: list[Question] = [q for q in load_questions().questions if not q.small_talk]
    timed = select(every, limit=limit)
    taken = {question.id for question in timed}
    rest = [question for question in every if question.id not in taken]
    return [q.question for q in timed], [q.question for q in select(rest, limit=WARM_UP)]


def main(arguments: Sequence[str] | None = None, *, embeddings: Any = None) -> int:
    """Ingest into a folder that is thrown away, measure, print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--questions", type=int, default=QUESTIONS, help=f"how many (default {QUESTIONS})")
    parser.add_argument("--bound", type=float, default=BOUND_MS, help=f"milliseconds (default {BOUND_MS:g})")
    options = parser.parse_args(arguments)
    for name, value in OFFLINE.items():  # before any library reads them
        os.environ.setdefault(name, value)
    from tutor.bootstrap import open_tutor
    from tutor.config import Settings
    from tutor.embedding import open_embeddings
    from tutor_ingest.pipeline import ingest

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        model = embeddings or open_embeddings(settings)
        report = ingest(settings, embeddings=model)
        tutor = open_tutor(settings, embeddings=model)
        try:
            questions, warm_up = chosen(options.questions)
            summary = summarise(run(tutor, questions, warm_up))
        finally:
            tutor.close()
    line, code = verdict(summary, options.bound)
    print(f"{len(questions)} questions, {report.documents} documents, {report.chunks} passages, one client")
    print(f"{table(summary)}\n{line}")
    return code


if __name__ == "__main__":
    sys.exit(main())
