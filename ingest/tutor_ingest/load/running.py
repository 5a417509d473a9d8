"""Running heads and page numbers: what a PDF repeats on its pages and no reader would quote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tutor_ingest.load.page_lines import Line

_MARGIN = 0.1  # of the page's height, at its head and foot
_FEWEST_LINES = 5  # a page with fewer may be a slide, whose lines are all content
_FEWEST_PAGES = 3
_SHARE = 0.4  # of the pages: heads of left and right pages often differ
_LONGEST = 80  # characters; a longer line is text that happens to repeat
_COUNT = re.compile(r"\s*\b\d+\s*(?:/|of)\s*\d+$")
_PAGE_NUMBER = re.compile(
    r"(?:page\s+)?[-–—]?\s*(?:\d{1,4}|[ivxl]{1,6})\s*[-–—]?(?:\s*(?:/|of)\s*\d{1,4})?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of one page and its height in points."""

    lines: tuple[Line, ...]
    height: float


def without_running_lines(pages: Sequence[Page]) -> list[tuple[Line, ...]]:
    """The lines of each page, less page numbers and lines that stand in the margin of many pages.

    Careful rather than thorough: only a line repeated word for word goes, so that `Week 1`, `Week 2` stay.
    """
    counts = Counter(
        key for page in pages for key in {_key(line) for line in page.lines if _in_margin(line, page)}
    )
    often = max(_FEWEST_PAGES, _SHARE * len(pages))
    repeated = {key for key, count in counts.items() if count >= often}
    return [tuple(line for line in page.lines if not _is_running(line, page, repeated)) for page in pages]


def _is_running(line: Line, page: Page, repeated: set[str]) -> bool:
    if len(page.lines) < _FEWEST_LINES or not _in_margin(line, page):
        return False
    if len(line.text) <= _LONGEST and _key(line) in repeated:
        return True
    return bool(_PAGE_NUMBER.fullmatch(line.text))


def _in_margin(line: Line, page: Page) -> bool:
    return not _MARGIN * page.height <= line.y <= (1 - _MARGIN) * page.height


def _key(line: Line) -> str:
    return _COUNT.sub("", line.text).casefold()
