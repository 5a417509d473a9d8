"""The benchmarks run, and their gate closes: with hashed vectors and made-up times, so that nothing depends on this machine."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tutor.testing import HashingEmbeddings, small_tutor

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
QUESTIONS = ["How long does the northern roadmap take?", "What is overfitting?", "Who won the cup in 1966?"]


@pytest.fixture(scope="module")
def ask() -> ModuleType:
    return loaded("ask")


@pytest.fixture(scope="module")
def start() -> ModuleType:
    return loaded("start")


def loaded(name: str) -> ModuleType:
    """One of the benchmarks, which are scripts and in no package."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def timed(ask: ModuleType, *, outside: float) -> list[Any]:
    return [ask.Timed(10 + outside, {"embed": 10.0, "search": outside / 2, "total": 9 + outside})]


def test_each_question_is_timed_over_http(ask: ModuleType, tmp_path: Path) -> None:
    """The parts of each answer's time fit into what the client waited for."""
    tutor = small_tutor(tmp_path)
    try:
        found = ask.run(tutor, QUESTIONS, QUESTIONS[:1])
    finally:
        tutor.close()
    assert len(found) == len(QUESTIONS)
    for row in map(ask.Timed.row, found):
        assert 0 < row[ask.TUTOR] < row[ask.WALL]
        assert row[ask.HTTP] == pytest.approx(row[ask.WALL] - row[ask.TUTOR])
        assert row[ask.OUTSIDE] == pytest.approx(row[ask.WALL] - row["embed"])


def test_the_table_names_every_part_with_its_ratio_to_the_embedding_call(ask: ModuleType) -> None:
    """Twenty milliseconds outside an embedding call of ten are twice its time."""
    text = ask.table(ask.summarise(timed(ask, outside=20.0)))
    lines = {line[:28].strip(): line.split() for line in text.splitlines()[1:]}
    assert set(lines) == {*ask.STAGES, ask.TUTOR, ask.HTTP, ask.WALL, ask.OUTSIDE}
    assert lines[ask.OUTSIDE][-1] == "2.00"


@pytest.mark.parametrize(("outside", "code"), [(25.0, 0), (25.1, 1)])
def test_the_exit_code_tells_whether_the_bound_is_kept(ask: ModuleType, outside: float, code: int) -> None:
    """At the bound it is kept, above it is not."""
    line, given = ask.verdict(ask.summarise(timed(ask, outside=outside)))
    assert given == code
    assert ("NOT KEPT" in line) == bool(code)


def test_the_questions_are_of_many_kinds_and_the_warm_up_asks_others(ask: ModuleType) -> None:
    """So that no answer is timed whose words were analysed before."""
    asked, warm_up = ask.chosen(60)
    assert len(asked) == 60
    assert len(warm_up) == ask.WARM_UP
    assert set(asked).isdisjoint(warm_up)


def test_it_runs_from_the_command_line_to_its_verdict(
    ask: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shipped corpus is ingested into a folder that is thrown away."""
    code = ask.main(["--questions", "5", "--bound", "100000"], embeddings=HashingEmbeddings())
    assert code == 0
    assert "5 questions, " in capsys.readouterr().out


def turns(start: ModuleType, *ratios: float) -> list[Any]:
    """One turn for each ratio, each on a machine twice as slow as for the one before."""
    return [
        {start.BASELINE: start.Timed(2.0**i, 1.0), start.ASK: start.Timed(ratio * 2.0**i, 3.0)}
        for i, ratio in enumerate(ratios)
    ]


@pytest.mark.parametrize(("middle", "code"), [(1.5, 0), (1.51, 1)])
def test_a_start_is_judged_by_the_median_of_the_ratios(start: ModuleType, middle: float, code: int) -> None:
    """Neither a slow turn nor a machine that grows slower decides; the table shows the same ratio."""
    summary = start.summarise(turns(start, 9.0, middle, 0.5))
    line, given = start.verdict(summary)
    assert given == code
    assert ("NOT KEPT" in line) == bool(code)
    assert f"| tutor ask | {summary[start.ASK].wall:.2f} | {middle:.2f} | 3.00 | 3.00 |" in start.table(
        summary
    )


def test_turns_end_in_time_but_there_is_one(start: ModuleType) -> None:
    """Each turn runs every process once; a process that fails ends it all."""
    quick = {"one": [sys.executable, "-c", "pass"], "two": [sys.executable, "-c", "pass"]}
    assert len(start.take_turns(quick, 5, seconds=0)) == 1
    (first, second) = start.take_turns(quick, 2)
    assert set(first) == set(second) == set(quick)
    with pytest.raises(SystemExit, match="ended with 1"):
        start.take_turns({"broken": [sys.executable, "-c", "raise SystemExit(1)"]}, 1)


def test_make_bench_runs_every_script_without_arguments() -> None:
    """Each script starts with how it is run, and does nothing when it is imported."""
    scripts = sorted(FOLDER.glob("[a-z]*.py"))
    assert scripts
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert f"python benchmarks/{script.name}" in text
        assert 'if __name__ == "__main__":' in text
