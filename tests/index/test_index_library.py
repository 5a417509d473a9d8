"""The index of a data folder: one pointer, one writer, the generation before kept."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tutor.config import Settings
from tutor.errors import IndexDamagedError, IndexLockedError, NoIndexError
from tutor.index.generation import Generation
from tutor.index.library import POINTER, Index
from tutor.testing import HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.pipeline import ingest

HOLD_THE_LOCK = """
import sys
from pathlib import Path
from tutor.index.library import Index
with Index(Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = small_settings(tmp_path)
    write_corpus(made.corpus_dir)
    return made


@pytest.fixture
def index(settings: Settings) -> Iterator[Index]:
    opened = Index(settings.data_dir)
    yield opened
    opened.close()


def publish(settings: Settings, text: str) -> str:
    """Change the corpus and ingest it; returns the new generation's name."""
    (settings.corpus_dir / "new.md").write_text(f"# New\n\n{text}\n")
    report = ingest(settings, embeddings=HashingEmbeddings())
    assert report.published
    return report.generation


def names(index: Index) -> list[str]:
    return sorted(path.name for path in index.generations.iterdir())


def test_before_the_first_ingest_there_is_no_index(index: Index) -> None:
    """The error names the folder and the command; asking writes nothing."""
    assert index.current_name() is None
    with pytest.raises(NoIndexError, match=str(index.root.parent)) as caught:
        index.current()
    assert "tutor ingest" in caught.value.help
    assert not index.root.exists()


def test_a_data_folder_that_is_a_file_holds_no_index(tmp_path: Path) -> None:
    """It is no crash for a reader."""
    (tmp_path / "data").write_text("")
    with pytest.raises(NoIndexError):
        Index(tmp_path / "data").current()


def test_the_current_generation_is_opened_once(settings: Settings, index: Index) -> None:
    """Until another is published every request gets the same one, from any thread."""
    publish(settings, "One.")
    with ThreadPoolExecutor(8) as pool:
        assert len({id(each) for each in pool.map(lambda _: index.current(), range(16))}) == 1


def test_a_reader_keeps_the_old_generation_and_the_next_request_gets_the_new(
    settings: Settings, index: Index
) -> None:
    """What was opened before a switch still searches and reads after it."""
    publish(settings, "The first text.")
    old = index.current()
    publish(settings, "The second text.")
    new = index.current()
    assert (old.name, new.name) == ("000001", "000002")
    assert not old.lexical.frequency("second")
    assert new.lexical.frequency("second")
    assert len(old.dense(HashingEmbeddings().embed_query("first"), 5)) == 5
    (document,) = [d for d in old.store.summaries if d.path == "new.md"]
    assert "The first text." in old.store.document(document.id).text


def test_closing_the_index_closes_what_it_opened(settings: Settings, index: Index) -> None:
    """It can be opened again afterwards."""
    publish(settings, "One.")
    first = index.current()
    index.close()
    index.close()
    assert index.current() is not first


def test_a_generation_that_was_replaced_goes_with_its_last_reader(settings: Settings, index: Index) -> None:
    """A server that sees many ingests does not gather their files."""
    fds = Path("/proc/self/fd")
    if not fds.is_dir():
        pytest.skip("open files are counted through /proc")
    counts = []
    for i in range(4):
        publish(settings, f"Text {i}.")
        index.current().dense(HashingEmbeddings().embed_query("text"), 3)
        gc.collect()
        counts.append(len(list(fds.iterdir())))
    assert counts[-1] <= counts[1] + 2


def test_the_generation_before_stays_and_older_ones_go(settings: Settings, index: Index) -> None:
    """After the third there are the second and the third, and both are whole."""
    for i in range(3):
        publish(settings, f"Text {i}.")
    assert names(index) == ["000002", "000003"]
    for name in names(index):
        generation = Generation(index.generations / name)
        generation.verify()
        generation.close()


def test_the_generation_before_survives_an_ingest_that_publishes_nothing(
    settings: Settings, index: Index
) -> None:
    """Neither an unchanged nor a failed ingest takes away what one could roll back to."""
    publish(settings, "One.")
    publish(settings, "Two.")
    assert not ingest(settings, embeddings=HashingEmbeddings()).published
    assert names(index) == ["000001", "000002"]


def test_leftovers_of_killed_writers_are_removed(settings: Settings, index: Index) -> None:
    """Half a generation, and a whole one that never became current, are gone after the next ingest."""
    publish(settings, "One.")
    (index.generations / "000002" / "chroma").mkdir(parents=True)
    (index.generations / "000009").mkdir()
    (index.generations / "000009" / "manifest.json").write_text("{}")
    ingest(settings, embeddings=HashingEmbeddings())
    assert names(index) == ["000001"]
    assert publish(settings, "Two.") == "000002"


def test_a_new_folder_is_numbered_after_the_newest(index: Index) -> None:
    """Numbers grow, also past a gap."""
    assert index.new_folder().name == "000001"
    (index.generations / "000041").mkdir()
    assert index.new_folder().name == "000042"


def test_the_pointer_is_never_half_written(index: Index) -> None:
    """Readers that poll while the pointer is switched back and forth see one name or the other, never none."""
    folders = [index.new_folder(), index.new_folder()]
    index.switch(folders[0])

    def switch() -> None:
        for turn in range(60):
            index.switch(folders[turn % 2])

    seen = set()
    with ThreadPoolExecutor(1) as pool:
        switching = pool.submit(switch)
        while not switching.done():
            seen.add(index.current_name())
        switching.result()
    assert seen <= {"000001", "000002"}
    assert not (index.root / f"{POINTER}.new").exists()


def test_everything_is_on_disk_before_the_pointer_moves(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file and folder of the generation is flushed first, the pointer next, the folder that holds it last."""
    folder = index.new_folder()
    (folder / "chroma").mkdir()
    (folder / "chroma" / "data").write_text("x")
    flushed: list[tuple[str, str | None]] = []
    real = os.fsync

    def record(descriptor: int) -> None:
        flushed.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, index.current_name()))
        real(descriptor)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("open files are named through /proc")
    monkeypatch.setattr(os, "fsync", record)
    index.switch(folder)
    before = [name for name, current in flushed if current is None]
    assert {"data", "chroma", folder.name, "generations"} <= set(before)
    assert before[-1] == f"{POINTER}.new"
    assert flushed[-1] == ("index", folder.name)


def test_a_current_generation_that_is_gone_is_damage(settings: Settings, index: Index) -> None:
    """The pointer names a folder that somebody removed: the error says so, and the next ingest repairs it."""
    publish(settings, "One.")
    (index.generations / "000001").rename(index.root / "elsewhere")
    with pytest.raises(IndexDamagedError, match="gone") as caught:
        index.current()
    assert "tutor ingest" in caught.value.help
    assert ingest(settings, embeddings=HashingEmbeddings()).published
    index.current().verify()


def test_a_second_process_is_refused_at_once_and_told_who_writes(settings: Settings, index: Index) -> None:
    """The holder's process id is in the message; readers are not disturbed; afterwards the lock is free."""
    publish(settings, "One.")
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(settings.data_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        begun = time.monotonic()
        with pytest.raises(IndexLockedError, match=f"process {holder.pid} on ") as caught:
            ingest(settings, embeddings=HashingEmbeddings())
        assert time.monotonic() - begun < 2
        assert caught.value.retryable
        assert index.current().name == "000001"
        assert ingest(settings, embeddings=HashingEmbeddings(), dry_run=True).dry_run
        holder.kill()
    with index.writing():  # a killed holder leaves no lock behind, though its name stays in the file
        pass
    assert not (index.root / "writer.json").exists()


def test_a_second_writer_of_the_same_process_is_refused_too(index: Index) -> None:
    """The lock is between writers, not between processes."""
    with index.writing(), pytest.raises(IndexLockedError, match=str(os.getpid())), index.writing():
        pass
    with index.writing():
        pass


def test_a_holder_without_a_name_is_still_a_holder(index: Index) -> None:
    """A lock whose record cannot be read refuses all the same."""
    with index.writing():
        (index.root / "writer.json").write_text("{")
        with pytest.raises(IndexLockedError, match="another process"), index.writing():
            pass
