"""Late interaction at one bit per dimension: near to the real thing, and the same on every machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tutor.embedding import Vectors
from tutor.index.late import WordIndex, encode, rotation

DIMENSION = 384


def unit(count: int, seed: int = 0, dimension: int = DIMENSION) -> Vectors:
    made = np.random.default_rng(seed).normal(size=(count, dimension))
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def written(folder: Path, chunks: list[Vectors], dimension: int = DIMENSION) -> WordIndex:
    (folder / "signs").write_bytes(b"".join(encode(chunk).tobytes() for chunk in chunks))
    (folder / "counts").write_bytes(np.array([len(chunk) for chunk in chunks], np.uint32).tobytes())
    return WordIndex(folder / "signs", folder / "counts", len(chunks), dimension)


@pytest.mark.parametrize("dimension", [1, 2, 16, 100, 384])
def test_turning_keeps_lengths_and_angles(dimension: int) -> None:
    """The matrix is orthogonal, whatever its size."""
    turned = rotation(dimension)
    assert turned.T @ turned == pytest.approx(np.eye(dimension), abs=1e-5)


def test_the_matrix_is_the_same_everywhere() -> None:
    """An index is read on other machines and by later versions: this is what its signs were made with."""
    first = [[0.5, 0.65328148, 0.5, 0.27059805], [-0.5, -0.27059805, 0.5, 0.65328148]]
    assert abs(rotation(4)[:2]) == pytest.approx(abs(np.array(first)), abs=1e-6)
    assert "".join("+" if x > 0 else "-" for x in rotation(384)[:12, 0]) == "++--++-++-+-"


def test_a_chunk_is_scored_by_the_best_of_its_word_pieces_for_each_of_the_questions(tmp_path: Path) -> None:
    """The weighted mean of the maxima, within the error of one bit per dimension."""
    chunks = [unit(5, 1), unit(40, 2), unit(1, 3)]
    query = np.concatenate([chunks[1][7:9] + 0.02 * unit(2, 4), unit(2, 5)])
    query = np.asarray(query / np.linalg.norm(query, axis=1, keepdims=True), np.float32)
    weights = np.array([1, 1, 0.3, 0.0], np.float32)
    exact = [float((weights / weights.sum()) @ (query @ chunk.T).max(axis=1)) for chunk in chunks]
    found = written(tmp_path, chunks).scores(query, weights, [0, 1, 2])
    assert found == pytest.approx(exact, abs=0.12)
    assert found.argmax() == 1


def test_rows_come_in_the_order_they_were_asked_for(tmp_path: Path) -> None:
    """A subset, in any order, one without a word among them."""
    chunks = [unit(3, 1), unit(0), unit(7, 2), unit(2, 3)]
    index, query = written(tmp_path, chunks), unit(2, 9)
    weights = np.ones(2, np.float32)
    one_by_one = [index.scores(query, weights, [row])[0] for row in range(4)]
    assert one_by_one[1] == 0
    assert index.scores(query, weights, [3, 1, 0]) == pytest.approx([one_by_one[3], 0, one_by_one[0]])
    assert index.scores(query, weights, []).shape == (0,)
    assert index.scores(query, 0 * weights, [0, 2]).tolist() == [0, 0]


def test_dimensions_that_fill_no_whole_byte_are_kept_apart(tmp_path: Path) -> None:
    """The bits that fill up the last byte count for nothing."""
    chunks = [unit(4, 1, 11), unit(3, 2, 11)]
    found = written(tmp_path, chunks, 11).scores(chunks[0][:1], np.ones(1, np.float32), [0, 1])
    assert found[0] > found[1]


def test_files_that_do_not_agree_are_damage(tmp_path: Path) -> None:
    """A cut file, or the lengths of another generation."""
    written(tmp_path, [unit(3), unit(4)])
    with pytest.raises(ValueError, match="3 chunks"):
        WordIndex(tmp_path / "signs", tmp_path / "counts", 3, DIMENSION)
    (tmp_path / "signs").write_bytes((tmp_path / "signs").read_bytes()[:-1])
    with pytest.raises(ValueError, match="words"):
        WordIndex(tmp_path / "signs", tmp_path / "counts", 2, DIMENSION)
