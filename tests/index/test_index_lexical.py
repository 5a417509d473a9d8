"""BM25 over terms: ranks, frequencies, masks and the empty cases."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import tempfile
import tracemalloc
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

WORDS = [
    f"{first}{last}"
    for first in ("kar", "lo", "mit", "pe", "so")
    for last in ("ba", "den", "fu", "gon", "ri", "x")
]
WEIGHTS = [1 / (rank + 1) for rank in range(len(WORDS))]


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


@pytest.mark.parametrize("block", [1, 7, 1 << 21])
def test_ranks_and_scores_are_those_of_bm25s(tmp_path: Path, block: int) -> None:
    """However often the postings go to disk in between, the library with the same parameters agrees to the last digit shown."""
    bm25s = pytest.importorskip("bm25s")
    draw = random.Random(11)
    texts = [" ".join(draw.choices(WORDS, WEIGHTS, k=draw.randrange(40))) for _ in range(300)]
    assert build(texts, tmp_path / "ours", block=block) == 300
    ours = LexicalIndex(tmp_path / "ours", 300)
    theirs = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    theirs.index([terms(text) for text in texts], show_progress=False)
    for _ in range(40):
        query = terms(" ".join(draw.choices(WORDS, k=draw.randrange(1, 6))))
        scores = theirs.get_scores([term for term in query if ours.frequency(term)] or [""])
        expected = sorted(
            ((row, score) for row, score in enumerate(scores) if score > 0), key=lambda f: (-f[1], f[0])
        )
        assert ours.search(query, 300) == [(row, pytest.approx(score, rel=1e-6)) for row, score in expected]
        assert ours.search(query, 10) == ours.search(query, 300)[:10]


def test_the_same_texts_give_the_same_bytes(tmp_path: Path) -> None:
    """In another process too, where Python hashes strings otherwise; nothing of the work on the way stays behind."""
    code = f"from tutor.index.lexical import build; from pathlib import Path; import sys; build({TEXTS!r}, Path(sys.argv[1]))"
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, tmp_path / seed], check=True, env=environment)
    files = [{path.name: path.read_bytes() for path in (tmp_path / seed).iterdir()} for seed in ("1", "2")]
    assert files[0] == files[1]
    assert len(files[0]) == 8


def test_building_holds_no_more_for_more_texts_of_the_same_words(tmp_path: Path) -> None:
    """Eight times the texts take less than one and a half times the memory."""
    text = " ".join(WORDS)

    def peak(texts: int) -> int:
        tracemalloc.start()
        build((text for _ in range(texts)), tmp_path / str(texts), block=20_000)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)  # what is allocated once
    assert peak(8_000) < 1.5 * peak(1_000)


def test_whole_words_are_kept_as_they_were_written(tmp_path: Path) -> None:
    """In small letters, with how often they occur; figures, identifiers and short words are no words."""
    index = index_of(
        ("Deployment, deployment; the model's deploy 2024", "n_estimators k-NN Deploys"), tmp_path
    )
    assert index.words("deploy") == {"deploy": 1, "deployment": 2, "deploys": 1}
    assert index.words("") == {"deploy": 1, "deployment": 2, "deploys": 1}
    assert index.words("z") == {}


@pytest.mark.parametrize(
    "name", ["rows.u32", "scores.f32", "terms.txt", "words.txt", "counts.u32", "starts.i64"]
)
def test_a_file_that_was_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    """Half a file would be read as other rows."""
    index_of(TEXTS, tmp_path)
    path = tmp_path / "lexical" / name
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValueError, match=name):
        LexicalIndex(tmp_path / "lexical", 4)


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
