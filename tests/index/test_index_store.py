"""Documents, chunks and spans: written once, read by row, by document and by block, from any thread."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tutor.documents import Chunk, Document, Span, SpanKind
from tutor.errors import NotFoundError
from tutor.index.store import Store, StoredFile
from tutor.index.store_writer import StoreWriter, content_key

TEXT = "Lead:\n- one\n- two ✓\n"
DOCUMENT = Document(
    "d1",
    "a/b.md",
    "Title",
    TEXT,
    "markdown",
    "f" * 64,
    (0, 6),
    "https://x.org",
    {"tags": ["a", "ü"], "n": 1},
    marks=((0, "cell 1"), (12, "cell 2")),
)
OTHER = Document("d0", "z.txt", "Other", "Alone.", "text", "e" * 64)
CHUNKS = (
    Chunk("d1", 0, TEXT[:11], 0, 11, ("Title", "Part"), (Span(0, 5, SpanKind.LEAD, 0), Span(8, 11, SpanKind.ITEM, 1))),
    Chunk("d1", 1, TEXT[12:19], 12, 19, ("Title", "Part"), (Span(14, 19, SpanKind.ITEM, 1),), lead="Lead:"),
    Chunk("d0", 0, "Alone.", 0, 6, (), (Span(0, 6, SpanKind.SENTENCE, 1),)),
)  # fmt: skip
TITLES = {"d1": "Title", "d0": "Other"}


def add(writer: StoreWriter, title: str, chunk: Chunk) -> int:
    return writer.add_chunk(content_key(title, chunk), chunk)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    writer = StoreWriter(tmp_path / "store.sqlite")
    writer.add_document(DOCUMENT)
    writer.add_document(OTHER)
    assert [add(writer, TITLES[chunk.document_id], chunk) for chunk in CHUNKS] == [0, 1, 2]
    writer.close()
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store(path)) as opened:
        yield opened


def test_a_document_comes_back_as_it_was(store: Store) -> None:
    """Every field survives, with pages, metadata and text beyond ASCII."""
    assert store.document("d1") == DOCUMENT
    assert store.document("d0") == OTHER
    assert store.document("d1") is store.document("d1")


def test_an_unknown_document_is_an_error_that_names_it(store: Store) -> None:
    """The id is in the message, and the help says where ids are listed."""
    with pytest.raises(NotFoundError, match="'nope'") as caught:
        store.document("nope")
    assert "/documents" in caught.value.help


def test_chunks_come_back_by_row(store: Store) -> None:
    """Rows count from 0 in the order of adding; a row that is not there is left out."""
    found = store.chunks([2, 0, 99])
    assert set(found) == {0, 2}
    assert (found[0].id, found[0].text, found[0].heading_path) == (
        CHUNKS[0].id,
        "Lead:\n- one",
        ("Title", "Part"),
    )
    assert [chunk.row for chunk in store.all_chunks()] == [0, 1, 2]
    assert store.document_of_rows() == ["d1", "d1", "d0"]
    assert store.documents_of([2, 0, 99]) == {2: "d0", 0: "d1"}
    assert store.chunks([]) == {}


def test_spans_lie_in_rows_of_their_own(store: Store) -> None:
    """A chunk's spans are consecutive rows from its `first_span`."""
    spans = store.spans([0, 1])
    assert [(span.row, span.chunk, TEXT[span.start : span.end], span.kind) for span in spans] == [
        (0, 0, "Lead:", SpanKind.LEAD),
        (1, 0, "one", SpanKind.ITEM),
        (2, 1, "two ✓", SpanKind.ITEM),
    ]
    assert [(chunk.first_span, chunk.spans) for chunk in store.all_chunks()] == [(0, 2), (2, 1), (3, 1)]


def test_a_block_is_found_over_all_its_chunks(store: Store) -> None:
    """Both items of the list come though they lie in two chunks, and nothing of the other document's block 1."""
    assert [TEXT[span.start : span.end] for span in store.block("d1", 1)] == ["one", "two ✓"]
    assert store.block("d1", 7) == []


def test_summaries_count_chunks_and_characters(store: Store) -> None:
    """They come by path, without the texts."""
    assert [(each.id, each.path, each.chunks, each.characters) for each in store.summaries] == [
        ("d1", "a/b.md", 2, len(TEXT)),
        ("d0", "z.txt", 1, 6),
    ]
    assert store.summaries[0].metadata == {"tags": ["a", "ü"], "n": 1}
    assert store.counts() == {"documents": 2, "chunks": 3, "spans": 4}


def test_chunks_are_found_by_their_content_key(store: Store) -> None:
    """Also among more keys than one statement takes."""
    key = content_key("Other", CHUNKS[2])
    found = store.chunk_rows([f"none{i}" for i in range(1200)] + [key])
    assert {name: chunk.row for name, chunk in found.items()} == {key: 2}


def test_the_content_key_changes_with_all_that_vectors_depend_on() -> None:
    """Title, headings, lead, text and the places of spans count; the chunk's place in its document does not."""
    base = CHUNKS[1]

    def key(title: str = "Title", **change: object) -> str:
        fields = {name: getattr(base, name) for name in Chunk.__slots__} | change
        return content_key(title, Chunk(**fields))

    moved = {"start": 112, "end": 119, "spans": (Span(114, 119, SpanKind.ITEM, 9),), "document_id": "d7"}
    assert key(**moved) == key() == content_key("Title", base)
    variants = [
        key(title="Other"), key(heading_path=("Title",)), key(lead=""), key(text="- two !"),
        key(spans=(Span(13, 19, SpanKind.ITEM, 1),)), key(spans=()),
    ]  # fmt: skip
    assert len({key(), *variants}) == len(variants) + 1


def test_what_is_searched_is_title_headings_lead_and_text(tmp_path: Path) -> None:
    """In row order; the title is not repeated where it is also the first heading."""
    writer = StoreWriter(tmp_path / "s.sqlite")
    writer.add_document(DOCUMENT)
    for chunk in CHUNKS[:2]:
        add(writer, "Title", chunk)
    assert list(writer.searched_texts()) == ["Title\nPart\n\nLead:\n- one", "Title\nPart\nLead:\n- two ✓"]
    writer.close()


def test_a_store_serves_many_threads_at_once(store: Store) -> None:
    """They take turns, and all see the same."""
    together = threading.Barrier(4)

    def read(_: int) -> tuple[str, int]:
        together.wait(10)
        return store.document("d1").title, len(store.spans([0, 1, 2]))

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(read, range(4))) == {("Title", 4)}


def test_a_store_is_read_only(path: Path, store: Store) -> None:
    """Nothing can be written through it; closing it twice does nothing."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store._db.execute("DELETE FROM chunks")
    store.close()
    store.close()


def test_a_store_that_was_opened_outlives_its_file(path: Path, store: Store) -> None:
    """A reader keeps the generation that it began with, from any thread, though its folder is removed meanwhile."""
    path.unlink()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(store.document, "d1").result() == DOCUMENT


def test_the_chunks_of_a_document_come_back_as_they_were(store: Store) -> None:
    """With their spans, so that they can be stored in the next generation without being made anew."""
    for id_ in ("d0", "d1"):
        assert [chunk for chunk, _ in store.chunks_of(id_)] == [c for c in CHUNKS if c.document_id == id_]
    assert [stored.row for _, stored in store.chunks_of("d1")] == [0, 1]
    assert store.chunks_of("nope") == []


def test_files_are_noted_with_hash_and_reason(tmp_path: Path) -> None:
    """Those that were read and those that were skipped, in order; a document that is taken back leaves its reason."""
    files = [StoredFile("d1", "a/b.md", "f" * 64), StoredFile("d9", "bad.pdf", "a" * 64, "is encrypted")]
    writer = StoreWriter(tmp_path / "s.sqlite")
    for file in files:
        writer.add_file(file)
    writer.add_document(DOCUMENT)
    writer.hide("d1", ((0, 5), (12, 19)))
    assert (writer.document_ids(), writer.document("d1")) == (["d1"], DOCUMENT)
    assert list(writer.files().values()) == files
    writer.close()
    with closing(Store(tmp_path / "s.sqlite")) as store:
        assert store.files() == {file.document_id: file for file in files}
        assert store.read_document("d1") == (DOCUMENT, ((0, 5), (12, 19)))
        assert store.hashes() == {"d1": "f" * 64}
        assert store.document_ids() == ["d1"]


def test_a_document_can_be_taken_back(tmp_path: Path) -> None:
    """It held nothing to quote: its file is noted as skipped for that reason."""
    writer = StoreWriter(tmp_path / "s.sqlite")
    writer.add_file(StoredFile("d1", "a/b.md", "f" * 64))
    writer.add_document(DOCUMENT)
    writer.remove_document("d1", "holds nothing to quote")
    assert (writer.documents, writer.document_ids()) == (0, [])
    assert writer.files()["d1"].reason == "holds nothing to quote"
    writer.close()


def test_documents_beyond_the_memory_are_read_again(tmp_path: Path) -> None:
    """The store remembers a bounded number of documents; all of them stay readable."""
    writer = StoreWriter(tmp_path / "s.sqlite")
    for i in range(300):
        writer.add_document(Document(f"d{i}", f"{i}.md", "T", f"text {i}", "text", "0" * 64))
    writer.close()
    with closing(Store(tmp_path / "s.sqlite")) as store:
        assert all(store.document(f"d{i}").text == f"text {i}" for i in [*range(300), 0, 299])
        assert len(store._documents) <= 256
