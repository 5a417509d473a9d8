"""The dense index: real Chroma, cosine, rows as keys."""

from __future__ import annotations

import errno
import gc
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import chromadb.errors
import numpy as np
import pytest

from tutor.embedding import Vectors
from tutor.index.vectors import VectorIndex, build


def unit(count: int, dimension: int = 16, seed: int = 0) -> Vectors:
    made = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def open_files(folder: Path) -> int:
    links = (path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
    return sum(str(link).startswith(str(folder)) for link in links)


def test_every_vector_finds_itself_after_reopening(tmp_path: Path) -> None:
    """Rows keep their vectors, over batches and beyond what Chroma keeps in its log, in another opening."""
    vectors = unit(1203)
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, vectors[:700])
        index.add(700, vectors[700:])
    with VectorIndex(tmp_path / "v") as index:
        assert index.count() == 1203
        for row in (0, 499, 500, 700, 1202):
            assert index.search(vectors[row], 1) == [(row, pytest.approx(1, abs=1e-5))]


def test_an_index_can_be_made_from_a_matrix(tmp_path: Path) -> None:
    """Half precision, as vectors are stored, and more rows than one batch."""
    vectors = unit(1203).astype(np.float16)
    build(vectors, tmp_path / "v")
    with VectorIndex(tmp_path / "v") as index:
        assert index.count() == 1203
        assert index.search(vectors[1001].astype(np.float32), 1)[0][0] == 1001


@pytest.mark.parametrize("rows", [2, 3, 255, 2001, 4003])
def test_what_is_built_at_once_leaves_nothing_in_the_log(tmp_path: Path, rows: int) -> None:
    """Every row is in the graph on disk, so that no reader has to insert any; the log's pages are given back."""
    build(unit(rows), tmp_path / "v")
    with closing(sqlite3.connect(tmp_path / "v" / "chroma.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM embeddings_queue").fetchone() <= (
            1,
        )  # the last one stays, though it is in the graph
        assert database.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert list((tmp_path / "v").glob("*/index_metadata.pickle"))


@pytest.mark.parametrize("part", [2, 7, 100])
@pytest.mark.parametrize("rows", [2, 14, 15, 101, 399])
def test_the_log_is_empty_however_rows_fall_into_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, part: int
) -> None:
    """Parts are of equal size, or larger by one, which must not stay behind."""
    monkeypatch.setattr("tutor.index.vectors._PART", part)
    build(unit(rows), tmp_path / "v")
    with closing(sqlite3.connect(tmp_path / "v" / "chroma.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM embeddings_queue").fetchone() <= (
            1,
        )  # the last one stays, though it is in the graph
    with VectorIndex(tmp_path / "v") as index:
        assert index.search(unit(rows)[-1], 1)[0][0] == rows - 1


def test_a_failure_for_want_of_room_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chroma says only that it failed; any other failure stays what it is."""
    (tmp_path / "v").write_text("a file where a folder should be")
    with pytest.raises(Exception) as plain:  # noqa: PT011 - of whatever kind
        build(unit(5), tmp_path / "v")
    assert getattr(plain.value, "errno", None) != errno.ENOSPC
    monkeypatch.setattr("shutil.disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 0))  # type: ignore[attr-defined]  # typeshed hides it
    with pytest.raises(OSError, match="No space left"):
        build(unit(5), tmp_path / "v")


@pytest.mark.parametrize("rows", [5, 1203])
def test_reading_changes_no_file(tmp_path: Path, rows: int) -> None:
    """Chroma writes when it opens a folder; it writes to a copy, which is gone when the index is closed."""
    build(unit(rows), tmp_path / "v")
    before = {path: path.read_bytes() for path in (tmp_path / "v").rglob("*") if path.is_file()}
    for _ in range(3):
        with VectorIndex(tmp_path / "v") as index:
            assert index.search(unit(1)[0], 3)
            copy = index.folder
            assert copy != tmp_path / "v"
        assert not copy.exists()
    assert {path: path.read_bytes() for path in (tmp_path / "v").rglob("*") if path.is_file()} == before


def test_large_files_are_linked_not_copied(tmp_path: Path) -> None:
    """Opening a large index does not take its size in another place; its small files are copies."""
    build(unit(3000, 1600), tmp_path / "v")
    with VectorIndex(tmp_path / "v") as index:
        links = [path.name for path in index.folder.rglob("*") if path.is_symlink()]
        assert links == ["data_level0.bin"]
        assert index.search(unit(3000, 1600)[2999], 1)[0][0] == 2999


def test_search_gives_cosine_similarities_nearest_first(tmp_path: Path) -> None:
    """A stored vector finds itself with similarity 1; the scores are dot products of unit vectors."""
    vectors = unit(50)
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, vectors)
        found = index.search(vectors[7].tolist(), 5)
    assert found[0] == (7, pytest.approx(1, abs=1e-5))
    assert [score for _, score in found] == pytest.approx(
        [float(vectors[7] @ vectors[row]) for row, _ in found], abs=1e-5
    )
    assert [row for row, _ in found] == np.argsort(-(vectors @ vectors[7]))[:5].tolist()


def test_a_search_beyond_what_there_is_gives_what_there_is(tmp_path: Path) -> None:
    """And for none it gives none."""
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, unit(30))
        query = unit(1, seed=9)[0]
        assert index.search(query, 0) == []
        assert sorted(row for row, _ in index.search(query, 99)) == list(range(30))


def test_equal_vectors_come_in_order_of_their_rows(tmp_path: Path) -> None:
    """Ties are broken by row, so that the same question gives the same list."""
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, np.repeat(unit(1), 8, axis=0))
        assert [row for row, _ in index.search(unit(1)[0].tolist(), 8)] == list(range(8))


def test_one_reader_closing_leaves_the_other_open(tmp_path: Path) -> None:
    """Two openings of one folder are independent; closing twice does nothing."""
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, unit(3))
    first, second = VectorIndex(tmp_path / "v"), VectorIndex(tmp_path / "v")
    first.close()
    first.close()
    assert len(second.search(unit(1)[0].tolist(), 3)) == 3
    second.close()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted through /proc")
def test_an_index_that_nobody_holds_holds_no_files(tmp_path: Path) -> None:
    """Letting go of an index releases its files, so that a server does not gather those of old generations."""
    index = VectorIndex(tmp_path / "v", create=True)
    index.add(0, unit(3))
    assert open_files(tmp_path) > 0
    del index
    gc.collect()
    assert open_files(tmp_path) == 0


def test_a_folder_without_a_collection_is_an_error_and_stays_usable(tmp_path: Path) -> None:
    """A failed opening keeps no handle on the folder: a collection can be made there afterwards."""
    (tmp_path / "v").mkdir()
    with pytest.raises(chromadb.errors.NotFoundError):
        VectorIndex(tmp_path / "v")
    with VectorIndex(tmp_path / "v", create=True) as index:
        assert index.count() == 0


def test_near_duplicates_are_all_found(tmp_path: Path) -> None:
    """Vectors that are equally far from each other all find themselves: none falls out of the graph."""
    vectors = np.full((160, 200), 0.1, np.float32)
    vectors[np.arange(160), np.arange(160)] = 1.0
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, vectors)
        assert [index.search(vector.tolist(), 1)[0][0] for vector in vectors] == list(range(160))
