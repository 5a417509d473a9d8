"""The benchmark of retrieval runs on our own questions, and orders passages as the tutor's functions do."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tutor.index.late import encode, rotation
from tutor.retrieval import fusion
from tutor.testing import HashingEmbeddings

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
EMBEDDINGS = HashingEmbeddings()


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script and the modules beside it, which are in no package."""
    monkeypatch.syspath_prepend(str(FOLDER))
    names = ("sets", "encode", "lexical", "lab", "ways", "length")
    found = {name: importlib.import_module(f"_retrieval_{name}") for name in names}
    return SimpleNamespace(main=importlib.import_module("retrieval").main, **found)


@pytest.fixture
def lab(parts: Any, tmp_path: Path) -> Any:
    """Three documents of two passages each, and two questions."""
    bodies = [
        f"Phase {n} of the plan teaches {topic} with practice."
        for n in (1, 2)
        for topic in ("NumPy", "SQL", "Keras")
    ]
    passages = [parts.sets.Passage("The plan", body, str(row // 2)) for row, body in enumerate(bodies)]
    questions = ["Which phase teaches SQL?", "Where does one practice Keras?"]
    made = parts.sets.PassageSet("made", passages, questions, [frozenset({1, 4}), frozenset({2})])
    return parts.lab.Lab(made, EMBEDDINGS, tmp_path)


def test_it_runs_from_the_command_line_on_our_own_questions(
    parts: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is the verdict on the vectors, which here are hashes."""
    assert parts.main(["--quick", "--cache", str(tmp_path)], embeddings=EMBEDDINGS) in (0, 1)
    assert "| BM25 alone |" in capsys.readouterr().out


def test_bm25_is_that_of_the_index(lab: Any, tmp_path: Path) -> None:
    """Both give every row the same score."""
    from tutor.index import lexical

    lexical.build(lab.texts, tmp_path / "lexical")
    index = lexical.LexicalIndex(tmp_path / "lexical", len(lab.texts))
    for query, scores in zip(lab.asked, lab.lexical, strict=True):
        found = dict(index.search(list(query.elements()), len(lab.texts)))
        assert [found.get(row, 0.0) for row in range(len(scores))] == pytest.approx(scores.tolist(), rel=1e-5)


def test_one_bit_is_that_of_the_index(parts: Any, lab: Any) -> None:
    """The cosines that late interaction takes the best of are estimated from the same signs."""
    kept, queries, _ = lab.kept(parts.lab.Form())
    vectors = np.asarray(kept.values, np.float32)
    values, turned = parts.lab._stored("1 bit", kept, queries)
    signs = np.unpackbits(encode(vectors), axis=1, count=vectors.shape[1])
    assert ((values > 0) == signs).all()
    assert turned == pytest.approx(np.asarray(queries.values, np.float32) @ rotation(vectors.shape[1]))


def test_the_formula_orders_as_the_tutor_does(parts: Any, lab: Any) -> None:
    """Rows that are scored anew, by cosine, BM25, late interaction, feedback and neighbours."""
    scores = parts.ways.ordered(lab)
    late = lab.late(parts.ways.CHOSEN.form)
    vectors = lab.passages.row_vectors
    documents = {row: passage.document for row, passage in enumerate(lab.set.passages)}
    for number, (_, bm25) in enumerate(lab.rankings):
        rows = np.flatnonzero(np.isfinite(lab.blended[number])).tolist()
        cosine = {row: float(lab.dense[number, row]) for row in rows}
        first = fusion.rescore(cosine, dict(bm25), {row: float(late[number, row]) for row in rows})
        best = vectors[first[0][0]]
        first = fusion.feedback(first, {row: float(vectors[row] @ best) for row in rows})
        expected = fusion.with_neighbours(first, documents)
        assert np.argsort(-scores[number], kind="stable")[: len(rows)].tolist() == [
            row for row, _ in expected
        ]


def test_long_passages_are_read_in_parts(parts: Any, tmp_path: Path) -> None:
    """Every word has a vector, though the model does not read them at once."""
    body = " ".join(f"word{number}" for number in range(400))
    encoded = parts.encode.encode_passages([parts.sets.Passage("", body, "")], EMBEDDINGS, tmp_path)
    assert len(encoded.vectors) > 1
    assert encoded.words.starts.tolist() == [0, 400]


def test_recursive_chunks_are_cut_at_the_coarsest_separator(parts: Any) -> None:
    """Paragraphs are joined up to the size; one that is longer is cut at spaces."""
    text = "aa bb\n\ncc dd\n\nee ff gg hh ii jj kk"
    ranges = list(parts.length.recursive_ranges(text, 4, lambda texts: [len(one.split()) for one in texts]))
    assert [text[start:end] for start, end in ranges] == ["aa bb\n\ncc dd", "ee ff gg hh", "ii jj kk"]


def test_an_answer_is_found_as_far_as_it_lies_in_the_best_chunks(parts: Any) -> None:
    """The chunk that reaches beyond the length is cut there."""
    pieces = [parts.length.Piece("a", "", 0, 100), parts.length.Piece("a", "", 100, 200)]
    share = parts.length.share(pieces, [10, 10], [[("a", 50, 150)]], np.array([[1.0, 2.0]], np.float32), 15)
    assert share == pytest.approx(0.5)
