"""The two passes over the documents: all of them into the store, then each into chunks, since only then is it known what recurs.

Neither pass holds more than one document in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from tutor.documents import Chunk, Document
from tutor.embedding import SpanEmbeddings
from tutor.errors import ReadError
from tutor.index.store import Hidden, Store, StoredFile
from tutor.index.store_writer import StoreWriter
from tutor_ingest.changes import Changes
from tutor_ingest.load import LoadAll, Request
from tutor_ingest.repeated import Repeated
from tutor_ingest.split import split

TARGET_TOKENS = 180  # word pieces that a chunk aims at, of the 256 that the default model reads

Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Divided:
    """A document ready to be indexed; without `chunks` it has those that it had in the generation before."""

    document: Document
    hidden: Hidden
    chunks: tuple[Chunk, ...] | None


@dataclass(slots=True)
class Reading:
    """Brings the files of an ingest into a store and hands out their documents with chunks.

    `before` is the store of the generation before if its documents may be taken over, `same_chunks` says whether its
    chunks may be too.
    """

    store: StoreWriter
    changed: Changes
    before: Store | None
    same_chunks: bool
    repeated: Repeated
    boilerplate: int = 0
    _hidden_before: dict[str, Hidden] = field(default_factory=dict)

    def gather(self, load_all: LoadAll, tell: Tell) -> None:
        """Put every document into the store, read anew or taken over, and note every file that was skipped."""
        wanted = {file.document_id for file in self.changed.to_read}
        loaded = load_all(Request(f.path, f.relative, f.document_id, f.member) for f in self.changed.to_read)
        total = len(self.changed.files)
        for done, file in enumerate(self.changed.files.values()):
            tell(done, total, file.path)
            found = next(loaded) if file.document_id in wanted else self._taken_over(file)
            if isinstance(found, ReadError):
                self.store.add_file(replace(file, reason=str(found)))
                continue
            self.store.add_file(file)
            if found is not None:
                self.store.add_document(found)
                self.repeated.add(found)
        tell(total, total, "")

    def _taken_over(self, file: StoredFile) -> Document | None:
        if file.reason or self.before is None:
            return None
        document, self._hidden_before[file.document_id] = self.before.read_document(file.document_id)
        return document

    def divided(self, model: SpanEmbeddings) -> Iterator[Divided]:
        """Each document with its boilerplate and its chunks; one that holds nothing to quote leaves the store."""
        for document_id in self.store.document_ids():
            document = self.store.document(document_id)
            hidden = self.repeated.hidden(document)
            self.boilerplate += len(hidden)
            if self.same_chunks and self._hidden_before.get(document_id) == hidden:
                yield Divided(document, hidden, None)
                continue
            try:
                chunks = _chunks(document, hidden, model)
            except ReadError as error:
                self.store.remove_document(document_id, str(error))
                continue
            yield Divided(document, hidden, chunks)


def _chunks(document: Document, hidden: Hidden, model: SpanEmbeddings) -> tuple[Chunk, ...]:
    for left_out in (hidden, ()):  # all of it is boilerplate: then it is what the document says
        chunks = split(
            document,
            count_tokens=model.count_tokens,
            max_tokens=model.max_tokens,
            target_tokens=TARGET_TOKENS,
            hidden=left_out,
        )
        if chunks or not hidden:
            break
    if not chunks:
        raise ReadError("holds nothing to quote")
    return tuple(chunks)
