"""From folders to a published generation: compare, read, split, embed, verify, switch.

The generation is built beside the current one; until the last step nobody sees it, and whatever goes wrong before,
the index stays as it was. Where no file has changed nothing is read, and not even the model is loaded.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor.config import Settings
from tutor.embedding import SpanEmbeddings, open_embeddings
from tutor.errors import IndexMismatchError, IndexStateError, SourceError, TutorError
from tutor.index import terms
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.index.manifest import SourceRecord, SplitterRecord, VersionsRecord
from tutor.index.store import StoredFile
from tutor.index.store_writer import StoreWriter
from tutor_ingest import load
from tutor_ingest import split as splitter
from tutor_ingest.changes import Changes, changes
from tutor_ingest.draft import Draft
from tutor_ingest.load import LoadAll, Loader, isolated
from tutor_ingest.reading import TARGET_TOKENS, Reading
from tutor_ingest.repeated import Repeated
from tutor_ingest.report import STEPS, IngestReport, Progress, Skipped
from tutor_ingest.sources import files, resolve

VERSIONS = VersionsRecord(terms=terms.VERSION, readers=load.VERSION, splitter=splitter.VERSION)

Tell = Callable[[Progress], None]


def ingest(
    settings: Settings,
    paths: Sequence[Path] = (),
    *,
    embeddings: SpanEmbeddings | None = None,
    progress: Tell = lambda progress: None,
    dry_run: bool = False,
    replace: bool = False,
    reread: bool = False,
    loader: Loader = isolated,
) -> IngestReport:
    """Bring the index up to date with its sources and report what was done.

    Without `paths` the corpus of the settings and everything added before is compared again; `paths` are added to that,
    or with `replace` become all there is. With `dry_run` files are read and split, nothing is written; with `reread`
    files are read again though they have not changed. `loader` reads files, by default in a child process with limits
    of time and memory. Raises SourceError if there is nothing to read, IndexLockedError if another process writes.
    """
    begun = time.perf_counter()
    index = Index(settings.data_dir)
    model = embeddings or open_embeddings(settings)
    previous: Generation | None = None
    try:
        # The lock comes first: what the generation before holds must not change until the next is published.
        with nullcontext() if dry_run else _writing(index, settings.data_dir):
            previous = _current(index)
            sources = resolve(settings.corpus_dir, paths, index.known_sources(), replace=replace)
            found = files(sources)
            before = _Before(previous, model, reread)
            changed = changes(
                found, before.files, lambda done, path: progress(Progress("check", done, len(found), path))
            )
            progress(Progress("check", len(found), len(found)))
            run = _Run(index, before, changed, sources, model, progress, begun)
            if not dry_run and run.is_current():
                return run.unchanged()
            with loader() as load_all:
                return run.dry(load_all) if dry_run else run.write(load_all)
    finally:
        index.close()
        if previous:
            previous.close()


class _Before:
    """The generation before, and how far it can be used again."""

    def __init__(self, generation: Generation | None, model: SpanEmbeddings, reread: bool) -> None:
        self.generation = generation
        self.same_model = self.same_chunks = False
        self.files: dict[str, StoredFile] = {}
        if generation is None:
            return
        manifest = generation.manifest
        made_by, target = manifest.versions, manifest.splitter.target_tokens
        self.same_model = _same_model(generation, model, thorough=reread)
        self.same_chunks = self.same_model and (made_by.splitter, target) == (
            VERSIONS.splitter,
            TARGET_TOKENS,
        )
        if made_by.readers == VERSIONS.readers and not reread:
            self.files = generation.store.files()


@dataclass(slots=True)
class _Run:
    """One ingest: what it works on, and its report."""

    index: Index
    before: _Before
    changed: Changes
    sources: list[SourceRecord]
    model: SpanEmbeddings
    tell: Tell
    begun: float

    def is_current(self) -> bool:
        """Whether the index is already what this ingest would make it."""
        generation = self.before.generation
        return (
            generation is not None
            and self.before.same_chunks
            and generation.manifest.versions == VERSIONS
            and not self.index.problem
            and self.changed.files == self.before.files
            and list(generation.manifest.sources) == self.sources
        )

    def unchanged(self) -> IngestReport:
        """Nothing to do: the report is that of the generation before."""
        generation = self.before.generation
        assert generation is not None
        counts = generation.manifest.counts
        self.index.tidy()
        return self._report(
            self.changed.files, documents=counts.documents, chunks=counts.chunks, reused=counts.chunks,
            unchanged=counts.documents,
        )  # fmt: skip

    def dry(self, load_all: LoadAll) -> IngestReport:
        """Read and split into a temporary folder, keep nothing."""
        old, chunks = self.before.generation, 0
        with (
            tempfile.TemporaryDirectory(prefix="tutor-") as folder,
            closing(StoreWriter(Path(folder) / "dry.sqlite")) as store,
            Repeated() as repeated,
        ):
            reading = self._reading(store, repeated)
            reading.gather(load_all, self._tell_read)
            for divided in reading.divided(self.model):
                same = old.store.chunks_of(divided.document.id) if old and divided.chunks is None else ()
                chunks += len(same if divided.chunks is None else {chunk.id for chunk in divided.chunks})
            return self._report(
                store.files(), documents=store.documents, chunks=chunks, dry_run=True, boilerplate=reading.boilerplate,
                unchanged=len(self.changed.unchanged & set(store.document_ids())),
            )  # fmt: skip

    def write(self, load_all: LoadAll) -> IngestReport:
        """Build a generation, verify it and publish it."""
        self.index.tidy()
        folder = self.index.new_folder()
        try:
            draft, known, boilerplate = self._build(folder, load_all)
            self._step("verify")
            with closing(Generation(folder)) as generation:
                generation.verify()
                documents = generation.store.hashes()
            self.index.switch(folder, self._step)
        except BaseException:
            if self.index.current_name() != folder.name:  # it may fail after the switch, when it is needed
                shutil.rmtree(folder, ignore_errors=True)
            raise
        self._step("tidy")
        self.index.tidy()
        self._step("done")
        old = self.before.generation.store.hashes() if self.before.generation else {}
        gone = [digest for id_, digest in old.items() if id_ not in documents]
        came = [digest for id_, digest in documents.items() if id_ not in old]
        moved = len(came) - len(_without(came, gone))
        return self._report(
            known, documents=len(documents), chunks=draft.chunks, embedded=draft.embedded, reused=draft.reused,
            published=True, moved=moved, removed=len(gone) - moved, boilerplate=boilerplate,
            unchanged=len(self.changed.unchanged & documents.keys()),
        )  # fmt: skip

    def _build(self, folder: Path, load_all: LoadAll) -> tuple[Draft, dict[str, StoredFile], int]:
        previous = self.before.generation if self.before.same_model else None
        draft = Draft(
            folder, self.model, previous, lambda done: self.tell(Progress("embed", done, draft.chunks))
        )
        try:
            with Repeated() as repeated:
                reading = self._reading(draft.store, repeated)
                reading.gather(load_all, self._tell_read)
                for divided in reading.divided(self.model):
                    if divided.chunks is None:
                        draft.copy(divided.document, divided.hidden)
                    else:
                        draft.add(divided.document, divided.chunks, divided.hidden)
            known = draft.store.files()
            if not draft.store.documents:
                raise SourceError("none of the files could be read", help=_first_reason(known))
            draft.finish(self._splitter(), VERSIONS, tuple(self.sources), self._step)
        except BaseException:
            draft.abandon()
            raise
        return draft, known, reading.boilerplate

    def _reading(self, store: StoreWriter, repeated: Repeated) -> Reading:
        before = self.before.generation.store if self.before.generation and self.before.files else None
        return Reading(store, self.changed, before, self.before.same_chunks, repeated)

    def _splitter(self) -> SplitterRecord:
        """As before where the model is the same, which then need not be loaded to be asked."""
        old = self.before.generation
        if old is not None and self.before.same_chunks:
            return old.manifest.splitter
        return SplitterRecord(max_tokens=self.model.max_tokens, target_tokens=TARGET_TOKENS)

    def _tell_read(self, done: int, total: int, path: str) -> None:
        self.tell(Progress("read", done, total, path))

    def _step(self, name: str) -> None:
        self.tell(Progress("publish", STEPS.index(name), len(STEPS) - 1, name))

    def _report(self, known: dict[str, StoredFile], **counted: Any) -> IngestReport:
        by_id = self.changed.files
        values: dict[str, Any] = {
            "published": False,
            "dry_run": False,
            "embedded": 0,
            "reused": 0,
            "removed": 0,
        }
        return IngestReport(
            generation=self.index.current_name() or "",
            files=len(known),
            skipped=tuple(Skipped(path=f.path, reason=f.reason) for f in known.values() if f.reason),
            kept=tuple(Skipped(path=by_id[id_].path, reason=why) for id_, why in self.changed.kept.items()),
            seconds=time.perf_counter() - self.begun,
            sources=tuple(source.path for source in self.sources),
            **(values | counted),
        )


def _without(came: list[str], gone: list[str]) -> list[str]:
    """What is left of one list of hashes when those of another are taken from it, each once."""
    left = list(came)
    for digest in gone:
        if digest in left:
            left.remove(digest)
    return left


def _current(index: Index) -> Generation | None:
    """The current generation, or the one before if that is damaged; None if none can be read.

    One whose terms were made by another version cannot be searched, but all else in it can be taken over.
    """
    try:
        return index.current()
    except IndexMismatchError:
        pointer = index.pointer
    except IndexStateError:
        return None
    try:
        entry = pointer.current if pointer else None
        return (
            Generation(index.generations / entry.name, entry.manifest_sha256, searching=False)
            if entry
            else None
        )
    except IndexStateError:
        return None


def _same_model(generation: Generation, model: SpanEmbeddings, *, thorough: bool) -> bool:
    """Whether the model made the vectors; it is tried only if asked for, or if no hash vouches for its weights."""
    try:
        generation.check_model(model.identity)
        if thorough or not model.identity.sha256:
            generation.check_canaries(model)
    except IndexMismatchError:
        return False
    return True


def _first_reason(known: dict[str, StoredFile]) -> str:
    first = next((file for file in known.values() if file.reason), None)
    return f"For example {first.path}: {first.reason}." if first else "The folder is empty."


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
    except Exception as error:
        # SQLite and Chroma say it in words, each in its own class of error.
        if "disk is full" in str(error) or "No space left" in str(error):
            raise _disk_full(data_dir) from error
        raise


def _disk_full(data_dir: Path) -> TutorError:
    return TutorError(
        f"no space is left on the disk of {data_dir}", help="Free some, or set TUTOR_DATA_DIR elsewhere."
    )
