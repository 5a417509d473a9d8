"""The corpus as the checks look at it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from tutor.learning.roadmap import Roadmap, load_roadmap
from tutor_ingest.load.markdown import split_front_matter

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus"
SEEDS = ROOT.parent / "shared" / "seeds"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$\n?", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Page:
    """A Markdown file of the corpus."""

    path: Path

    @cached_property
    def _parts(self) -> tuple[dict[str, Any], str]:
        return split_front_matter(self.path.read_text(encoding="utf-8"))

    @property
    def id(self) -> str:
        return self.path.stem

    @property
    def metadata(self) -> dict[str, Any]:
        return self._parts[0]

    @property
    def text(self) -> str:
        return self._parts[1]

    @cached_property
    def prose(self) -> str:
        """The text without its code blocks."""
        return FENCE.sub("", self.text)

    @cached_property
    def headings(self) -> list[str]:
        """The headings of the second level."""
        return re.findall(r"^## (.+)$", self.prose, re.MULTILINE)

    def section(self, heading: str) -> str:
        """What stands below a heading of the second level, without code."""
        return re.split(
            r"^## .+$", self.prose.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE
        )[0]


@cache
def roadmap() -> Roadmap:
    return load_roadmap(CORPUS)


@cache
def pages() -> dict[str, Page]:
    """Every page that is ingested, by its id."""
    folders = ("topics", "comparisons", "sources")
    return {path.stem: Page(path) for folder in folders for path in sorted((CORPUS / folder).rglob("*.md"))}


def topic_pages() -> list[Page]:
    return [page for page in pages().values() if "topics" in page.path.parts]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


@cache
def taken_runs(length: int) -> frozenset[tuple[str, ...]]:
    """All runs of so many words in the roadmaps that were digested."""
    runs: set[tuple[str, ...]] = set()
    for seed in SEEDS.glob("*.txt"):
        source = words(seed.read_text(encoding="utf-8"))
        runs |= {tuple(source[i : i + length]) for i in range(len(source) - length + 1)}
    return frozenset(runs)
