"""From answers to HTML: pure functions, no Gradio.

The HTML carries what the page's few lines of script need: `data-ask` on a button that asks a question,
`data-n`, `data-document`, `data-start`, `data-end` and `data-heading` on one that opens a source at a
sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import groupby
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline

from tutor.answering.answer import Answer, Citation, Coverage, NoticeEvent, StatementEvent
from tutor.errors import TutorError
from tutor_ui import markup

THINKING = "Reading the sources…"
_STATE_LINES = {Coverage.NOT_COVERED: "Not in the sources", Coverage.PARTLY: "Partly covered"}
_MARKER = re.compile(r"\[(\d{1,4})\]")
_MARKERS = re.compile(r'[^<>\s]{1,30}(?:\s?<button [^>]*class="cite"[^>]*>\d+</button>)+')
"""A word and the buttons behind it, which stay on one line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer: a statement with the numbers it cites, or a notice, which cites nothing."""

    markdown: str
    cites: tuple[int, ...] = ()
    notice: bool = False


def piece(event: StatementEvent | NoticeEvent) -> Piece:
    """An event of the answer's stream as a piece to show."""
    if isinstance(event, NoticeEvent):
        return Piece(event.markdown, notice=True)
    return Piece(event.markdown, event.statement.citations)


def where(citation: Citation) -> str:
    """Headings below the title and the locator: `FAQ › Is Python enough?, line 12`."""
    return ", ".join(part for part in (heading(citation), citation.locator) if part)


def located(heading: str, locator: str) -> str:
    """Headings and locator as HTML; the locator stays on one line."""
    return f'{escape(heading)} <span class="locator">{"· " if heading else ""}{escape(locator)}</span>'


def heading(citation: Citation) -> str:
    """The heading path without the document's title, which stands beside it anyway."""
    path = citation.heading_path
    return " › ".join(path[1:] if path[:1] == (citation.title,) else path)


def _target(citation: Citation) -> str:
    data = {
        "n": citation.n,
        "document": citation.document_id,
        "start": citation.start,
        "end": citation.end,
        "heading": heading(citation),
    }
    return " ".join(f'data-{name}="{escape(str(value))}"' for name, value in data.items())


def marker(citation: Citation) -> str:
    """The numbered button that stands behind a statement."""
    n, label = citation.n, escape(f"Source {citation.n}: {citation.title}, {where(citation)}")
    return f'<button type="button" class="cite" {_target(citation)} aria-label="{label}">{n}</button>'


def body(pieces: Sequence[Piece], citations: Iterable[Citation]) -> str:
    """The answer so far: statements as Markdown with a button for each `[n]`, notices in boxes of their own.

    A statement may quote a source that has `[3]` in its text: only the numbers that it cites become buttons.
    """
    by_number = {citation.n: citation for citation in citations}
    out = []
    for notice, run in groupby(pieces, key=lambda each: each.notice):
        html = _markdown("".join(_guarded(each) for each in run), {} if notice else by_number)
        out.append(f'<div class="notice">{html}</div>' if notice else html)
    return "".join(out)


def _guarded(each: Piece) -> str:
    if all(int(number) in each.cites for number in _MARKER.findall(each.markdown)):
        return each.markdown
    foreign = rf"\[(?!(?:{'|'.join(map(str, each.cites)) or '-'})\])(?=\d{{1,4}}\])"
    return markup.escape_outside_code(each.markdown, foreign)


def _markdown(text: str, citations: Mapping[int, Citation]) -> str:
    parser = _parser()
    env: dict[str, Any] = {"citations": citations}
    tokens = parser.parse(text, env)
    markup.demote(tokens, 3)
    html = markup.clean(str(parser.renderer.render(tokens, parser.options, env)))
    return _MARKERS.sub(r'<span class="held">\g<0></span>', html)


@cache
def _parser() -> MarkdownIt:
    """The common parser with the `[n]` marker, and without link definitions, which could claim one."""
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=markup.Renderer)
    parser.enable(["table", "strikethrough"]).disable("reference")
    parser.inline.ruler.before("link", "citation", _read_marker)
    parser.add_render_rule("citation", _show_marker)
    return parser


def _read_marker(state: StateInline, silent: bool) -> bool:
    match = _MARKER.match(state.src, state.pos)
    citation = state.env.get("citations", {}).get(int(match[1])) if match else None
    if match is None or citation is None:
        return False
    if not silent:
        state.push("citation", "", 0).meta = {"citation": citation}
    state.pos = match.end()
    return True


def _show_marker(self: RendererHTML, tokens: Sequence[Any], idx: int, options: Any, env: Any) -> str:
    return marker(tokens[idx].meta["citation"])


def sources(citations: Sequence[Citation]) -> str:
    """The numbered list below an answer; each entry opens its place."""
    if not citations:
        return ""
    items = "".join(f"<li>{_source(citation)}</li>" for citation in citations)
    label = "Sources of this answer"
    return f'<section class="sources" aria-label="{label}"><h3>Sources</h3><ol>{items}</ol></section>'


def _source(citation: Citation) -> str:
    return (
        f'<button type="button" class="source" {_target(citation)}><span class="number">{citation.n}</span> '
        f'<span><span class="title">{escape(citation.title)}</span> '
        f'<span class="where">{located(heading(citation), citation.locator)}</span></span></button>'
        f"{original(citation.url)}"
    )


def original(url: str | None) -> str:
    """A link to where a source was published, the only way out of the page; nothing without a web address."""
    if not url or not re.match(r"https?://", url):
        return ""
    rel = "noopener noreferrer nofollow"
    return f'<a class="original" href="{escape(url)}" target="_blank" rel="{rel}">original</a>'


def questions(label: str, asked: Sequence[str]) -> str:
    """Buttons that ask; nothing where there are none."""
    if not asked:
        return ""
    items = "".join(f"<li>{_ask(each, each)}</li>" for each in asked)
    label = escape(label)
    return f'<nav class="questions" aria-label="{label}"><h3>{label}</h3><ul>{items}</ul></nav>'


def _ask(question: str, label: str) -> str:
    return f'<button type="button" class="ask" data-ask="{escape(question)}">{escape(label)}</button>'


def exchange(
    question: str,
    pieces: Sequence[Piece] = (),
    citations: Sequence[Citation] = (),
    *,
    answer: Answer | None = None,
    problem: str = "",
    follow_ups: bool = True,
) -> str:
    """A question and what is known of its answer: nothing yet, a part, the whole (`answer`), or a problem."""
    done = answer is not None or bool(problem)
    state = "problem" if problem else answer.coverage.value if answer else "thinking"
    line = _STATE_LINES.get(answer.coverage) if answer and answer.kind != "small_talk" else None
    shown = problem or body(pieces, citations) or f'<p class="thinking">{THINKING}</p>'
    shown, topics = _pressable(shown, answer.nearest_topics if answer and follow_ups else ())
    return (
        f'<article class="exchange" data-state="{state}">'
        f'<h2 class="question" tabindex="-1"><span class="sr-only">You asked: </span>{escape(question)}</h2>'
        f'<div class="answer" aria-live="polite" aria-busy="{"false" if done else "true"}">'
        f"{f'<p class=state>{line}</p>' if line else ''}{shown}</div>"
        f"{sources(citations)}{_follow_ups(answer, topics) if answer and follow_ups else ''}</article>"
    )


def _pressable(html: str, topics: Sequence[str]) -> tuple[str, list[str]]:
    """The answer with each topic that it lists made a button that asks, and the topics it does not list."""
    rest = []
    for topic in topics:
        item = f"<li>{markup.clean(escape(topic))}</li>"
        if item not in html:
            rest.append(topic)
        html = html.replace(item, f"<li>{_ask(topic, topic)}</li>", 1)
    return html, rest


def _follow_ups(answer: Answer, topics: Sequence[str]) -> str:
    if answer.coverage is Coverage.NOT_COVERED and answer.nearest_topics:
        return questions("Nearest topics", topics)  # suggestions would name the same ones again
    return questions("Ask next", answer.suggestions)


def problem(error: TutorError, question: str) -> str:
    """What went wrong and what helps; with a way to try again where that can help."""
    again = f"<p>{_ask(question, 'Try again')}</p>" if error.retryable else ""
    rest = f"<p>{escape(error.help)}</p>" if error.help else ""
    return f'<div class="problem" role="alert"><p>{escape(str(error))}</p>{rest}{again}</div>'


def broken() -> str:
    """What stands in the place of an answer after a bug, whose traceback is in the server's log."""
    return (
        '<article class="exchange" data-state="problem"><h2>Something went wrong</h2>'
        '<div class="problem" role="alert"><p>The answer was not finished; the server has logged why.</p>'
        "<p>Ask again, or ask in other words.</p></div></article>"
    )


def welcome(examples: Sequence[str]) -> str:
    """What an empty conversation shows."""
    return (
        '<section class="welcome" aria-label="Welcome"><h2>What would you like to know?</h2>'
        "<p>Ask about becoming a machine-learning engineer. Every sentence of an answer carries a number; "
        "press it to read it in its source. What the sources do not say, the tutor does not say.</p>"
        f"{questions('Try one of these', examples)}</section>"
    )


def warming() -> str:
    """What is shown until the index and the model are loaded."""
    return (
        '<section class="welcome" role="status" aria-label="Welcome"><h2>Warming up…</h2>'
        "<p>The tutor is loading its index and its model. This page goes on by itself in a few seconds. "
        "Should it take more than a minute, <code>/readyz</code> tells why.</p></section>"
    )
