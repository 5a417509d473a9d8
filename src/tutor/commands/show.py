"""An answer as a person reads it in a terminal, or as plain text where it is piped.

Sources may hold anything, so control characters are removed before a terminal sees them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tutor.answering.answer import Answer, Citation, Coverage
from tutor.documents import fold

if TYPE_CHECKING:
    from rich.markdown import Markdown

MAX_COLUMNS = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """The text without control and direction-changing characters, which could rewrite a terminal."""
    return _CONTROL.sub("", text)


def out() -> Console:
    """The console for stdout, no wider than reads well."""
    console = Console(highlight=False)
    return Console(highlight=False, width=min(console.width, MAX_COLUMNS)) if console.is_terminal else console


def show(answer: Answer) -> None:
    """Print an answer: laid out on a terminal, as plain Markdown and text otherwise."""
    console = out()
    if console.is_terminal:
        console.print(pretty(answer))
    else:
        sys.stdout.write(plain(answer))


def where(title: str, heading_path: Sequence[str]) -> str:
    """Title and headings in one line, the title not repeated: `Five stages › FAQ › Is Python enough?`."""
    headings = heading_path[1:] if tuple(heading_path[:1]) == (title,) else heading_path
    return printable(" › ".join((title, *headings)))


def quoted(citation: Citation) -> str:
    """The quote on one line, in quotation marks."""
    return f"“{printable(fold(citation.quote))}”"


def plain(answer: Answer) -> str:
    """The answer, its sources and what else could be asked, without any styling."""
    blocks = [printable(answer.text).strip()]
    if answer.citations:
        blocks.append("\n".join(["Sources", *map(_plain_source, answer.citations)]))
    blocks += [
        f"{title}\n" + "\n".join(f"- {printable(line)}" for line in lines)
        for title, lines in _further(answer)
    ]
    return "\n\n".join(blocks) + "\n"


def pretty(answer: Answer) -> RenderableType:
    """The same for a terminal: Markdown laid out, quotes dimmed and indented."""
    parts: list[RenderableType] = [markdown(answer.text)]
    if answer.citations:
        parts += [Text("\nSources", style="bold"), sources(answer.citations)]
    for title, lines in _further(answer):
        listed = hanging()
        for line in lines:
            listed.add_row(" •", Text(printable(line)))
        parts += [Text(f"\n{title}", style="bold"), listed]
    return Group(*parts)


def markdown(text: str) -> Markdown:
    """Markdown for a terminal; addresses are shown, never hidden behind a text."""
    from rich.markdown import Markdown  # a parser of its own, which piped answers do without

    return Markdown(printable(text), hyperlinks=False)


def sources(citations: Sequence[Citation], *, quotes: bool = True) -> RenderableType:
    """The numbered sources: title and headings, place, and the exact quote."""
    listed = hanging()
    for citation in citations:
        number = Text(f"[{citation.n}]", style="bold cyan")
        listed.add_row(number, Text(where(citation.title, citation.heading_path)))
        if quotes:
            listed.add_row("", Text(_place(citation), style="dim"))
            listed.add_row("", Text(quoted(citation), style="dim italic"))
    return listed


def hanging(*marks: str) -> Table:
    """Rows of marks and a text, whose wrapped lines stay beside the marks."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for name in marks or ("mark",):
        table.add_column(name, no_wrap=True)
    table.add_column("text")
    return table


def _place(citation: Citation) -> str:
    return printable(f"{citation.locator} · {citation.path}")


def _plain_source(citation: Citation) -> str:
    head = f"[{citation.n}] {where(citation.title, citation.heading_path)}"
    return "\n    ".join((head, _place(citation), quoted(citation)))


def _further(answer: Answer) -> list[tuple[str, tuple[str, ...]]]:
    """What an answer points to beyond itself: nearest topics if it falls short, follow-up questions."""
    named = [topic for topic in answer.nearest_topics if topic not in answer.text]
    short = answer.coverage is not Coverage.ANSWERED and named
    further = [("Nearest topics", tuple(named))] if short else []
    return further + ([("You could also ask", answer.suggestions)] if answer.suggestions else [])
