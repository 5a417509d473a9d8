"""A new generation made from what is whole of another: its files copied, the rest computed anew, no source file read.

Chroma's collection comes from the vector file, the lexical index from the stored texts, and vectors, with the embedding
model, from the stored chunks.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tutor.documents import Chunk, embedded_ranges, embedded_text
from tutor.embedding import EmbeddingIdentity, SpanEmbeddings
from tutor.errors import IndexDamagedError, IndexMismatchError, NotFoundError
from tutor.index import lexical, terms, vectors
from tutor.index.generation import CANARIES, CHROMA, EMBEDDED, LEXICAL, STORE, VECTORS, canaries
from tutor.index.integrity import records_of
from tutor.index.late import encode
from tutor.index.manifest import (
    REBUILD,
    Counts,
    EmbeddingRecord,
    Manifest,
    SourceRecord,
    SplitterRecord,
    VersionsRecord,
)
from tutor.index.store import INDEXES, Store
from tutor.index.store_writer import content_key, searched_text
from tutor.index.words import content_words

Open = Callable[[], SpanEmbeddings]
"""Opens the embedding model, which is asked for only where vectors have to be computed."""

Tell = Callable[[int, int], None]
"""Takes how many chunks have been embedded, and of how many."""

_BLOCK = 256  # chunks embedded in one call, as in an ingest
_UNKNOWN = (
    0  # a version or setting that was lost: the next ingest takes it for another and does that work anew
)


@dataclass(frozen=True, slots=True)
class Titled:
    """A chunk with its document's title, as it is embedded, and the key under which it is stored."""

    title: str
    chunk: Chunk
    key: str


def rebuild(
    old: Path, folder: Path, manifest: Manifest, parts: Iterable[str], model: Open, tell: Tell
) -> None:
    """Make in an empty folder the generation that `manifest` describes: `parts` anew, all others copied from `old`.

    Raises IndexMismatchError if vectors are needed and the model is another, IndexDamagedError if a copy differs.
    """
    anew = set(parts)
    if VECTORS in anew:
        anew.add(CHROMA)
    for record in manifest.files:
        if record.path.partition("/")[0] not in anew:
            (folder / record.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(old / record.path, folder / record.path)
    if anew & {*EMBEDDED, CANARIES}:
        embeddings = model()
        _require(embeddings.identity, manifest.embedding)
        _embed(folder, embeddings, anew, tell)
    with closing(Store(folder / STORE)) as store:
        if LEXICAL in anew:
            lexical.build(_searched_texts(store), folder / LEXICAL)
    if CHROMA in anew:
        _build_chroma(folder, manifest.counts.chunks, manifest.embedding.dimension)
    made = manifest.model_copy(
        update={
            "generation": folder.name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": manifest.versions.model_copy(update={"terms": terms.VERSION})
            if LEXICAL in anew
            else manifest.versions,
            "files": records_of(folder),
        }
    )
    published = {record.path: record.sha256 for record in manifest.files}
    for record in made.files:
        part = record.path.partition("/")[0]
        if part not in anew and published.get(record.path) != record.sha256:
            raise IndexDamagedError(f"{record.path} changed while it was copied", help="Try again.")
    made.save(folder)


def rescue(old: Path, folder: Path, sources: Sequence[SourceRecord], model: Open, tell: Tell) -> None:
    """Make a generation from nothing but the store of another, whose manifest is lost.

    By which readers and splitter it was made is not known any more, so the next ingest reads all sources again.
    """
    shutil.copyfile(old / STORE, folder / STORE)
    embeddings = model()
    _embed(folder, embeddings, {*EMBEDDED, CANARIES}, tell)
    identity = embeddings.identity
    with closing(Store(folder / STORE)) as store:
        lexical.build(_searched_texts(store), folder / LEXICAL)
        counts, digest = Counts(**store.counts()), content_sha256(store)
    _build_chroma(folder, counts.chunks, identity.dimension)
    Manifest(
        generation=folder.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        embedding=EmbeddingRecord(name=identity.name, sha256=identity.sha256, dimension=identity.dimension),
        splitter=SplitterRecord(max_tokens=embeddings.max_tokens, target_tokens=_UNKNOWN),
        versions=VersionsRecord(terms=terms.VERSION, readers=_UNKNOWN, splitter=_UNKNOWN),
        counts=counts,
        content_sha256=digest,
        sources=tuple(sources),
        files=records_of(folder),
    ).save(folder)


def store_problem(path: Path) -> str:
    """Why a store cannot be trusted by itself, without a hash that vouches for it; empty if it can.

    It was finished, SQLite finds it sound, and each passage agrees with its document and with its own two hashes.
    """
    if not path.is_file():
        return f"{path.name} is missing"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            said = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            made = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        if said != "ok":
            return f"{path.name} is damaged ({said})"
        if not all(statement.split()[2] in made for statement in INDEXES.strip().split(";") if statement):
            return f"{path.name} was never finished"
        with closing(Store(path)) as store:
            return _contents_problem(store)
    except (sqlite3.Error, OSError, ValueError, KeyError, TypeError, IndexError, NotFoundError) as error:
        return f"{path.name} cannot be read ({error})"


def _contents_problem(store: Store) -> str:
    rows = 0
    for title, document_id in _documents(store):
        text = store.document(document_id).text
        for chunk, stored in store.chunks_of(document_id):
            if (stored.row, stored.spans) != (rows, len(chunk.spans)):
                return f"passage {rows} of the store is not where it belongs"
            if text[chunk.start : chunk.end] != chunk.text or stored.id != chunk.id:
                return f"passage {rows} of the store is not what it was"
            if stored.content_key != content_key(title, chunk):
                return f"passage {rows} of the store has another title, or other sentences"
            rows += 1
    return "" if rows and rows == store.counts()["chunks"] else "the store lacks passages"


def content_sha256(store: Store) -> str:
    """The hash over all documents and chunks that a manifest bears."""
    digest = hashlib.sha256()
    for document_id in store.document_ids():
        document = store.document(document_id)
        parts = (
            document.id,
            document.path,
            document.title,
            document.url or "",
            document.sha256,
            document.text,
        )
        for data in (part.encode(errors="surrogatepass") for part in parts):
            digest.update(f"{len(data)}:".encode() + data)
        for _, stored in store.chunks_of(document_id):
            digest.update(stored.content_key.encode())
    return digest.hexdigest()


def _documents(store: Store) -> Iterator[tuple[str, str]]:
    """Title and id of each document that has chunks, in the order of its rows."""
    titles = {summary.id: summary.title for summary in store.summaries}
    for document_id in dict.fromkeys(store.document_of_rows()):
        yield titles[document_id], document_id


def _titled(store: Store) -> Iterator[Titled]:
    """All chunks in row order."""
    for title, document_id in _documents(store):
        for chunk, stored in store.chunks_of(document_id):
            yield Titled(title, chunk, stored.content_key)


def _searched_texts(store: Store) -> Iterator[str]:
    titles = {summary.id: summary.title for summary in store.summaries}
    for chunk in store.all_chunks():
        yield searched_text(titles[chunk.document_id], chunk.heading_path, chunk.lead, chunk.text)


def _build_chroma(folder: Path, rows: int, dimension: int) -> None:
    """From the vector file, which is mapped, not read whole."""
    mapped: Any = np.memmap(folder / VECTORS, np.float16, "r", shape=(rows, dimension)) if rows else ()
    vectors.build(mapped, folder / CHROMA)  # converts it piece by piece


def _require(identity: EmbeddingIdentity, record: EmbeddingRecord) -> None:
    if (identity.name, identity.sha256, identity.dimension) != (record.name, record.sha256, record.dimension):
        raise IndexMismatchError(
            f"vectors have to be computed anew, but the index was built with {record.name!r} "
            f"({record.dimension} dimensions) and the embedding model is {identity.name!r} ({identity.dimension})",
            help=f"Set TUTOR_EMBEDDING_MODEL back, or: {REBUILD}",
        )


def _embed(folder: Path, embeddings: SpanEmbeddings, parts: set[str], tell: Tell) -> None:
    """Write those of the files that the model makes that are in `parts`."""
    if CANARIES in parts:
        (folder / CANARIES).write_bytes(canaries(embeddings).astype(np.float16).tobytes())
    wanted = [part for part in EMBEDDED if part in parts]
    if not wanted:
        return
    files = {part: (folder / part).open("wb") for part in wanted}
    try:
        with closing(Store(folder / STORE)) as store:
            total, done, rest = store.counts()["chunks"], 0, _titled(store)
            tell(0, total)
            while block := list(islice(rest, _BLOCK)):
                for part, data in zip(EMBEDDED, _vectors_of(embeddings, block), strict=True):
                    if part in files:
                        files[part].write(data)
                done += len(block)
                tell(done, total)
    finally:
        for file in files.values():
            file.close()


def _vectors_of(embeddings: SpanEmbeddings, block: Sequence[Titled]) -> tuple[bytes, ...]:
    """What the files of `EMBEDDED` hold of these chunks, in that order."""
    texts = [embedded_text(each.title, each.chunk) for each in block]
    spans = [embedded_ranges(text, each.chunk) for text, each in zip(texts, block, strict=True)]
    words = [content_words(text) for text in texts]
    vectors, pooled = embeddings.embed_spans(texts, [a + b for a, b in zip(spans, words, strict=True)])
    own = [len(each) for each in spans]
    return (
        vectors.astype(np.float16).tobytes(),
        b"".join(both[:n].astype(np.float16).tobytes() for both, n in zip(pooled, own, strict=True)),
        b"".join(encode(both[n:]).tobytes() for both, n in zip(pooled, own, strict=True)),
        np.array([len(each) for each in words], np.uint32).tobytes(),
    )
