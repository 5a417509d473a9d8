"""The benchmarks of ingest and of growth: their made-up data is the same each time, their arithmetic right, their gates close."""

from __future__ import annotations

import importlib.util
import math
import random
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tutor.config import default_corpus_dir
from tutor.testing import HashingEmbeddings

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


def script(name: str) -> ModuleType:
    """A script of the folder, which is no package."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scale() -> ModuleType:
    return script("scale")


@pytest.fixture(scope="module")
def ingest() -> ModuleType:
    return script("ingest")


@pytest.fixture(scope="module")
def made() -> ModuleType:
    return script("_made")


def test_a_made_row_does_not_depend_on_how_many_there_are(made: ModuleType) -> None:
    """Rows are of length 1, the same in each run and in whatever piece they are asked for."""
    rows = made.MadeVectors().rows(0, 1_500)
    assert rows.shape == (1_500, made.DIMENSION)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.array_equal(made.MadeVectors().rows(990, 1_010), rows[990:1_010])
    assert not np.allclose(made.MadeVectors(seed=1).rows(0, 10), rows[:10])


def test_made_rows_lie_in_clusters_and_some_nearly_repeat_each_other(made: ModuleType) -> None:
    """As texts do: most have little in common, some a topic, and a tenth nearly all."""
    rows = made.MadeVectors().rows(0, 1_000)
    nearest = np.sort(rows @ rows.T, axis=1)[:, -2]
    assert np.median(rows @ rows.T) < 0.3
    assert np.median(nearest) > 0.5
    assert 0.05 < (nearest > 0.9).mean() < 0.15


def test_made_texts_have_frequent_words_and_rare_ones(made: ModuleType) -> None:
    """By Zipf's law: the most frequent word makes up some per cent, half of the words come up once."""
    texts = made.MadeTexts()
    words = (
        " ".join(" ".join(texts.sentences(number)) for number in range(200)).lower().replace(".", "").split()
    )
    counts = sorted((words.count(word) for word in set(words)), reverse=True)
    assert 0.02 < counts[0] / len(words) < 0.1
    assert sum(count == 1 for count in counts) > len(counts) / 2
    assert made.MadeTexts().sentences(7) == texts.sentences(7)


def test_each_rank_has_a_word_of_its_own(made: ModuleType) -> None:
    """Also where a syllable more is needed."""
    assert len({made.word(rank) for rank in range(40_000)}) == 40_000


def test_slopes_tell_how_fast_a_value_grows(scale: ModuleType) -> None:
    """As fast as the size is 1, as its square 2, not at all 0."""
    sizes = [10, 100, 1_000]
    assert scale.slopes(sizes, [3, 30, 300]) == pytest.approx([1, 1])
    assert scale.slopes(sizes, [1, 100, 10_000]) == pytest.approx([2, 2])
    assert scale.slopes(sizes, [5, 5, 5]) == [0, 0]
    assert scale.slopes([10], [3]) == []
    assert [
        scale.growth(sizes, values) for values in ([3, 30, 300], [1, 100, 10_000], [5, 5, 5])
    ] == pytest.approx([1, 2, 0])
    assert scale.growth(sizes, [1, 30, 300]) < max(scale.slopes(sizes, [1, 30, 300]))
    assert math.isnan(scale.growth([10], [3]))


def record(scale: ModuleType, size: int, power: float, recall: float = 1.0) -> dict[str, float]:
    grown = {key: math.pow(size, power) for key in scale.COLUMNS}
    return {**grown, **dict.fromkeys(scale.STEPS, 1.0), "recall": recall, "recall50": recall, "scan": 0.001}


@pytest.mark.parametrize(("power", "recall", "code"), [(1.09, 0.99, 0), (1.11, 1.0, 1), (0.5, 0.989, 1)])
def test_the_exit_code_tells_whether_growth_and_recall_keep_their_bounds(
    scale: ModuleType, power: float, recall: float, code: int
) -> None:
    """Either of them fails the run."""
    records = {size: record(scale, size, power, recall) for size in (1_000, 10_000)}
    lines, given = scale.verdict(records)
    assert given == code
    assert any("NOT KEPT" in line for line in lines) == bool(code)
    assert scale.table(records).count("\n") == 5


def test_one_size_has_a_recall_but_no_growth(scale: ModuleType) -> None:
    """So a single size can be looked at."""
    lines, code = scale.verdict({100: record(scale, 100, 1.0)})
    assert len(lines) == 1
    assert code == 0
    assert "–" in scale.table({100: record(scale, 100, 1.0)})


def test_a_made_generation_is_written_and_searched_by_the_real_code(
    scale: ModuleType, tmp_path: Path
) -> None:
    """Every column has a number, and each step of building its time."""
    measured = scale.build(tmp_path, 300) | scale.look(tmp_path, 300)
    assert set(scale.COLUMNS) <= set(measured)
    assert all(measured[step] >= 0 for step in scale.STEPS)
    assert measured["cpu"] == pytest.approx(sum(measured[step] for step in scale.STEPS), abs=0.05)
    assert measured["recall"] == 1
    assert scale.steps_table({300: measured}).count("\n") == 2


def test_made_files_are_the_same_each_time_whatever_their_number(ingest: ModuleType, tmp_path: Path) -> None:
    """A file depends on its number alone."""
    for name, count in (("few", 3), ("more", 5)):
        ingest.write_files(tmp_path / name, default_corpus_dir(), count)
    few = sorted((tmp_path / "few").glob("made-*.md"))
    assert len(few) == 3
    for path in few:
        text = path.read_text(encoding="utf-8")
        assert text == (tmp_path / "more" / path.name).read_text(encoding="utf-8")
        assert "\n## " in text


def test_prose_has_sections_and_lists(ingest: ModuleType) -> None:
    """So that ours has structure to find."""
    texts = [ingest.prose(random.Random(seed), seed, ["It is so."]) for seed in range(20)]
    assert all(text.startswith("# ") for text in texts)
    assert any("\n- It is so." in text for text in texts)


def test_speed_is_compared_within_each_round(ingest: ModuleType) -> None:
    """A machine that is slow for one round is slow for both contestants."""
    spent = {
        ingest.OURS: [(1.0, 1.0), (10.0, 1.0)],
        ingest.ALONE: [(1.0, 1.0), (10.0, 1.0)],
        ingest.AGAIN_NAME: [(0.1, 0.1), (0.2, 0.1)],
        ingest.PEERS: [(3.0, 3.0), (30.0, 3.0)],
    }
    bars = ingest.speed_bars(spent, bfloat16=True)
    assert [bar.value for bar in bars] == pytest.approx([3.0, 1.0, 0.06])
    assert [bar.kept for bar in bars] == [True, True, False]
    assert "NOT KEPT" in bars[2].row()
    assert len(ingest.table(spent).splitlines()) == 6
    del spent[ingest.PEERS]
    assert len(ingest.speed_bars(spent, bfloat16=False)) == 2


def test_ours_is_measured_beside_embedding_alone(ingest: ModuleType, tmp_path: Path) -> None:
    """The same texts are embedded twice, in the same blocks; ingesting again embeds none."""
    ingest.write_files(tmp_path, default_corpus_dir(), 2)
    model = HashingEmbeddings()
    spent = ingest.compare(tmp_path, model, 1, None)
    assert list(spent) == [ingest.OURS, ingest.ALONE, ingest.AGAIN_NAME]
    assert model.texts_embedded % 2 == 0
    assert spent[ingest.AGAIN_NAME][0] < spent[ingest.OURS][0]
