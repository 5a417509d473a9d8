"""PDFs: by hand, and, where a Chromium is installed, printed by it, in columns and with tables over several pages."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from messy.made import Made
from messy.prose import Note

# The tests of the PDF reader write PDFs by hand too; one writer is enough.
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "ingest" / "load"))
from minimal_pdf import Put, lines, pdf  # type: ignore[import-not-found,unused-ignore]  # found by the line above

if TYPE_CHECKING:
    from playwright.sync_api import PdfMargins

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_MADE_AT = re.compile(rb"(/(?:Creation|Mod)Date \(D:)\d{14}")
_MARGIN: PdfMargins = {"top": "2cm", "bottom": "2cm", "left": "2cm", "right": "2cm"}
_STYLE = "body{font:11pt/1.4 serif;margin:0}table{border-collapse:collapse;width:100%}td,th{border:1px solid #888;padding:3px}"


def by_hand(note: Note, rotate: int = 0) -> Made:
    """A page for each section; lying on its side where the pages are to be turned."""
    pages: list[list[Put]] = []
    quotable: dict[str, str] = {}
    for number, (heading, sentences) in enumerate(note.sections, 1):
        texts = textwrap.wrap(" ".join(sentences), 80, break_on_hyphens=False)
        if rotate:
            page = [Put(heading, x=80, y=72, size=15, angle=90)]
            page += [Put(text, x=110 + 13 * at, y=72, angle=90) for at, text in enumerate(texts)]
        else:
            page = [Put(heading, 740, size=15), *lines(*texts)]
        pages.append(page)
        quotable |= dict.fromkeys(sentences, f"page {number}")
    return Made(pdf(*pages, title=note.title, rotate=rotate), quotable)


def encrypted(note: Note, password: str) -> Made:
    """One page under a password; the empty one keeps nobody out."""
    texts = textwrap.wrap(" ".join(note.sentences), 80, break_on_hyphens=False)
    return Made(
        pdf(lines(*texts), title=note.title, password=password), dict.fromkeys(note.sentences, "page 1")
    )


def without_text(pages: int) -> bytes:
    """Pages without a character, as of a scan."""
    return bytes(pdf(*([[]] * pages)))


def by_browser(notes: Sequence[Note]) -> dict[str, Made]:
    """Each way to lay a page out with a note, by file name; nothing where there is no Chromium."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        return {}
    from playwright.sync_api import sync_playwright

    pages = dict(
        zip(("two columns", "three columns", "tables", "landscape", "long table"), notes, strict=False)
    )
    found = {}
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = opened.new_page()
        for name, note in pages.items():
            source, quotable = _LAYOUTS[name](note)
            page.set_content(
                f"<html lang=en><head><title>{note.title}</title><style>{_STYLE}</style></head>{source}</html>"
            )
            data = page.pdf(format="A4", landscape=name == "landscape", margin=_MARGIN)
            found[f"{name}.pdf"] = Made(_MADE_AT.sub(rb"\g<1>20200101000000", data), quotable)
        opened.close()
    return found


def _columns(count: int, note: Note) -> tuple[str, Mapping[str, str]]:
    """Text long enough to fill the columns of a page and a bit."""
    body = "".join(f"<h2>{heading}</h2><p>{' '.join(sentences)}</p>" for heading, sentences in note.sections)
    filler = "".join(
        f"<p>Remark {number} of the series on {note.title.lower()} says that run {number * 7 % 90 + 10} was "
        f"repeated by somebody else before it was believed, and that it held.</p>"
        for number in range(1, 60 // count)
    )
    source = (
        f"<body><h1>{note.title}</h1><div style='columns:{count};column-gap:1cm'>{body}{filler}</div></body>"
    )
    return source, dict.fromkeys(note.sentences, "page 1")


def _tables(note: Note) -> tuple[str, Mapping[str, str]]:
    head, *rows = (
        "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in row) + "</tr>"
        for tag, row in [("th", note.header), *(("td", row) for row in note.rows)]
    )
    paragraphs = [f"<p>{' '.join(sentences)}</p>" for _, sentences in note.sections]
    source = f"<body><h1>{note.title}</h1>{paragraphs[0]}<table>{head}{''.join(rows)}</table>{paragraphs[1]}</body>"
    return source, dict.fromkeys(
        [*note.sentences, *(f"| {' | '.join(row)} |" for row in note.rows)], "page 1"
    )


def _long_table(note: Note) -> tuple[str, Mapping[str, str]]:
    """A table over three pages, whose header Chromium repeats."""
    rows = "".join(
        f"<tr><td>Run {n}</td><td>{n * 37 % 100 / 10}</td><td>{n % 9 + 1} hours</td></tr>"
        for n in range(1, 121)
    )
    head = "<thead><tr><th>Name of the run</th><th>Error</th><th>Time</th></tr></thead>"
    source = f"<body><h1>{note.title}</h1><table>{head}<tbody>{rows}</tbody></table></body>"
    return source, {"| Run 9 | 3.3 | 1 hours |": "page 1", "| Run 120 | 4.0 | 4 hours |": "page 4"}


_LAYOUTS = {
    "two columns": lambda note: _columns(2, note),
    "three columns": lambda note: _columns(3, note),
    "tables": _tables,
    "landscape": _tables,
    "long table": _long_table,
}
