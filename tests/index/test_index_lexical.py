"""BM25 over terms: ranks, frequencies, masks and the empty cases."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.index.lexical import LexicalIndex, build
from tutor.index.terms import terms

TEXTS = (
    "Gradient descent is how a model learns.",
    "A model of the weather.",
    "Deployment of a model, model after model.",
    "Salaries in Norway",
)


def index_of(texts: tuple[str, ...] | list[str], folder: Path) -> LexicalIndex:
    return LexicalIndex(folder / "lexical", build(texts, folder / "lexical"))


def test_the_text_with_the_terms_is_found_first(tmp_path: Path) -> None:
    """A rare term outweighs a frequent one; texts without any of the terms are not there at all."""
    found = index_of(TEXTS, tmp_path).search(terms("gradient of a model"), 10)
    assert [row for row, _ in found] == [0, 2, 1]
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_frequency_counts_texts_not_occurrences(tmp_path: Path) -> None:
    """`model` occurs five times in three texts."""
    index = index_of(TEXTS, tmp_path)
    assert index.frequency("model") == 3
    assert index.frequency("norway") == 1
    assert index.frequency("iceland") == 0
    assert set(index.vocabulary) == set(terms(" ".join(TEXTS)))


def test_idf_is_that_of_bm25_and_highest_for_an_unknown_term(tmp_path: Path) -> None:
    """ln(1 + (N - n + 0.5) / (n + 0.5))."""
    index = index_of(TEXTS, tmp_path)
    assert index.idf("model") == pytest.approx(math.log(1 + 1.5 / 3.5))
    assert index.idf("iceland") > index.idf("norway") > index.idf("model") > 0


def test_rows_that_are_not_allowed_are_not_found(tmp_path: Path) -> None:
    """The mask takes rows out before the best are picked, so k of the allowed ones come."""
    index = index_of(TEXTS, tmp_path)
    mask = np.array([False, True, False, True])
    assert [row for row, _ in index.search(["model"], 1, mask)] == [1]
    assert index.search(["model"], 5, np.zeros(4, np.bool_)) == []


@pytest.mark.parametrize(("query", "k"), [([], 5), (["iceland"], 5), (["model"], 0)])
def test_nothing_asked_nothing_found(tmp_path: Path, query: list[str], k: int) -> None:
    """No terms, only unknown terms and no places give no rows."""
    assert index_of(TEXTS, tmp_path).search(query, k) == []


@pytest.mark.parametrize("texts", [[], [""], ["", "!!"]])
def test_texts_without_terms_make_an_index_without_finds(tmp_path: Path, texts: list[str]) -> None:
    """An empty corpus and one of punctuation can be indexed, counted and searched."""
    assert build(texts, tmp_path / "lexical") == len(texts)
    assert LexicalIndex(tmp_path / "lexical", len(texts)).search(["model"], 3) == []


def test_an_index_of_another_corpus_is_refused(tmp_path: Path) -> None:
    """A lexical index whose rows are not the generation's would give wrong passages."""
    index_of(TEXTS, tmp_path)
    with pytest.raises(ValueError, match="4 rows, not 5"):
        LexicalIndex(tmp_path / "lexical", 5)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcd"), max_size=4), min_size=1, max_size=12),
    st.lists(st.sampled_from("abcde"), max_size=3),
    st.integers(0, 14),
)
def test_the_best_k_are_the_first_k_of_all(texts: list[list[str]], query: list[str], k: int) -> None:
    """A smaller k gives the beginning of the longer list; equal scores are in order of rows."""
    with tempfile.TemporaryDirectory() as folder:
        index = index_of([" ".join(text) for text in texts], Path(folder))
        everything = index.search(query, len(texts))
        assert index.search(query, k) == everything[:k]
        assert everything == sorted(everything, key=lambda found: (-found[1], found[0]))
        assert {row for row, _ in everything} == {i for i, text in enumerate(texts) if {*text} & {*query}}
