"""A generation in the making: complete when finished, closed when abandoned, thrifty with vectors."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tutor.documents import Chunk, Document, Span, SpanKind
from tutor.embedding import CharRange, Vectors
from tutor.index import terms
from tutor.index.generation import Generation
from tutor.index.manifest import Manifest, SourceRecord, SplitterRecord, VersionsRecord
from tutor.testing import HashingEmbeddings
from tutor_ingest.draft import BLOCK, Draft

SPLITTER = SplitterRecord(max_tokens=256, target_tokens=180)
VERSIONS = VersionsRecord(terms=terms.VERSION, readers=1, splitter=1)
SOURCES = (SourceRecord(path="/c", corpus=True),)


def document(name: str, *sentences: str) -> tuple[Document, list[Chunk]]:
    """A document with one chunk per sentence."""
    text = "\n".join(sentences)
    chunks = []
    for ordinal, sentence in enumerate(sentences):
        start = sum(len(each) + 1 for each in sentences[:ordinal])
        span = Span(start, start + len(sentence), SpanKind.SENTENCE, ordinal)
        chunks.append(Chunk(name, ordinal, sentence, start, span.end, ("T",), (span,)))
    return Document(name, f"{name}.md", "T", text, "markdown", name * 8), chunks


def finished(draft: Draft, *documents: tuple[Document, list[Chunk]]) -> Manifest:
    for made, chunks in documents:
        draft.store.add_document(made)
        draft.add(made, chunks)
    return draft.finish(SPLITTER, VERSIONS, SOURCES)


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Iterator[Path]]:
    def make() -> Iterator[Path]:
        for number in range(1, 100):
            folder = tmp_path / f"{number:06d}"
            folder.mkdir()
            yield folder

    yield make()
    gc.collect()


def test_a_finished_draft_is_a_generation(folders: Iterator[Path]) -> None:
    """It opens, verifies, and its manifest is the one that was returned."""
    folder = next(folders)
    manifest = finished(
        Draft(folder, HashingEmbeddings(), None), document("a", "One.", "Two."), document("b", "Six.")
    )
    generation = Generation(folder)
    generation.verify()
    assert generation.manifest == manifest
    assert manifest.counts.model_dump() == {"documents": 2, "chunks": 3, "spans": 3}
    assert (manifest.generation, manifest.sources, manifest.splitter) == (folder.name, SOURCES, SPLITTER)
    generation.close()


def test_chunks_beyond_one_block_are_embedded_in_several_calls(folders: Iterator[Path]) -> None:
    """Rows, vectors and spans stay in step over the blocks, and progress counts up to all chunks."""
    told: list[int] = []
    folder, fake = next(folders), HashingEmbeddings()
    draft = Draft(folder, fake, None, told.append)
    finished(
        draft, document("a", *(f"Sentence number {i}." for i in range(BLOCK + 40))), document("b", "Last.")
    )
    assert told[-2:] == [BLOCK, BLOCK + 41]
    assert told == sorted(told)
    assert (draft.embedded, draft.reused, draft.chunks) == (BLOCK + 41, 0, BLOCK + 41)
    generation = Generation(folder)
    last = np.array(fake.embed_query("Last."), np.float32)
    assert generation.spans_similarity([BLOCK + 40], last)[0] == pytest.approx(1, abs=2e-3)
    assert generation.dense(fake.embed_query("T Last."), 1)[0][0] == BLOCK + 40
    generation.close()


def test_vectors_of_unchanged_chunks_are_taken_over(folders: Iterator[Path]) -> None:
    """Only what is new is embedded, and what is taken over is what computing it would give."""
    fake = HashingEmbeddings()
    finished(Draft(first := next(folders), fake, None), document("a", "One.", "Two.", "Three."))
    previous = Generation(first)
    draft = Draft(second := next(folders), fake, previous)
    finished(draft, document("z", "Zero."), document("a", "Three.", "One.", "Four."))
    assert (draft.embedded, draft.reused) == (2, 2)
    finished(
        Draft(third := next(folders), fake, None),
        document("z", "Zero."),
        document("a", "Three.", "One.", "Four."),
    )
    taken, computed = Generation(second), Generation(third)
    assert np.array_equal(taken.chunk_vectors, computed.chunk_vectors)
    assert np.array_equal(taken.span_vectors, computed.span_vectors)
    for generation in (previous, taken, computed):
        generation.close()


def test_a_document_that_has_not_changed_is_copied(folders: Iterator[Path]) -> None:
    """Its chunks, spans and vectors are those of the generation before, and nothing is embedded."""
    fake = HashingEmbeddings()
    made, chunks = document("a", "One.", "Two.")
    finished(Draft(first := next(folders), fake, None), document("z", "Zero."), (made, chunks))
    with Generation(first) as previous:
        draft = Draft(second := next(folders), fake, previous)
        draft.store.add_document(made)
        draft.copy(made)
        manifest = draft.finish(SPLITTER, VERSIONS, SOURCES)
    assert (draft.embedded, draft.reused, fake.texts_embedded) == (0, 2, 3)
    finished(Draft(third := next(folders), fake, None), (made, chunks))
    with Generation(second) as copied, Generation(third) as computed:
        assert copied.manifest.content_sha256 == manifest.content_sha256 == computed.manifest.content_sha256
        assert [c for c, _ in copied.store.chunks_of("a")] == chunks
        assert np.array_equal(copied.chunk_vectors, computed.chunk_vectors)
        assert np.array_equal(copied.span_vectors, computed.span_vectors)
        copied.check_canaries(fake)


def test_equal_chunks_of_one_section_are_one(folders: Iterator[Path]) -> None:
    """A sentence that stands twice under one heading is indexed once; ids are unique."""
    folder = next(folders)
    manifest = finished(Draft(folder, HashingEmbeddings(), None), document("a", "Same.", "Other.", "Same."))
    assert manifest.counts.chunks == 2


def test_equal_contents_have_equal_hashes_and_others_have_not(folders: Iterator[Path]) -> None:
    """Whatever a reader would see changes the hash, also where text only moves from one field to the next."""

    def digest(*documents: tuple[Document, list[Chunk]]) -> str:
        return finished(Draft(next(folders), HashingEmbeddings(), None), *documents).content_sha256

    made, chunks = document("a", "One.", "Two.")
    variants = [
        (replace(made, title="U"), chunks),
        (replace(made, path="b.md"), chunks),
        (replace(made, url="https://x.org"), chunks),
        (replace(made, sha256="0"), chunks),
        (replace(made, path="a.m", title="dT"), chunks),
        (made, chunks[:1]),
        (made, [replace(chunks[0], spans=()), chunks[1]]),
    ]
    hashes = [digest((made, chunks)), *map(digest, variants)]
    assert len(set(hashes)) == len(hashes)
    assert digest((made, chunks)) == hashes[0]


def test_an_abandoned_draft_has_no_manifest_and_holds_no_files(folders: Iterator[Path]) -> None:
    """So the folder can be removed, and another draft can be made in its place in the same process."""
    folder = next(folders)
    draft = Draft(folder, HashingEmbeddings(), None)
    made, chunks = document("a", "One.")
    draft.store.add_document(made)
    draft.add(made, chunks)
    draft.abandon()
    draft.abandon()
    assert not (folder / "manifest.json").exists()
    fds = Path("/proc/self/fd")
    if fds.is_dir():
        links = [str(path.readlink()) for path in fds.iterdir() if path.is_symlink()]
        assert not [link for link in links if link.startswith(str(folder))]


def test_a_draft_that_cannot_be_closed_whole_is_closed_all_the_same(folders: Iterator[Path]) -> None:
    """If one file fails, as on a full disk, the others are still closed and the failure is told."""
    draft = Draft(next(folders), HashingEmbeddings(), None)
    draft._files.callback(_fail)
    with pytest.raises(OSError, match="full"):
        draft.abandon()
    assert draft._span_file.closed
    assert draft._vector_file.closed


def _fail() -> None:
    raise OSError("full")


def test_a_model_that_returns_too_few_vectors_is_not_trusted(folders: Iterator[Path]) -> None:
    """No chunk gets a neighbour's vector: the draft fails."""

    class Short(HashingEmbeddings):
        def embed_spans(
            self, texts: Sequence[str], spans: Sequence[Sequence[CharRange]]
        ) -> tuple[Vectors, list[Vectors]]:
            vectors, pooled = super().embed_spans(texts, spans)
            return vectors[:-1], pooled

    draft = Draft(next(folders), Short(), None)
    with pytest.raises(ValueError, match="zip"):
        finished(draft, document("a", "One.", "Two."))
    draft.abandon()
