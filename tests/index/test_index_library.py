"""The index of a data folder: one pointer, one writer, the generation before kept."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tutor.config import Settings
from tutor.errors import IndexDamagedError, IndexLockedError, IndexMismatchError, NoIndexError
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.index.manifest import FILE as MANIFEST
from tutor.index.pointer import FILE as POINTER
from tutor.testing import HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.load import in_process
from tutor_ingest.pipeline import ingest
from tutor_ingest.report import IngestReport

HOLD_THE_LOCK = """
import sys
from pathlib import Path
from tutor.index.library import Index
from tutor.index.manifest import FILE as MANIFEST
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


def ingested(settings: Settings, **options: Any) -> IngestReport:
    return ingest(settings, embeddings=HashingEmbeddings(), loader=in_process, **options)


def publish(settings: Settings, text: str) -> str:
    """Change the corpus and ingest it; returns the new generation's name."""
    (settings.corpus_dir / "new.md").write_text(f"# New\n\n{text}\n")
    report = ingested(settings)
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
    assert not ingested(settings).published
    assert names(index) == ["000001", "000002"]


def test_leftovers_of_killed_writers_are_removed(settings: Settings, index: Index) -> None:
    """Half a generation, and a whole one that never became current, are gone after the next ingest."""
    publish(settings, "One.")
    (index.generations / "000002" / "chroma").mkdir(parents=True)
    (index.generations / "000009").mkdir()
    (index.generations / "000009" / "manifest.json").write_text("{}")
    ingested(settings)
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
    for each in folders:
        (each / MANIFEST).write_text("{}")
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
    (folder / MANIFEST).write_text("{}")
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
    assert "tutor doctor" in caught.value.help
    assert ingested(settings).published
    index.current().verify()


def test_a_damaged_generation_is_not_served_but_the_one_before(
    settings: Settings, index: Index, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason is told once, and stands in `problem` until another generation is published."""
    publish(settings, "The first text.")
    publish(settings, "The second text.")
    (index.generations / "000002" / "spans.f16").write_bytes(b"")
    assert [index.current().name for _ in range(3)] == ["000001"] * 3
    assert "000002 is damaged: spans.f16" in index.problem
    assert [
        record.getMessage().count("tutor doctor")
        for record in caplog.records
        if record.levelname == "WARNING"
    ] == [1]
    assert publish(settings, "The third text.") == "000003"
    assert (index.current().name, index.problem) == ("000003", "")


def test_a_damaged_current_generation_is_built_anew_though_no_file_has_changed(
    settings: Settings, index: Index
) -> None:
    """From the generation before, as far as that goes: only what came since is embedded."""
    publish(settings, "The first text.")
    publish(settings, "The second text.")
    (index.generations / "000002" / "store.sqlite").write_bytes(b"")
    report = ingested(settings)
    assert (report.published, report.embedded) == (True, 1)
    assert (index.current().name, index.problem) == ("000003", "")


@pytest.mark.parametrize("text", [None, "", "\0\0\0", "000009", "nonsense\n", "000001\n000002\n000003\n"])
def test_without_a_readable_pointer_the_newest_whole_generation_answers(
    settings: Settings, index: Index, text: str | None
) -> None:
    """Nothing is lost with one small file: what it named is still there, and the next ingest names it again."""
    publish(settings, "One.")
    publish(settings, "Omega.")
    (index.root / POINTER).unlink()
    if text is not None:
        (index.root / POINTER).write_text(text)
    if text == "000009":  # whole, but of a generation that does not exist
        with pytest.raises(IndexDamagedError, match="gone"):
            index.current()
    else:
        assert index.current().lexical.frequency("omega")
        assert POINTER in index.problem
    assert ingested(settings).published
    assert index.current().lexical.frequency("omega")
    assert not index.problem


def test_an_index_of_the_schema_before_says_how_to_migrate(
    settings: Settings, index: Index, tmp_path: Path
) -> None:
    """It is not damage; the next ingest builds it anew from all sources, those too that were added once."""
    added = write_corpus(tmp_path / "added", {"more.md": "# More\n\nMore about transformers.\n"})
    ingested(settings)
    ingest(settings, [added], embeddings=HashingEmbeddings(), loader=in_process)
    manifest = index.generations / "000002" / MANIFEST
    old = {k: v for k, v in json.loads(manifest.read_text()).items() if k not in ("versions", "files")}
    manifest.write_text(json.dumps(old | {"schema_version": 1}))
    (index.root / POINTER).write_text("000002")
    with pytest.raises(IndexMismatchError, match="schema 1") as caught:
        index.current()
    assert "tutor ingest" in caught.value.help
    assert ingested(settings).sources == (str(settings.corpus_dir), str(added))
    assert index.current().lexical.frequency("transform")


def test_going_back_and_forth(settings: Settings, index: Index) -> None:
    """The generation before becomes current, again undoes it, and an ingest after going back keeps what it came from."""
    publish(settings, "One.")
    with pytest.raises(NoIndexError, match="no generation before"):
        index.roll_back()
    publish(settings, "Omega.")
    assert index.roll_back() == "000001"
    assert not index.current().lexical.frequency("omega")
    assert index.roll_back() == "000002"
    assert index.current().lexical.frequency("omega")
    assert index.roll_back() == "000001"
    assert publish(settings, "Three.") == "000003"
    assert names(index) == ["000001", "000003"]


def test_one_does_not_go_back_to_damage(settings: Settings, index: Index) -> None:
    """The generation before is looked at first; what is current stays so."""
    publish(settings, "One.")
    publish(settings, "Two.")
    (index.generations / "000001" / "vectors.f16").write_bytes(b"")
    with pytest.raises(IndexDamagedError, match="vectors"):
        index.roll_back()
    assert index.current().name == "000002"


def test_readers_query_through_twenty_switches(settings: Settings, index: Index) -> None:
    """Each answer is wholly from one generation: its store, its terms and its vectors agree, and none fails."""
    publish(settings, "Round 0 tells about gradient0.")
    wanted = np.array(HashingEmbeddings().embed_query("Round tells about gradient"), np.float32)
    stop = threading.Event()

    def read() -> set[str]:
        seen = set()
        while not stop.is_set():
            held = index.current()
            (round_,) = [c.text for c in held.store.all_chunks() if c.text.startswith("Round")]
            number = round_.split()[1]
            assert held.lexical.frequency(f"gradient{number}") == 1
            assert len(held.dense(wanted.tolist(), 50)) == held.manifest.counts.chunks
            assert held.spans_similarity([0], wanted).shape == (1,)
            seen.add(held.name)
        return seen

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        for number in range(1, 21):
            publish(settings, f"Round {number} tells about gradient{number}.")
        stop.set()
        seen = set().union(*(reader.result() for reader in readers))
    assert len(seen) > 5
    assert index.current().name == "000021"


def test_a_second_process_is_refused_at_once_and_told_who_writes(settings: Settings, index: Index) -> None:
    """The holder's process id is in the message; readers are not disturbed; afterwards the lock is free."""
    publish(settings, "One.")
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(settings.data_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        begun = time.monotonic()
        with pytest.raises(IndexLockedError, match=f"process {holder.pid} on ") as caught:
            ingested(settings)
        assert time.monotonic() - begun < 2
        assert caught.value.retryable
        assert index.current().name == "000001"
        assert ingested(settings, dry_run=True).dry_run
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
