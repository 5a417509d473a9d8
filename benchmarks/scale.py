"""What grows with the index, and how fast: `python benchmarks/scale.py`, in full `--sizes 1000,10000,100000,300000`.

Generations of made-up chunks (vectors in clusters with near-repetitions, texts of a Zipf vocabulary: `_made.py`) are
written by the real code, each in a process of its own, and opened and searched in another. Embedding is left out of
every number.

Bounds, else the exit code is 1: nothing grows faster than the chunks, which means that the line through the logarithms of all sizes
has a slope of at most 1.1 (HNSW's n log n needs some of the tenth, noise the rest; where the wall tells more of the disk and
of other programs, CPU seconds count), and Chroma's recall@10 against an exact scan is at least .99 at each size. The steepest
slope from one size to the next stands below each table: what outgrows a processor's caches grows faster there, once.

With `--picture FILE.svg` the growth is drawn (matplotlib: `pip install "roadmap-tutor[bench]"`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _made import DIMENSION, MadeTexts, MadeVectors, Vectors

if TYPE_CHECKING:
    from tutor.documents import Chunk, Document
    from tutor.embedding import CharRange, EmbeddedQuestion
    from tutor.index.generation import Generation

SIZES = (1_000, 10_000)
CHUNKS_OF_A_DOCUMENT, QUESTIONS, DEPTH, TOP_K = 20, 200, 10, 8
RECALL, SLOPE = 0.99, 1.1
Record = dict[str, float]

COLUMNS: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "publish": ("publish s", "{:.1f}".format),
    "cpu": ("publish CPU s", "{:.1f}".format),
    "open": ("open ms", lambda value: f"{value * 1000:.0f}"),
    "open CPU": ("open CPU ms", lambda value: f"{value * 1000:.0f}"),
    "p50": ("search p50 ms", lambda value: f"{value * 1000:.1f}"),
    "p95": ("search p95 ms", lambda value: f"{value * 1000:.1f}"),
    "filtered": ("filtered p50 ms", lambda value: f"{value * 1000:.1f}"),
    "memory": ("memory MB", lambda value: f"{value / 1e6:.0f}"),
    "peak": ("peak of building MB", lambda value: f"{value / 1e6:.0f}"),
    "disk": ("disk MB", lambda value: f"{value / 1e6:.0f}"),
}
"""What is measured: the heading of its column, and how its number is written."""
UNBOUNDED = ("publish", "open", "p95")  # they tell more of what else the machine does
STEPS = ("store", "terms", "graph", "manifest", "verify", "flush")


class MadeEmbeddings:
    """Hands out the rows of made vectors in order; spans and words have their chunk's. Its time is counted apart."""

    max_tokens = 256

    def __init__(self) -> None:
        from tutor.embedding import EmbeddingIdentity

        self.identity = EmbeddingIdentity("made", "0" * 64, DIMENSION)
        self.spent = 0.0, 0.0
        self._vectors = MadeVectors()
        self._next = 0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Four characters count as a word piece."""
        return [len(text) // 4 for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Any vector, the same for the same text."""
        return self._vectors.rows(len(text), len(text) + 1)[0].tolist()  # type: ignore[no-any-return]  # numpy types tolist as Any

    def embed_question(self, text: str) -> EmbeddedQuestion:
        """The same, without word pieces."""
        from tutor.embedding import EmbeddedQuestion

        vector = np.array(self.embed_query(text), np.float32)
        return EmbeddedQuestion(vector, np.zeros((0, DIMENSION), np.float32), ())

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[CharRange]]
    ) -> tuple[Vectors, list[Vectors]]:
        """The next rows."""
        begun = now()
        rows = self._vectors.rows(self._next, self._next + len(texts))
        self._next += len(texts)
        pooled = [np.repeat(row[np.newaxis], len(own), 0) for row, own in zip(rows, spans, strict=True)]
        self.spent = plus(self.spent, begun)
        return rows, pooled


def documents(chunks: int) -> Iterator[tuple[Document, list[Chunk]]]:
    """Documents of twenty paragraphs, each paragraph a chunk; one in ten carries the tag `tenth`."""
    from tutor.documents import Chunk, Document, Span, SpanKind

    texts = MadeTexts()
    for number in range(-(-chunks // CHUNKS_OF_A_DOCUMENT)):
        id_ = hashlib.sha256(str(number).encode()).hexdigest()[:16]
        first = number * CHUNKS_OF_A_DOCUMENT
        text, own = "", []
        for ordinal in range(min(CHUNKS_OF_A_DOCUMENT, chunks - first)):
            spans, start = [], len(text)
            for sentence in texts.sentences(first + ordinal):
                spans.append(Span(len(text), len(text) + len(sentence), SpanKind.SENTENCE, ordinal))
                text += sentence + " "
            end = len(text) - 1
            own.append(
                Chunk(id_, ordinal, text[start:end], start, end, ("Made", f"Part {ordinal}"), tuple(spans))
            )
            text = text[:end] + "\n\n"
        metadata = {"tags": ["tenth"]} if number % 10 == 0 else {}
        path = f"folder-{number % 100}/{number}.md"
        yield (
            Document(id_, path, f"Document {number}", text, "markdown", hashlib.sha256(text.encode()).hexdigest(), metadata=metadata),
            own,
        )  # fmt: skip


def build(data_dir: Path, chunks: int) -> Record:
    """Write and publish a generation; CPU seconds by step, without the making of texts and vectors."""
    from tutor.index.generation import Generation
    from tutor.index.library import Index
    from tutor.index.manifest import SplitterRecord
    from tutor_ingest.draft import Draft
    from tutor_ingest.pipeline import VERSIONS

    made, index, clock = MadeEmbeddings(), Index(data_dir), Clock()
    folder = index.new_folder()
    draft = Draft(folder, made, None)
    for document, own in documents(chunks):
        clock.step("store")
        draft.store.add_document(document)
        draft.add(document, own)
        clock.step("")
    clock.step("store")
    draft.finish(SplitterRecord(max_tokens=256, target_tokens=180), VERSIONS, (), clock.step)
    clock.step("verify")
    generation = Generation(folder)
    generation.verify()
    generation.close()
    index.switch(folder, clock.step)
    clock.step("")
    wall, cpu = (
        sum(kind) - own for kind, own in zip(zip(*clock.spent.values(), strict=True), made.spent, strict=True)
    )
    steps = {step: clock.spent.get(step, (0.0, 0.0))[1] for step in STEPS}
    steps["store"] -= made.spent[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {**steps, "publish": wall, "cpu": cpu, "peak": peak, "disk": float(size)}


def now() -> tuple[float, float]:
    """The time: on the wall, and of this process on all its cores."""
    return time.perf_counter(), time.process_time()


def plus(spent: tuple[float, float], since: tuple[float, float]) -> tuple[float, float]:
    """What was spent before, and since then."""
    wall, cpu = now()
    return spent[0] + wall - since[0], spent[1] + cpu - since[1]


class Clock:
    """Seconds, on the wall and of the processor, by the name of the step that was running."""

    def __init__(self) -> None:
        self.spent: dict[str, tuple[float, float]] = {}
        self._step, self._since = "", now()

    def step(self, name: str) -> None:
        """Another step begins; none with an empty name."""
        if self._step:
            self.spent[self._step] = plus(self.spent.get(self._step, (0.0, 0.0)), self._since)
        self._step, self._since = name, now()


def look(data_dir: Path, chunks: int) -> Record:
    """Open a published generation and search it; seconds and bytes."""
    import chromadb  # noqa: F401 - imported before the clock runs

    from tutor.index.library import Index
    from tutor.retrieval.filters import Filters

    vectors, texts = MadeVectors().questions(QUESTIONS, chunks), MadeTexts()
    questions = [asked(texts.question(number), vector) for number, vector in enumerate(vectors)]
    forget(data_dir)
    before, begun, index = resident(), now(), Index(data_dir)
    generation = index.current()
    generation.dense(vectors[0], DEPTH)
    opened = plus((0.0, 0.0), begun)
    plain = timed(generation, questions, None)
    filtered = timed(generation, questions, Filters(tags=("tenth",)))
    record = {
        "open": opened[0],
        "open CPU": opened[1],
        "p50": float(np.median(plain)),
        "p95": float(np.percentile(plain, 95)),
        "filtered": float(np.median(filtered)),
        "memory": resident() - before,
        **recall(generation, vectors),
    }
    index.close()
    return record


def asked(text: str, vector: Vectors) -> tuple[str, EmbeddedQuestion]:
    """A question with its vectors: each word is a word piece, and they all have the question's."""
    from tutor.embedding import EmbeddedQuestion

    pieces = tuple(match.span() for match in re.finditer(r"\w+", text))
    return text, EmbeddedQuestion(vector, np.repeat(vector[np.newaxis], len(pieces), 0), pieces)


def timed(
    generation: Generation, questions: Sequence[tuple[str, EmbeddedQuestion]], filters: Any
) -> list[float]:
    """Seconds of each search, the first ten left out."""
    from tutor.retrieval.search import search

    seconds = []
    for question, embedded in questions:
        begun = time.perf_counter()
        search(generation, question, embedded, k=TOP_K, filters=filters)
        seconds.append(time.perf_counter() - begun)
    return seconds[10:]


def recall(generation: Generation, vectors: Vectors) -> Record:
    """Recall@10 and @50 of Chroma against an exact scan, and the exact scan's seconds for one question.

    A row counts as found if it is as near as the row that the exact scan puts last: equals may stand in for each other.
    """
    every = np.arange(generation.manifest.counts.chunks)
    shares: dict[int, list[float]] = {DEPTH: [], 50: []}
    scans = []
    for vector in vectors:
        begun = time.perf_counter()
        exact = np.sort(generation.similarity(every, vector))[::-1]
        scans.append(time.perf_counter() - begun)
        found = [row for row, _ in generation.dense(vector, 50)]
        near = np.sort(generation.similarity(found, vector))[::-1]
        for depth, share in shares.items():
            share.append(float((near[:depth] >= exact[:depth][-1] - 1e-6).mean()))
    return {
        "recall": float(np.mean(shares[DEPTH])),
        "recall50": float(np.mean(shares[50])),
        "scan": float(np.median(scans)),
    }


def forget(folder: Path) -> None:
    """Take files out of the system's memory where it lets us, so that opening reads the disk."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def resident() -> float:
    """Bytes of this process in memory that belong to no file; of memory-mapped files the system may drop any page."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return float(fields["RssAnon"].split()[0]) * 1024


def slopes(sizes: Sequence[int], values: Sequence[float]) -> list[float]:
    """How fast a value grows from each size to the next: 1 is as fast as the size, 2 as fast as its square."""
    pairs = list(zip(sizes, values, strict=True))
    return [
        math.log(late / early) / math.log(more / fewer)
        for (fewer, early), (more, late) in pairwise(pairs)
        if min(early, late) > 0
    ]


def growth(sizes: Sequence[int], values: Sequence[float]) -> float:
    """The slope of the line through the logarithms of all sizes, by least squares; NaN for one size or a value of 0."""
    if len(sizes) < 2 or min(values) <= 0:
        return math.nan
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def table(records: Mapping[int, Record]) -> str:
    """The measurements as Markdown, the steepest slope of each below."""
    sizes = list(records)
    heads = ["chunks", *(head for head, _ in COLUMNS.values()), "recall@10", "recall@50"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---:|' * len(heads)}"]
    for size, record in records.items():
        cells = [write(record[key]) for key, (_, write) in COLUMNS.items()]
        cells += [f"{record[key]:.4f}" for key in ("recall", "recall50")]
        lines.append(f"| {' | '.join([f'{size:,}', *cells])} |")
    values = [[record[key] for record in records.values()] for key in COLUMNS]
    for name, found in (
        ("slope over all", [growth(sizes, own) for own in values]),
        ("steepest step", [max(slopes(sizes, own), default=math.nan) for own in values]),
    ):
        cells = ["–" if math.isnan(slope) else f"{slope:.2f}" for slope in found]
        lines.append(f"| {name} | {' | '.join(cells)} | | |")
    return "\n".join(lines)


def steps_table(records: Mapping[int, Record]) -> str:
    """Where the seconds of publishing go, and the bytes of one chunk."""
    heads = ["chunks", *(f"{step} CPU s" for step in STEPS), "bytes a chunk", "exact scan ms"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---:|' * len(heads)}"]
    for size, record in records.items():
        cells = [f"{record[step]:.2f}" for step in STEPS]
        cells += [f"{record['disk'] / size:,.0f}", f"{record['scan'] * 1000:.1f}"]
        lines.append(f"| {size:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def verdict(records: Mapping[int, Record]) -> tuple[list[str], int]:
    """A line for each bound, and the exit code."""
    sizes = list(records)
    lines, kept = [], []
    grown = {
        head: slope
        for key, (head, _) in COLUMNS.items()
        if key not in UNBOUNDED
        and not math.isnan(slope := growth(sizes, [record[key] for record in records.values()]))
    }
    if grown:
        head, steepest = max(grown.items(), key=lambda pair: pair[1])
        kept.append(steepest <= SLOPE)
        lines.append(f"steepest growth: {head}, slope {steepest:.2f}, bound {SLOPE}: {_told(kept[-1])}")
    worst = min(record["recall"] for record in records.values())
    kept.append(worst >= RECALL)
    lines.append(f"recall@10 against an exact scan: {worst:.4f} or more, bound {RECALL}: {_told(kept[-1])}")
    return lines, 0 if all(kept) else 1


def _told(kept: bool) -> str:
    return "kept" if kept else "NOT KEPT"


def measure(sizes: Sequence[int], keep: Path | None = None) -> dict[int, Record]:
    """Build and search each size, each in a new process, in a folder that is thrown away (or below `keep`)."""
    records = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=keep) as folder:
            records[size] = _child("build", folder, size) | _child("look", folder, size)
    return records


def _child(step: str, folder: str, size: int) -> Record:
    command = [sys.executable, __file__, "--step", step, "--folder", folder, "--sizes", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{step} of {size} chunks ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]  # written by `main` below


def picture(records: Mapping[int, Record], path: Path) -> None:
    """Draw the growth against a line of slope 1."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scale"
    from matplotlib import pyplot

    sizes = list(records)
    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    for key, (head, _) in COLUMNS.items():
        values = [record[key] for record in records.values()]
        axes.loglog(sizes, [value / values[0] for value in values], marker="o", label=head.rsplit(" ", 1)[0])
    axes.loglog(sizes, [size / sizes[0] for size in sizes], "k--", label="the chunks themselves")
    axes.set_xlabel("chunks")
    axes.set_ylabel(f"times the value at {sizes[0]:,} chunks")
    axes.grid(which="major", alpha=0.3)
    axes.legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", default=",".join(map(str, SIZES)), help="chunks, ascending (default %(default)s)"
    )
    parser.add_argument("--picture", type=Path, help="an SVG file to draw")
    parser.add_argument("--json", type=Path, help="a file for the numbers")
    parser.add_argument("--step", choices=("build", "look"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    sizes = [int(size) for size in options.sizes.split(",")]
    if options.step:
        step = build if options.step == "build" else look
        print(json.dumps(step(options.folder, sizes[0])))
        return 0
    records = measure(sizes, options.folder)
    if options.json:
        options.json.write_text(json.dumps(records, indent=1), encoding="utf-8")
    lines, code = verdict(records)
    print("\n\n".join([table(records), steps_table(records), "\n".join(lines)]))
    if options.picture:
        picture(records, options.picture)
    return code


if __name__ == "__main__":
    sys.exit(main())
