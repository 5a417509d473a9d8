"""`make bench`: every benchmark is run, and its lines on bounds come onto one page."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = util.spec_from_file_location("bench_page", ROOT / "tools" / "bench.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def test_every_benchmark_is_named(bench: ModuleType) -> None:
    """What begins with an underscore is shared by the benchmarks and none itself."""
    assert {"ask", "ingest", "scale", "start", "retrieval", "lexical"} <= set(bench.names())
    assert not [name for name in bench.names() if name.startswith("_")]


def test_lines_on_bounds_come_onto_the_page(bench: ModuleType) -> None:
    """Sentences as they are, rows of a table as their cells; other lines stay in the file."""
    output = "60 questions\n| a | b |\nsearch: 4.0 ms, bound 25: kept\n| again | 0.02 | ≤ 0.05 | NOT KEPT |\n"
    run = bench.Run("ask", output, 1, 12.4)
    assert run.lines() == [
        "ask (12 s, exit code 1; build/bench/ask.md)",
        "  search: 4.0 ms, bound 25: kept",
        "  again, 0.02, ≤ 0.05, NOT KEPT",
    ]


def test_a_benchmark_without_a_bound_says_where_its_tables_are(bench: ModuleType) -> None:
    """There is a line even then."""
    assert "stands in the file" in bench.Run("lexical", "| a |\n", 0, 1).lines()[1]


def test_its_end_is_that_of_the_worst(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are run, what they print is kept, and a bound that was not kept fails the whole."""
    (tmp_path / "good.py").write_text("print('fine, bound 1: kept')")
    (tmp_path / "poor.py").write_text("print('slow, bound 1: NOT KEPT'); raise SystemExit(1)")
    monkeypatch.setattr(bench, "SCRIPTS", tmp_path)
    monkeypatch.setattr(bench, "OUTPUT", tmp_path / "out")
    assert bench.main([]) == 1
    assert bench.main(["good"]) == 0
    assert capsys.readouterr().out.count("fine, bound 1: kept") == 2
    assert (tmp_path / "out" / "poor.md").read_text() == "slow, bound 1: NOT KEPT\n"
    with pytest.raises(SystemExit):
        bench.main(["none"])
