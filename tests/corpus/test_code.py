"""The programs on the pages run, and print what the page says."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_texts import FENCE, Page, topic_pages

pytestmark = pytest.mark.timeout(60)


def blocks(page: Page) -> Iterator[tuple[str, str | None]]:
    """Each Python block, and the `text` block directly below."""
    found = list(FENCE.finditer(page.text))
    for number, block in enumerate(found):
        if block[1] == "python":
            after = found[number + 1] if number + 1 < len(found) else None
            close = (
                after is not None
                and after[1] == "text"
                and not page.text[block.end() : after.start()].strip()
            )
            yield block[2], after[2] if after and close else None


PROGRAMS = [
    pytest.param(page, source, printed, id=f"{page.id}-{number}")
    for page in topic_pages()
    for number, (source, printed) in enumerate(blocks(page), 1)
]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "matplotlib"))
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", str(os.cpu_count()))


@pytest.mark.parametrize(("page", "source", "printed"), PROGRAMS)
def test_it_runs_and_prints_what_the_page_says(page: Page, source: str, printed: str | None) -> None:
    """A block runs on its own; its output is that of the page, and without output it asserts."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(source, f"{page.id}.md", "exec", dont_inherit=True), {"__name__": "__main__"})
    _close_figures()
    if printed is None:
        assert "assert " in source, "a block asserts something, or its output stands below it"
        assert output.getvalue() == ""
    else:
        assert output.getvalue().rstrip() == printed.rstrip()


def _close_figures() -> None:
    import sys

    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
