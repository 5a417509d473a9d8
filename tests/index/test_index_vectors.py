"""The dense index: real Chroma, cosine, rows as keys."""

from __future__ import annotations

import gc
from pathlib import Path

import chromadb.errors
import numpy as np
import pytest

from tutor.embedding import Vectors
from tutor.index.vectors import VectorIndex


def unit(count: int, dimension: int = 16, seed: int = 0) -> Vectors:
    made = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def open_files(folder: Path) -> int:
    links = (path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
    return sum(str(link).startswith(str(folder)) for link in links)


def test_vectors_come_back_after_reopening_as_they_were_stored(tmp_path: Path) -> None:
    """Rows keep their vectors (Chroma normalises them anew), over batches, in another opening."""
    vectors = unit(1203)
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, vectors[:700], ["a"] * 700)
        index.add(700, vectors[700:], ["b"] * 503)
    with VectorIndex(tmp_path / "v") as index:
        assert index.count() == 1203
        stored = index.get([0, 499, 500, 1202, 9999])
        assert set(stored) == {0, 499, 500, 1202}
        for row, vector in stored.items():
            assert vector == pytest.approx(vectors[row], abs=1e-6)


def test_search_gives_cosine_similarities_nearest_first(tmp_path: Path) -> None:
    """A stored vector finds itself with similarity 1; the scores are dot products of unit vectors."""
    vectors = unit(50)
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, vectors, ["a"] * 50)
        found = index.search(vectors[7].tolist(), 5)
    assert found[0] == (7, pytest.approx(1, abs=1e-5))
    assert [score for _, score in found] == pytest.approx(
        [float(vectors[7] @ vectors[row]) for row, _ in found], abs=1e-5
    )
    assert [row for row, _ in found] == np.argsort(-(vectors @ vectors[7]))[:5].tolist()


def test_a_search_can_be_limited_to_documents(tmp_path: Path) -> None:
    """Only rows of the named documents come; of no document none; k beyond what there is gives what there is."""
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, unit(30), ["a", "b", "c"] * 10)
        query = unit(1, seed=9)[0].tolist()
        assert {row % 3 for row, _ in index.search(query, 30, ["b", "c"])} == {1, 2}
        assert len(index.search(query, 30, ["b"])) == 10
        assert index.search(query, 5, []) == []
        assert index.search(query, 5, ["zz"]) == []
        assert index.search(query, 0) == []
        assert len(index.search(query, 99)) == 30


def test_equal_vectors_come_in_order_of_their_rows(tmp_path: Path) -> None:
    """Ties are broken by row, so that the same question gives the same list."""
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, np.repeat(unit(1), 8, axis=0), ["a"] * 8)
        assert [row for row, _ in index.search(unit(1)[0].tolist(), 8)] == list(range(8))


def test_one_reader_closing_leaves_the_other_open(tmp_path: Path) -> None:
    """Two openings of one folder are independent; closing twice does nothing."""
    with VectorIndex(tmp_path / "v", create=True) as index:
        index.add(0, unit(3), ["a"] * 3)
    first, second = VectorIndex(tmp_path / "v"), VectorIndex(tmp_path / "v")
    first.close()
    first.close()
    assert len(second.search(unit(1)[0].tolist(), 3)) == 3
    second.close()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted through /proc")
def test_an_index_that_nobody_holds_holds_no_files(tmp_path: Path) -> None:
    """Letting go of an index releases its files, so that a server does not gather those of old generations."""
    index = VectorIndex(tmp_path / "v", create=True)
    index.add(0, unit(3), ["a"] * 3)
    assert open_files(tmp_path) > 0
    del index
    gc.collect()
    assert open_files(tmp_path) == 0


def test_a_folder_without_a_collection_is_an_error_and_stays_usable(tmp_path: Path) -> None:
    """A failed opening keeps no handle on the folder: a collection can be made there afterwards."""
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
        index.add(0, vectors, ["a"] * 160)
        assert [index.search(vector.tolist(), 1)[0][0] for vector in vectors] == list(range(160))
