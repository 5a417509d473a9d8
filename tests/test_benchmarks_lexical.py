"""The benchmarks of the lexical search run, and what they make up is what they say."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest
from rapidfuzz.distance import OSA

from tutor.testing import HashingEmbeddings

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


def loaded(name: str) -> ModuleType:
    """One of the benchmarks, which are scripts and in no package."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def lexical() -> ModuleType:
    return loaded("lexical")


@pytest.fixture(scope="module")
def slips() -> ModuleType:
    return loaded("slips")


def write(folder: Path) -> Path:
    """A development set of two rows and two questions."""
    rows = [
        {"doc_id": "a", "title": "Kafka", "text": "Streaming of messages between services."},
        {"doc_id": "b", "title": "Docker", "text": "Containers for deployment, and an API."},
    ]
    asked = [
        {"question": "What does deployment need?", "gold_doc_ids": ["b"], "answerable": True},
        {"question": "Which API is there?", "gold_doc_ids": ["b"], "answerable": True},
    ]
    folder.mkdir()
    for name, lines in (("corpus", rows), ("queries", asked)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return folder.parent


def test_made_texts_are_the_same_every_time_and_shaped_like_text(lexical: ModuleType) -> None:
    """A few words are everywhere, most are rare, and no two of the vocabulary are alike."""
    texts = list(lexical.made_texts(50, 2_000))
    assert texts == list(lexical.made_texts(50, 2_000))
    assert {len(text.split()) for text in texts} == {lexical.PER_TEXT}
    vocabulary = lexical.names(2_000)
    assert len(set(vocabulary)) == 2_000
    assert sum(vocabulary[0] in text.split() for text in texts) > 45
    assert sum(vocabulary[-1] in text.split() for text in texts) < 5


@pytest.mark.parametrize("engine", ["ours", "bm25s", "FTS5, porter", "FTS5, our terms"])
def test_every_engine_finds_the_text_that_was_asked_for(
    lexical: ModuleType, tmp_path: Path, engine: str
) -> None:
    """Its rarest words bring each text first."""
    if engine == "bm25s":
        pytest.importorskip("bm25s")
    texts = list(lexical.made_texts(60, 5_000))
    place = {word: number for number, word in enumerate(lexical.names(5_000))}
    lexical.ENGINES[engine].build(texts, tmp_path / "index")
    opened = lexical.ENGINES[engine](tmp_path / "index")
    for row in (0, 7, 59):
        rarest = sorted(set(texts[row].split()), key=place.__getitem__)[-5:]
        assert opened.search(" ".join(rarest))[0][0] == row


def test_the_table_has_a_line_for_each_engine(
    lexical: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """Building and searching are measured in processes of their own."""
    assert lexical.main(["--sizes", "200", "--engines", "ours", "FTS5, porter"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines if line.startswith("|")][2:] == [
        "ours",
        "FTS5, porter",
    ]
    assert "build peak MB" in lines[2]


def test_quality_is_measured_on_the_words_that_are_searched_for(lexical: ModuleType, tmp_path: Path) -> None:
    """Both questions of the small set find their row first."""
    assert lexical.quality("ours", write(tmp_path / "small"), "small") == 1.0


def test_a_slip_is_one_edit_of_one_word(slips: ModuleType) -> None:
    """Swapped, left out, doubled or replaced, and the same for the same seed; short words stay."""
    question = "How does gradient descent work for us?"
    made = [slips.slip(question, random.Random(seed)) for seed in range(60)]
    assert {OSA.distance(question, one) for one in made} == {1}
    assert made == [slips.slip(question, random.Random(seed)) for seed in range(60)]
    assert {len(one) - len(question) for one in made} == {-1, 0, 1}
    assert slips.slip("Is it so?", random.Random(1)) == "Is it so?"


def test_abbreviations_and_long_forms_stand_for_each_other(slips: ModuleType) -> None:
    """Only whole words are exchanged; a question without any stays as it is."""
    assert slips.swap("Which GPUs fit?") == "Which graphics processing unit fit?"
    assert slips.swap("Is machine learning hard?") == "Is ML hard?"
    assert slips.swap("What is rapid?") == "What is rapid?"


def test_slips_are_measured_as_meant_as_typed_and_as_read(
    slips: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A set of two questions gives three lines for each kind, and one on what is read otherwise without a slip."""
    devset = write(tmp_path / "small")
    arguments = ["--devset", str(devset), "--sets", "small", "--share", "1"]
    assert slips.main(arguments, embeddings=HashingEmbeddings()) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split("|")[2].strip() for line in lines] == [
        *(
            f"{kind}, {way}"
            for kind in ("slips", "abbreviations")
            for way in ("as meant", "as typed", "as read")
        ),
        "read otherwise without a slip",
    ]


def test_without_a_development_set_nothing_is_measured(
    slips: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make bench` runs it without arguments."""
    assert slips.main([]) == 0
    assert "nothing to measure" in capsys.readouterr().out
