"""From folders to a published generation, and nothing lost on the way."""

from __future__ import annotations

import errno
import os
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import chromadb.errors
import numpy as np
import pytest

from tutor.config import Settings
from tutor.documents import Chunk, Document, embedded_text
from tutor.embedding import CharRange, EmbeddingIdentity, Vectors
from tutor.errors import IndexLockedError, IndexMismatchError, ReadError, SourceError, TutorError
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.index.manifest import load_manifest, manifest_sha256
from tutor.index.pointer import Entry, Pointer, write_pointer
from tutor.testing import SMALL_CORPUS, HashingEmbeddings, small_settings, write_corpus
from tutor_ingest import pipeline
from tutor_ingest.load import LoadAll, Request, in_process
from tutor_ingest.pipeline import ingest
from tutor_ingest.report import STEPS, IngestReport, Progress

LONG = "# Long\n\n" + " ".join(
    f"Sentence number {i} tells something about gradient descent." for i in range(90)
)


class FailingEmbeddings(HashingEmbeddings):
    """Raises an error at the first text after the first n."""

    def __init__(self, after: int, error: BaseException) -> None:
        super().__init__()
        self._after = after
        self._error = error

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[CharRange]]
    ) -> tuple[Vectors, list[Vectors]]:
        if self.texts_embedded + len(texts) > self._after:
            raise self._error
        return super().embed_spans(texts, spans)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = small_settings(tmp_path)
    write_corpus(made.corpus_dir)
    return made


def run(settings: Settings, *paths: Path, **options: Any) -> IngestReport:
    return ingest(settings, paths, **({"embeddings": HashingEmbeddings(), "loader": in_process} | options))


def generation(settings: Settings) -> closing[Generation]:
    return closing(Index(settings.data_dir).current())


def paths(settings: Settings) -> list[str]:
    with generation(settings) as current:
        return [document.path for document in current.store.summaries]


def files_below(folder: Path) -> dict[str, bytes]:
    """Contents by path."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# --- Publishing ---


def test_a_corpus_becomes_a_generation(settings: Settings) -> None:
    """The report says what was done, and what it says is there."""
    report = run(settings)
    assert (report.generation, report.published, report.dry_run) == ("000001", True, False)
    assert (report.files, report.documents, report.skipped, report.removed) == (3, 3, (), 0)
    assert report.embedded == report.chunks > 5
    assert report.sources == (str(settings.corpus_dir),)
    assert paths(settings) == sorted(SMALL_CORPUS)
    with generation(settings) as current:
        current.verify()
        assert current.manifest.counts.chunks == report.chunks


def test_every_chunk_and_span_is_a_slice_of_its_document(settings: Settings) -> None:
    """Offsets are those of the stored text."""
    run(settings)
    with generation(settings) as current:
        for chunk in current.store.all_chunks():
            text = current.store.document(chunk.document_id).text
            assert text[chunk.start : chunk.end] == chunk.text
            for span in current.store.spans([chunk.row]):
                assert chunk.start <= span.start < span.end <= chunk.end


def test_no_chunk_is_longer_than_the_model_reads(settings: Settings) -> None:
    """As it is embedded, with title, headings and lead."""
    write_corpus(
        settings.corpus_dir,
        {"long.md": LONG, "table.md": "# T\n\n| a | b |\n|--|--|\n" + "| cell | other |\n" * 300},
    )
    run(settings)
    fake = HashingEmbeddings()
    with generation(settings) as current:
        for c in current.store.all_chunks():
            chunk = Chunk(c.document_id, 0, c.text, c.start, c.end, c.heading_path, (), c.lead)
            title = current.store.document(c.document_id).title
            assert fake.count_tokens([embedded_text(title, chunk)])[0] <= fake.max_tokens


def test_progress_tells_every_phase_to_its_end(settings: Settings) -> None:
    """Files are read, chunks embedded, the generation published; within a phase the count never falls."""
    told: list[Progress] = []
    report = run(settings, progress=told.append)
    assert tuple(p.path for p in told if p.phase == "publish") == STEPS
    totals = {"check": report.files, "read": report.files, "embed": report.chunks, "publish": len(STEPS) - 1}
    for phase, total in totals.items():
        counts = [p.done for p in told if p.phase == phase]
        assert counts == sorted(counts)
        assert counts[-1] == total


# --- Again ---


def test_an_unchanged_corpus_publishes_and_embeds_nothing(settings: Settings) -> None:
    """The index is the same to the byte, and no new folder stays."""
    run(settings)
    before, fake = files_below(settings.data_dir), HashingEmbeddings()
    report = run(settings, embeddings=fake)
    assert (report.published, report.embedded, report.generation) == (False, 0, "000001")
    assert report.reused == report.chunks
    assert fake.texts_embedded == 0
    assert files_below(settings.data_dir) == before


def test_a_changed_file_embeds_its_changed_chunks_only(settings: Settings) -> None:
    """One section of one document was edited."""
    run(settings)
    north = settings.corpus_dir / "north.md"
    north.write_text(north.read_text().replace("6–8 months", "5–7 months"))
    report = run(settings)
    assert report.published
    assert (report.embedded, report.reused) == (1, report.chunks - 1)
    with generation(settings) as current:
        assert current.lexical.frequency("5")
        assert any("5–7 months" in chunk.text for chunk in current.store.all_chunks())


def test_a_file_that_is_gone_leaves_the_index(settings: Settings) -> None:
    """Nothing of it is found any more."""
    run(settings)
    (settings.corpus_dir / "south.md").unlink()
    report = run(settings)
    assert (report.removed, report.embedded, report.documents) == (1, 0, 2)
    assert paths(settings) == ["glossary.txt", "north.md"]
    with generation(settings) as current:
        assert not current.lexical.frequency("norway")


def test_a_renamed_file_keeps_its_vectors(settings: Settings) -> None:
    """Another path is another document with the same contents: nothing is embedded."""
    run(settings)
    (settings.corpus_dir / "south.md").rename(settings.corpus_dir / "new-south.md")
    report = run(settings)
    assert (report.published, report.embedded, report.moved, report.removed) == (True, 0, 1, 0)
    assert "new-south.md" in paths(settings)


def test_an_unchanged_corpus_is_neither_read_nor_does_it_need_the_model(settings: Settings) -> None:
    """The hashes of the files are enough; the report is that of the ingest before."""

    class Unloaded(HashingEmbeddings):
        @property
        def max_tokens(self) -> int:  # type: ignore[override]  # an attribute of the fake
            raise AssertionError("the model is loaded")

        embed_query = embed_question = embed_spans = count_tokens = max_tokens  # type: ignore[assignment]  # none may be called

    @contextmanager
    def no_loader() -> Iterator[LoadAll]:
        raise AssertionError("files are read")
        yield

    (settings.corpus_dir / "bad.md").write_text("")
    first = run(settings)
    again = run(settings, embeddings=Unloaded(), loader=no_loader)
    assert (again.published, again.unchanged, again.documents) == (False, 3, 3)
    assert (again.skipped, again.files, again.chunks) == (first.skipped, 4, first.chunks)


def test_only_changed_files_are_read(settings: Settings) -> None:
    """What is taken over is what was read before, down to its place in the order of documents."""
    asked: list[str] = []

    @contextmanager
    def watched() -> Iterator[LoadAll]:
        with in_process() as load_all:

            def watch(requests: Iterable[Request]) -> Iterator[Document | ReadError]:
                requests = list(requests)
                asked.extend(request.relative for request in requests)
                return load_all(requests)

            yield watch

    run(settings)
    (settings.corpus_dir / "bad.pdf").write_bytes(b"%PDF nonsense")
    (settings.corpus_dir / "north.md").write_text("# North\n\nSomething else.\n")
    report = run(settings, loader=watched)
    assert asked == ["bad.pdf", "north.md"]
    assert (report.unchanged, report.documents, len(report.skipped)) == (2, 3, 1)
    asked.clear()
    assert run(settings, loader=watched, reread=True).unchanged == 0
    assert asked == ["bad.pdf", "glossary.txt", "north.md", "south.md"]
    with generation(settings) as taken:
        paths_in_order = [taken.store.document(id_).path for id_ in taken.store.document_ids()]
        assert paths_in_order == ["glossary.txt", "north.md", "south.md"]


def test_an_incremental_index_is_the_one_that_would_be_built_from_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    """Contents, order and vectors: whichever way it came to be."""
    run(settings)
    (settings.corpus_dir / "south.md").rename(settings.corpus_dir / "aaa.md")
    write_corpus(settings.corpus_dir, {"new.md": "# New\n\nNew text.\n"})
    run(settings)
    fresh = Settings(corpus_dir=settings.corpus_dir, data_dir=tmp_path / "fresh")
    run(fresh)
    with generation(settings) as grown, generation(fresh) as built:
        assert grown.manifest.content_sha256 == built.manifest.content_sha256
        assert list(grown.store.all_chunks()) == list(built.store.all_chunks())
        assert (grown.chunk_vectors == built.chunk_vectors).all()
        assert (grown.span_vectors == built.span_vectors).all()
        assert grown.store.files() == built.store.files()


def test_a_file_that_cannot_be_opened_now_stays_as_it_was(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share that is away for a moment does not empty the index; the report says so each time."""
    run(settings)
    real = Path.open

    def locked(self: Path, *args: Any, **options: Any) -> Any:
        if self.name == "south.md":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", locked)
        report = run(settings)
        assert [(kept.path, kept.reason) for kept in report.kept] == [
            ("south.md", "cannot be opened: Permission denied")
        ]
        assert (report.published, report.skipped, report.removed) == (False, (), 0)
        (settings.corpus_dir / "north.md").write_text("# North\n\nSomething else.\n")
        assert run(settings).published
    assert "south.md" in paths(settings)
    assert run(settings).kept == ()


@pytest.mark.parametrize("where", ["", "inner"])
def test_what_a_folder_held_that_cannot_be_listed_now_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """A share that is away for a moment does not empty the index, also where the whole of it is away."""
    write_corpus(settings.corpus_dir, {"inner/a.md": "# A\n\nText.\n", "inner/b.md": "# B\n\nMore.\n"})
    run(settings)
    real, away = os.scandir, settings.corpus_dir / where

    def locked(path: Any) -> Any:
        if not isinstance(path, int) and Path(path) == away:  # rmtree lists by number
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", locked)
        report = run(settings)
        kept = {"inner/a.md", "inner/b.md"} if where else {*SMALL_CORPUS, "inner/a.md", "inner/b.md"}
        assert {each.path for each in report.kept} == kept
        folder = where or "."
        reason = "is a folder that cannot be listed: Permission denied"
        assert [(each.path, each.reason) for each in report.skipped] == [(folder, reason)]
        assert {each.reason for each in report.kept} == {f"{folder} {reason}"}
        assert (report.documents, report.removed, report.embedded) == (5, 0, 0)
        assert not run(settings).published
    report = run(settings)
    assert (report.kept, report.skipped, report.documents, report.removed) == ((), (), 5, 0)
    (settings.corpus_dir / "inner" / "a.md").unlink()
    assert run(settings).removed == 1


def test_what_an_archive_held_that_cannot_be_opened_now_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are documents of their own, and none of them is lost."""
    with zipfile.ZipFile(settings.corpus_dir / "more.zip", "w") as made:
        made.writestr("a.md", "# A\n\nText.\n")
    run(settings)
    real = Path.open

    def locked(self: Path, *args: Any, **options: Any) -> Any:
        if self.name == "more.zip":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", locked)
        report = run(settings)
        assert [(each.path, each.reason) for each in report.kept] == [
            ("more.zip/a.md", "more.zip cannot be opened: Permission denied")
        ]
        assert report.removed == 0
    (settings.corpus_dir / "more.zip").unlink()
    assert run(settings).removed == 1


def test_a_copy_moved_and_a_copy_left_behind_count_once_each(settings: Settings) -> None:
    """Of two equal files one moves and one goes."""
    text = (settings.corpus_dir / "south.md").read_text()
    (settings.corpus_dir / "copy.md").write_text(text)
    run(settings)
    (settings.corpus_dir / "south.md").unlink()
    (settings.corpus_dir / "copy.md").rename(settings.corpus_dir / "moved.md")
    report = run(settings)
    assert (report.moved, report.removed, report.embedded) == (1, 1, 0)


def test_what_many_files_begin_or_end_with_is_no_passage(settings: Settings) -> None:
    """A footer stays in the text that is shown, but is neither embedded nor found."""
    footer = "Copyright the Wombat Collective, reproduced under the terms of its licence."
    pages = {f"p{i}.md": f"# Page {i}\n\nPage {i} tells about topic {i}.\n\n{footer}\n" for i in range(6)}
    write_corpus(settings.corpus_dir, pages)
    report = run(settings)
    assert report.boilerplate == 6
    with generation(settings) as current:
        assert not current.lexical.frequency("wombat")
        (page,) = [d for d in current.store.summaries if d.path == "p3.md"]
        assert footer in current.store.document(page.id).text
    for i in range(5):
        (settings.corpus_dir / f"p{i}.md").unlink()
    report = run(settings)
    assert (report.boilerplate, report.embedded) == (0, 1)
    with generation(settings) as current:
        assert current.lexical.frequency("wombat") == 1


def test_other_versions_of_the_code_do_their_part_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another splitter divides again, another reader reads again; equal chunks keep their vectors either way."""
    run(settings)
    for change in ({"splitter": 99}, {"splitter": 99, "readers": 99}):
        monkeypatch.setattr(pipeline, "VERSIONS", pipeline.VERSIONS.model_copy(update=change))
        report = run(settings)
        assert (report.published, report.embedded) == (True, 0)
        assert report.unchanged == (0 if "readers" in change else 3)
        assert not run(settings).published


def test_an_added_folder_stays_for_later_ingests(settings: Settings, tmp_path: Path) -> None:
    """It is added to what there was, and read again without being named."""
    run(settings)
    added = write_corpus(tmp_path / "added", {"more.md": "# More\n\nMore about transformers.\n"})
    assert run(settings, added).sources == (str(settings.corpus_dir), str(added))
    assert "more.md" in paths(settings)
    (added / "again.md").write_text("# Again\n\nAttention again.\n")
    report = run(settings)
    assert (report.published, report.embedded) == (True, 1)
    assert {"more.md", "again.md", "north.md"} <= set(paths(settings))


def test_replace_makes_the_named_folder_all_there_is(settings: Settings, tmp_path: Path) -> None:
    """What was there before is gone, and the report counts it."""
    run(settings)
    other = write_corpus(tmp_path / "other", {"only.md": "# Only\n\nOnly this.\n"})
    report = run(settings, other, replace=True)
    assert (report.sources, report.documents, report.removed) == ((str(other),), 1, 3)
    assert paths(settings) == ["only.md"]


def test_another_model_embeds_everything_anew(settings: Settings) -> None:
    """The command that the refusal names does what it says."""
    run(settings)
    other = HashingEmbeddings(dimension=64, name="other")
    report = run(settings, embeddings=other)
    assert (report.published, report.embedded, report.reused) == (True, report.chunks, 0)
    with generation(settings) as current:
        current.check_model(other.identity)


def test_another_text_analysis_computes_terms_anew_and_nothing_else(settings: Settings) -> None:
    """The index of a version before is not searched, but its documents and vectors are taken over."""
    run(settings)
    index = Index(settings.data_dir)
    folder = index.generations / "000001"
    manifest = load_manifest(folder)
    older = manifest.versions.model_copy(update={"terms": manifest.versions.terms - 1})
    manifest.model_copy(update={"versions": older}).save(folder)
    write_pointer(index.root, Pointer(Entry("000001", manifest_sha256(folder))))
    with pytest.raises(IndexMismatchError, match="another version"):
        index.current()
    report = run(settings)
    assert (report.published, report.embedded, report.unchanged) == (True, 0, 3)
    with generation(settings) as current:
        assert current.manifest.versions == manifest.versions


def test_a_model_that_gives_other_vectors_is_found_out_by_reading_again(settings: Settings) -> None:
    """Name, hash and dimension agree: the command that the refusal names computes all of them anew."""

    class Drifted(HashingEmbeddings):
        def _vector(self, text: str) -> Vectors:
            vector = super()._vector(text) + 0.05
            return np.asarray(vector / np.linalg.norm(vector), np.float32)

    run(settings)
    with generation(settings) as current, pytest.raises(IndexMismatchError) as caught:
        current.check_canaries(Drifted())
    assert "tutor ingest --reread" in caught.value.help
    report = run(settings, embeddings=Drifted(), reread=True)
    assert (report.published, report.embedded) == (True, report.chunks)
    with generation(settings) as current:
        current.check_canaries(Drifted())


def test_a_model_whose_weights_no_hash_vouches_for_is_tried_each_time(settings: Settings) -> None:
    """A hub id may give other weights tomorrow."""

    class Hub(HashingEmbeddings):
        def __init__(self, drift: float) -> None:
            super().__init__()
            self.identity = EmbeddingIdentity("hub/id", "", 256)
            self.drift = drift

        def _vector(self, text: str) -> Vectors:
            vector = super()._vector(text) + self.drift
            return np.asarray(vector / np.linalg.norm(vector), np.float32)

    run(settings, embeddings=Hub(0.0))
    assert not run(settings, embeddings=Hub(0.0)).published
    report = run(settings, embeddings=Hub(0.05))
    assert (report.published, report.embedded) == (True, report.chunks)


def test_two_roots_with_one_name_live_side_by_side(settings: Settings, tmp_path: Path) -> None:
    """Equal relative paths in folders of equal names, also when the name is `corpus`."""
    roots = [
        write_corpus(tmp_path / p, {"a.md": f"# {p[0]}\n\nText {p[0]}.\n"})
        for p in ("x/notes", "y/notes", "z/corpus")
    ]
    for root in roots:
        run(settings, root)
    assert paths(settings).count("a.md") == 3


def test_a_damaged_index_is_replaced(settings: Settings) -> None:
    """The command that the damage names does what it says."""
    run(settings)
    (settings.data_dir / "index" / "generations" / "000001" / "store.sqlite").write_bytes(b"")
    report = run(settings)
    assert (report.published, report.embedded) == (True, report.chunks)
    with generation(settings) as current:
        current.verify()


# --- What cannot be read ---


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("bad.pdf", b"%PDF-1.7 nonsense", "not a readable PDF"),
        ("bad.xyz", b"x", "no reader"),
        ("empty.md", b"", "is empty"),
        ("marks.md", b"***\n\n---\n", "nothing to quote"),
        ("title.md", b"---\ntitle: " + b"word " * 600 + b"\n---\n\nText.\n", "title takes"),
        ("half.md", b'---\ntitle: "A \\ud83d"\n---\n\nText.\n', "surrogate"),
    ],
)
def test_a_broken_file_is_named_with_its_reason_and_the_rest_goes_on(
    settings: Settings, name: str, content: bytes, reason: str
) -> None:
    """One bad file never ends an ingest."""
    (settings.corpus_dir / name).write_bytes(content)
    report = run(settings)
    assert [skipped.path for skipped in report.skipped] == [name]
    assert reason in report.skipped[0].reason
    assert (report.files, report.documents, report.published) == (4, 3, True)


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_file_whose_name_is_no_unicode_does_not_end_an_ingest(settings: Settings) -> None:
    """It is read under a name that can be shown, or skipped under it when its title would be its name."""
    for name, text in ((b"\xff.md", "# Title\n\nText.\n"), (b"\xfe.txt", "Text without a title.\n")):
        Path(os.fsdecode(os.fsencode(settings.corpus_dir) + b"/" + name)).write_text(text)
    report = run(settings)
    assert report.published
    report.model_dump_json()
    assert "?.md" in paths(settings)


def test_ignored_and_hidden_files_are_not_read(settings: Settings) -> None:
    """They are not in the report either."""
    write_corpus(
        settings.corpus_dir,
        {".tutorignore": "drafts/\n", "drafts/d.md": "# D\n\nDraft.\n", ".h.md": "# H\n\nHidden.\n"},
    )
    report = run(settings)
    assert (report.files, report.skipped) == (3, ())


@pytest.mark.parametrize("documents", [{}, {"a.xyz": "x", "b.md": ""}])
def test_nothing_to_read_is_an_error_and_the_old_index_stays(
    settings: Settings, tmp_path: Path, documents: dict[str, str]
) -> None:
    """An empty folder must not empty the index."""
    run(settings)
    before = files_below(settings.data_dir)
    (tmp_path / "none").mkdir()
    with pytest.raises(SourceError, match="none of the files") as caught:
        run(settings, write_corpus(tmp_path / "none", documents), replace=True)
    assert caught.value.help
    assert files_below(settings.data_dir) == before


def test_a_source_that_is_gone_is_an_error_and_the_old_index_stays(settings: Settings) -> None:
    """A disk that is not mounted must not empty the index."""
    run(settings)
    settings.corpus_dir.rename(settings.corpus_dir.with_name("elsewhere"))
    with pytest.raises(SourceError, match="does not exist"):
        run(settings)
    assert paths(settings) == sorted(SMALL_CORPUS)


def test_a_dry_run_writes_nothing(settings: Settings, tmp_path: Path) -> None:
    """It reads and splits, and counts what an ingest would; before the first ingest and after."""
    (settings.corpus_dir / "bad.xyz").write_text("x")
    report = run(settings, dry_run=True)
    assert not settings.data_dir.exists()
    assert (report.dry_run, report.published, report.generation, report.documents) == (True, False, "", 3)
    real = run(settings)
    assert (report.chunks, report.skipped) == (real.chunks, real.skipped)
    before = files_below(tmp_path)
    again = run(settings, write_corpus(tmp_path / "x", {"x.md": "# X\n\nX.\n"}), dry_run=True)
    assert (again.documents, again.embedded, again.generation) == (4, 0, "000001")
    (tmp_path / "x" / "x.md").unlink()
    assert files_below(tmp_path) == before


# --- Failures ---


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", [0, 256])
def test_a_failure_in_the_middle_leaves_the_old_generation_serving(
    settings: Settings, error: BaseException, after: int
) -> None:
    """No folder stays behind, a reader notices nothing, and the next ingest of the same process works."""
    run(settings)
    index = Index(settings.data_dir)
    held = index.current()
    write_corpus(settings.corpus_dir, {f"{i}.md": f"# {i}\n\nText {i}.\n" for i in range(300)})
    with pytest.raises(type(error)):
        run(settings, embeddings=FailingEmbeddings(after, error))
    assert [p.name for p in index.generations.iterdir()] == ["000001"]
    assert index.current() is held
    assert held.dense(HashingEmbeddings().embed_query("roadmap"), 3)
    assert run(settings).generation == "000002"
    index.close()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        sqlite3.OperationalError("database or disk is full"),
        chromadb.errors.InternalError("error returned from database: (code: 13) database or disk is full"),
    ],
)
def test_a_full_disk_is_one_clear_line(settings: Settings, error: Exception) -> None:
    """From whichever library it comes, it names the folder and the setting; the old index serves on."""
    run(settings)
    (settings.corpus_dir / "new.md").write_text("# New\n\nNew text.\n")
    with pytest.raises(TutorError, match="no space is left") as caught:
        run(settings, embeddings=FailingEmbeddings(0, error))
    assert str(settings.data_dir) in caught.value.line
    assert "TUTOR_DATA_DIR" in caught.value.line
    assert "\n" not in caught.value.line
    assert paths(settings) == sorted(SMALL_CORPUS)
    assert run(settings).published


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "Input/output error"), sqlite3.OperationalError("near FROM: syntax error")]
)
def test_other_failures_keep_their_traceback(settings: Settings, error: Exception) -> None:
    """What nobody can act on is a bug, and is not called a full disk."""
    with pytest.raises(type(error)) as caught:
        run(settings, embeddings=FailingEmbeddings(0, error))
    assert caught.value is error


def test_a_data_folder_that_cannot_be_made_is_one_clear_line(settings: Settings) -> None:
    """A file lies where the folder should be."""
    settings.data_dir.write_text("")
    with pytest.raises(TutorError, match="cannot be written") as caught:
        run(settings)
    assert "TUTOR_DATA_DIR" in caught.value.help


def fail_once_when(monkeypatch: pytest.MonkeyPatch, condition: Callable[[], bool]) -> None:
    """The first flush to disk after a condition holds fails."""
    real, failed = os.fsync, []

    def fsync(descriptor: int) -> None:
        if condition() and not failed:
            failed.append(True)
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_failure_before_the_switch_leaves_the_old_generation(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generation that could not be flushed is never pointed to."""
    run(settings)
    (settings.corpus_dir / "new.md").write_text("# New\n\nNew text.\n")
    fail_once_when(monkeypatch, lambda: True)
    with pytest.raises(OSError, match="Input/output"):
        run(settings)
    assert paths(settings) == sorted(SMALL_CORPUS)
    assert [p.name for p in Index(settings.data_dir).generations.iterdir()] == ["000001"]


def test_a_failure_after_the_switch_leaves_the_new_generation(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the pointer names it, the new generation is not cleared away."""
    run(settings)
    (settings.corpus_dir / "new.md").write_text("# New\n\nNew text.\n")
    fail_once_when(monkeypatch, lambda: Index(settings.data_dir).current_name() == "000002")
    with pytest.raises(OSError, match="Input/output"):
        run(settings)
    assert "new.md" in paths(settings)


def test_what_another_writer_published_meanwhile_is_not_lost(settings: Settings, tmp_path: Path) -> None:
    """What there was is read under the writer's lock: a second writer is refused before it looks."""
    run(settings)
    added = write_corpus(tmp_path / "added", {"more.md": "# More\n\nMore.\n"})
    refused: list[IndexLockedError] = []

    def interfere(progress: Progress) -> None:
        if progress.phase == "publish" and not refused:
            with pytest.raises(IndexLockedError) as caught:
                run(settings)
            refused.append(caught.value)

    run(settings, added, progress=interfere)
    assert refused
    assert "more.md" in paths(settings)
