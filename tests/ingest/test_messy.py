"""A folder of more than 300 mixed and partly broken files: each is read well or named with its reason, and twice the same.

`tools/messy_folder.py` writes the folder and says what has to become of each file.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tutor.config import Settings
from tutor.documents import Document, fold
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.testing import HashingEmbeddings
from tutor_ingest.load import SUFFIXES
from tutor_ingest.pipeline import ingest
from tutor_ingest.report import IngestReport

TOOLS = Path(__file__).resolve().parents[2] / "tools"
MOST_MEMORY = 200 * 1024**2  # bytes by which this process may grow; the largest file has 300 MiB

# Linux allows every name and kind of file there is; elsewhere the tool leaves some out, and these tests hold too.
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        sys.platform == "win32", reason="sparse files and links need more than a user may there"
    ),
]


@dataclass(frozen=True)
class Messy:
    """The folder's path, what is expected of its files, and the reports of two ingests."""

    settings: Settings
    expected: dict[str, Any]
    first: IngestReport
    second: IngestReport
    grown: int

    @property
    def folder(self) -> Path:
        return self.settings.corpus_dir

    def of(self, fate: str) -> dict[str, Any]:
        return {path: each for path, each in self.expected.items() if each.fate == fate}


@pytest.fixture(scope="module")
def write_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The tool, which is a script and in no package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOOLS))
        yield importlib.import_module("messy_folder").write_folder


@pytest.fixture(scope="module")
def messy(write_folder: Any, tmp_path_factory: pytest.TempPathFactory) -> Messy:
    root = tmp_path_factory.mktemp("messy")
    expected = write_folder(root / "folder")
    settings = Settings(corpus_dir=root / "folder", data_dir=root / "data")
    before = most_memory()
    first = run(settings)
    return Messy(settings, expected, first, run(settings), grown=most_memory() - before)


@pytest.fixture(scope="module")
def generation(messy: Messy) -> Iterator[Generation]:
    with closing(Index(messy.settings.data_dir).current()) as current:
        yield current


@pytest.fixture(scope="module")
def documents(generation: Generation) -> dict[str, Document]:
    return {each.path: generation.store.document(each.id) for each in generation.store.summaries}


def most_memory() -> int:
    """Bytes that this process has held at once, at most."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def run(settings: Settings) -> IngestReport:
    """With the real reader, in its child process."""
    return ingest(settings, embeddings=HashingEmbeddings())


def test_the_folder_is_large_and_mixed(messy: Messy) -> None:
    """More than 300 files, of every format and many kinds of damage."""
    files = [path for path in messy.folder.rglob("*") if not path.is_dir()]
    assert len(files) > 300
    assert {
        ".md",
        ".txt",
        ".html",
        ".pdf",
        ".docx",
        ".epub",
        ".xlsx",
        ".csv",
        ".tsv",
        ".ipynb",
        ".rst",
    } <= SUFFIXES
    kinds = Counter(Path(path).suffix for path in messy.of("read"))
    assert {
        ".md",
        ".txt",
        ".html",
        ".pdf",
        ".docx",
        ".epub",
        ".xlsx",
        ".csv",
        ".tsv",
        ".ipynb",
        ".rst",
    } <= set(kinds)
    assert {".srt", ".vtt", ".py", ".js", ".c", ".sql"} <= set(kinds)
    assert len({each.reason for each in messy.of("skipped").values()}) > 30


def test_every_file_is_read_or_named(messy: Messy, documents: dict[str, Document]) -> None:
    """No file is passed over in silence, and none is both."""
    skipped = [file.path for file in messy.first.skipped]
    assert sorted([*documents, *skipped]) == sorted([*messy.of("read"), *messy.of("skipped")])
    assert messy.first.files == messy.first.documents + len(skipped)


def test_what_is_skipped_is_skipped_for_its_reason(messy: Messy) -> None:
    """The report says what is wrong with each file, in words that fit it."""
    reasons = {file.path: file.reason for file in messy.first.skipped}
    wrong = {
        path: (reasons.get(path), each.reason)
        for path, each in messy.of("skipped").items()
        if each.reason not in reasons.get(path, "")
    }
    assert not wrong


def test_sentences_are_quotable_at_their_places(
    messy: Messy, generation: Generation, documents: dict[str, Document]
) -> None:
    """Each is a span of its own, word for word, at its page, row, time, cell, section or line."""
    wrong: list[tuple[str, str, str]] = []
    for path, each in messy.of("read").items():
        document = documents[path]
        places: dict[str, str] = {}
        for span in spans(generation, document):
            places.setdefault(fold(document.text[span.start : span.end]), document.locator(span.start))
        for sentence, place in each.quotable.items():
            found = places.get(fold(sentence))
            if found is None or place not in ("", found):
                wrong.append((path, sentence, f"{found} instead of {place}"))
    assert not wrong


def test_boilerplate_is_in_no_passage(
    messy: Messy, generation: Generation, documents: dict[str, Document]
) -> None:
    """Navigation, footers, licence headers, scripts and what code printed."""
    looked_for = {path: each.absent for path, each in messy.of("read").items() if each.absent}
    assert len(looked_for) > 50
    for path, absent in looked_for.items():
        chunks = [stored for _, stored in generation.store.chunks_of(documents[path].id)]
        shown = " ".join(fold(f"{chunk.lead} {chunk.text}") for chunk in chunks)
        assert chunks, path
        assert not [sentence for sentence in absent if sentence in shown], path
    assert messy.first.boilerplate > 20


def test_the_memory_of_this_process_does_not_grow_with_the_files(messy: Messy) -> None:
    """Neither bombs nor the sparse file come near it: files are read by the child, one at a time."""
    assert messy.grown < MOST_MEMORY


def test_a_second_ingest_changes_nothing(messy: Messy) -> None:
    """It reads no file, publishes nothing, and reports the same."""
    assert messy.first.published
    assert not messy.second.published
    assert messy.second.generation == messy.first.generation
    assert messy.second.skipped == messy.first.skipped
    assert (messy.second.unchanged, messy.second.embedded) == (messy.first.documents, 0)
    assert (messy.second.kept, messy.second.removed, messy.second.moved) == ((), 0, 0)


def test_the_same_seed_writes_the_same_bytes(write_folder: Any, messy: Messy, tmp_path: Path) -> None:
    """And another one other texts, so that no file is tuned for."""
    expected = write_folder(tmp_path / "again")
    assert expected == messy.expected
    for path in messy.folder.rglob("*"):
        if (
            path.is_file()
            and not path.is_symlink()
            and path.stat().st_size < 2**20
            and os.access(path, os.R_OK)
        ):
            assert (tmp_path / "again" / path.relative_to(messy.folder)).read_bytes() == path.read_bytes(), (
                path
            )


def test_a_third_ingest_does_what_has_changed_and_no_more(messy: Messy, tmp_path: Path) -> None:
    """Touched files are as before; moved, changed, broken, mended, new and removed ones are each counted once."""
    settings = Settings(corpus_dir=tmp_path / "folder", data_dir=tmp_path / "data")
    shutil.copytree(messy.folder / "notes", settings.corpus_dir)
    (settings.corpus_dir / "hurt.epub").write_bytes(b"PK no more")
    first = run(settings)
    (skip,) = first.skipped
    folder = settings.corpus_dir
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    (folder / "docx note 0.docx").rename(folder / "moved.docx")
    (folder / "xlsx note 0.xlsx").unlink()
    (folder / "pdf note 0.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    shutil.copy(folder / "epub note 0.epub", folder / "hurt.epub")
    (folder / "md note 0.md").write_text("# New\n\nThe committee counted seventeen lighthouses.\n")
    (folder / "new.txt").write_text("The lighthouse keeper wrote nothing down.\n")
    report = run(settings)
    assert skip.path == "hurt.epub"
    assert [file.path for file in report.skipped] == ["pdf note 0.pdf"]
    assert report.published
    # Two gone (the workbook, the broken PDF), two new (the mended book, the text), one changed, one moved.
    assert (report.documents, report.moved, report.unchanged) == (first.documents, 1, first.documents - 4)
    assert 2 <= report.embedded < 12
    assert not run(settings).published


def spans(generation: Generation, document: Document) -> list[Any]:
    rows = [stored.row for _, stored in generation.store.chunks_of(document.id)]
    return generation.store.spans(rows)
