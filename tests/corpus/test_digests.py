"""The corpus: front matter complete, sentences that stand alone, words of our own."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tutor.documents import SpanKind
from tutor.index.manifest import SourceRecord
from tutor.testing import HashingEmbeddings
from tutor_ingest.load import load
from tutor_ingest.sources import files
from tutor_ingest.split import split

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus"
DIGESTS = sorted((CORPUS / "sources").glob("*.md"))
SEEDS = ROOT.parent / "shared" / "seeds"
RUN = 8  # words in a row that a digest may not share with what it digests

pytestmark = pytest.mark.parametrize("path", DIGESTS, ids=lambda path: path.stem)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def test_front_matter_says_what_is_digested(path: Path) -> None:
    """A digest names itself, what it digests, and when it was written."""
    metadata = load(path, path.name, "d").metadata
    assert metadata["id"] == path.stem
    assert metadata["kind"] == "digest"
    assert {"title", "digests", "updated", "tags"} <= set(metadata)


def test_it_is_ingested(path: Path) -> None:
    """The ignore file leaves out the notes for authors and nothing that is meant to be quoted."""
    found = [file.relative for file in files([SourceRecord(path=str(CORPUS), corpus=True)])]
    assert f"sources/{path.name}" in found
    assert "README.md" not in found


def test_no_sentence_leans_on_the_one_before(path: Path) -> None:
    """A sentence that begins with a pronoun could not be quoted alone."""
    document = load(path, path.name, "d")
    chunks = split(document, count_tokens=HashingEmbeddings().count_tokens, max_tokens=256)
    quoted = [
        document.text[span.start : span.end]
        for chunk in chunks
        for span in chunk.spans
        if span.kind is SpanKind.SENTENCE
    ]
    assert quoted
    assert [text for text in quoted if re.match(r"(?:It|This|They|These|That|Those|He|She)\b", text)] == []


def test_headings_go_down_one_level_at_a_time(path: Path) -> None:
    """A skipped level would give a citation a gap in its headings."""
    levels = [len(match) for match in re.findall(r"^(#+) ", load(path, path.name, "d").text, re.MULTILINE)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the roadmaps themselves are not part of the repository")
def test_its_words_are_our_own(path: Path) -> None:
    """No run of eight words stands in any of the roadmaps that were digested."""
    taken = set()
    for seed in SEEDS.glob("*.txt"):
        source = words(seed.read_text(encoding="utf-8"))
        taken |= {tuple(source[i : i + RUN]) for i in range(len(source) - RUN + 1)}
    own = words(path.read_text(encoding="utf-8"))
    assert [own[i : i + RUN] for i in range(len(own) - RUN + 1) if tuple(own[i : i + RUN]) in taken] == []
