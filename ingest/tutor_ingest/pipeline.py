"""From folders to a published generation: read, split, embed, verify, switch.

The generation is built beside the current one; until the last step nobody sees it, and whatever goes wrong before,
the index stays as it was. Equal contents publish nothing.
"""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import chromadb.errors

from tutor.config import Settings
from tutor.documents import Chunk, Document
from tutor.embedding import SpanEmbeddings, open_embeddings
from tutor.errors import IndexMismatchError, IndexStateError, ReadError, SourceError, TutorError
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.index.manifest import SourceRecord, SplitterRecord
from tutor_ingest.draft import Draft
from tutor_ingest.load import load
from tutor_ingest.report import IngestReport, Progress, Skipped
from tutor_ingest.sources import SourceFile, files, resolve
from tutor_ingest.split import split

TARGET_TOKENS = 180  # word pieces that a chunk aims at, of the 256 that the default model reads

Tell = Callable[[Progress], None]


def ingest(
    settings: Settings,
    paths: Sequence[Path] = (),
    *,
    embeddings: SpanEmbeddings | None = None,
    progress: Tell = lambda progress: None,
    dry_run: bool = False,
    replace: bool = False,
) -> IngestReport:
    """Bring the index up to date with its sources and report what was done.

    Without `paths` the corpus of the settings and everything added before is read again; `paths` are added to that,
    or with `replace` become all there is. With `dry_run` files are read and split, nothing is written. Raises
    SourceError if there is nothing to read, IndexLockedError if another process writes.
    """
    begun = time.perf_counter()
    index = Index(settings.data_dir)
    model = embeddings or open_embeddings(settings)
    try:
        # The lock comes first: what the generation before holds must not change until the next is published.
        with nullcontext() if dry_run else _writing(index, settings.data_dir):
            previous = _previous(index)
            sources = resolve(
                settings.corpus_dir, paths, previous.manifest.sources if previous else (), replace=replace
            )
            reader = _Reader(files(sources), model, progress)
            if dry_run:
                counts = [len(chunks) for _, chunks in reader]
                return _report(reader, index, begun, sources, dry_run=True, chunks=sum(counts))
            return _write(index, previous, reader, model, sources, begun)
    finally:
        index.close()


class _Reader:
    """Iterates over (document, chunks) of files, and keeps account of those that were skipped."""

    def __init__(self, found: list[SourceFile], model: SpanEmbeddings, tell: Tell) -> None:
        self.files = found
        self.splitter = SplitterRecord(max_tokens=model.max_tokens, target_tokens=TARGET_TOKENS)
        self.skipped: list[Skipped] = []
        self.document_ids: set[str] = set()
        self.tell = tell
        self._model = model

    def __iter__(self) -> Iterator[tuple[Document, list[Chunk]]]:
        for done, file in enumerate(self.files):
            self.tell(Progress("read", done, len(self.files), file.relative))
            try:
                document, chunks = self._read(file)
            except ReadError as error:
                self.skipped.append(Skipped(path=file.relative, reason=str(error)))
                continue
            self.document_ids.add(document.id)
            yield document, chunks
        self.tell(Progress("read", len(self.files), len(self.files)))

    def _read(self, file: SourceFile) -> tuple[Document, list[Chunk]]:
        document = load(file.path, file.relative, file.document_id)
        try:
            json.dumps(
                (document.title, document.url, document.text, document.metadata), ensure_ascii=False
            ).encode()
        except UnicodeEncodeError:
            raise ReadError("holds half of a surrogate pair, which is no character") from None
        chunks = split(
            document,
            count_tokens=self._model.count_tokens,
            max_tokens=self.splitter.max_tokens,
            target_tokens=self.splitter.target_tokens,
        )
        if not chunks:
            raise ReadError("holds nothing to quote")
        return document, chunks


def _write(
    index: Index,
    previous: Generation | None,
    reader: _Reader,
    model: SpanEmbeddings,
    sources: list[SourceRecord],
    begun: float,
) -> IngestReport:
    index.remove_leftovers()
    reusable = previous if previous and _same_model(previous, model) else None
    folder = index.new_folder()
    try:
        draft = Draft(
            folder, model, reusable, lambda done: reader.tell(Progress("embed", done, draft.chunks))
        )
        try:
            for document, chunks in reader:
                draft.add(document, chunks)
            if not reader.document_ids:
                raise SourceError("none of the files could be read", help=_first_reason(reader))
            manifest = draft.finish(reader.splitter, tuple(sources))
        except BaseException:
            draft.abandon()
            raise
        if reusable and _equal(reusable, manifest.content_sha256, sources):
            shutil.rmtree(folder)
            return _report(reader, index, begun, sources, chunks=draft.chunks, draft=draft)
        reader.tell(Progress("publish", 0, 2))
        _verify(folder)
        reader.tell(Progress("publish", 1, 2))
        index.switch(folder)
    except BaseException:
        if index.current_name() != folder.name:  # it may fail after the switch, when the generation is needed
            shutil.rmtree(folder, ignore_errors=True)
        raise
    index.remove_all_but(folder.name, previous.name if previous else None)
    reader.tell(Progress("publish", 2, 2))
    removed = len({d.id for d in previous.store.summaries} - reader.document_ids) if previous else 0
    return _report(
        reader, index, begun, sources, chunks=draft.chunks, draft=draft, published=True, removed=removed
    )


def _verify(folder: Path) -> None:
    generation = Generation(folder)
    try:
        generation.verify()
    finally:
        generation.close()


def _previous(index: Index) -> Generation | None:
    """The current generation if it can be read; a damaged one is replaced, not repaired."""
    try:
        return index.current()
    except IndexStateError:
        return None


def _same_model(generation: Generation, model: SpanEmbeddings) -> bool:
    try:
        generation.check_model(model.identity)
    except IndexMismatchError:
        return False
    return True


def _equal(previous: Generation, content_sha256: str, sources: list[SourceRecord]) -> bool:
    return previous.manifest.content_sha256 == content_sha256 and list(previous.manifest.sources) == sources


def _first_reason(reader: _Reader) -> str:
    if not reader.skipped:
        return "The folder is empty."
    return f"For example {reader.skipped[0].path}: {reader.skipped[0].reason}."


@contextmanager
def _writing(index: Index, data_dir: Path) -> Iterator[None]:
    """Hold the writer's lock, and say in one line that the disk is full or cannot be written."""
    try:
        with index.writing():
            yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(data_dir) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST):
            raise TutorError(
                f"{data_dir} cannot be written", help="Set TUTOR_DATA_DIR to a folder of yours."
            ) from error
        raise
    except (sqlite3.OperationalError, chromadb.errors.ChromaError) as error:
        if "disk is full" in str(error) or "No space left" in str(error):
            raise _disk_full(data_dir) from error
        raise


def _disk_full(data_dir: Path) -> TutorError:
    return TutorError(
        f"no space is left on the disk of {data_dir}", help="Free some, or set TUTOR_DATA_DIR elsewhere."
    )


def _report(
    reader: _Reader,
    index: Index,
    begun: float,
    sources: list[SourceRecord],
    *,
    chunks: int,
    draft: Draft | None = None,
    published: bool = False,
    dry_run: bool = False,
    removed: int = 0,
) -> IngestReport:
    return IngestReport(
        generation=index.current_name() or "",
        published=published,
        dry_run=dry_run,
        files=len(reader.files),
        documents=len(reader.document_ids),
        skipped=tuple(reader.skipped),
        chunks=chunks,
        embedded=draft.embedded if draft else 0,
        reused=draft.reused if draft else 0,
        removed=removed,
        seconds=round(time.perf_counter() - begun, 3),
        sources=tuple(source.path for source in sources),
    )
