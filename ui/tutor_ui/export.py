"""A conversation as a Markdown file, with its sources quoted. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable

from tutor.answering.answer import Answer, Citation
from tutor.documents import fold
from tutor_ui import markup, render

_LIVE = r"<(?=[A-Za-z/!?])|!(?=\[)"
"""What would become HTML or an image in a Markdown viewer; the text of a source may hold either."""


def conversation(answers: Iterable[Answer]) -> str:
    """All questions and answers as Markdown; empty for an empty conversation."""
    parts = [exchange(answer) for answer in answers]
    return "\n".join(["# Conversation with Roadmap Tutor\n", *parts]) if parts else ""


def exchange(answer: Answer) -> str:
    """One question, its answer with `[n]` markers, and what each number stands for."""
    lines = [f"## {_inert(fold(answer.question))}", "", _inert(answer.text.strip()), ""]
    if answer.citations:
        lines += ["### Sources", "", *map(_source, answer.citations)]
    return "\n".join(lines)


def _source(citation: Citation) -> str:
    place = _inert(fold(f"{citation.title} › {render.where(citation)}"))
    url = f" <{citation.url}>" if render.original(citation.url) else ""
    quote = "\n".join(f"   > {line}".rstrip() for line in _inert(citation.quote).splitlines())
    return f"{citation.n}. {place}{url}\n\n{quote}\n"


def _inert(text: str) -> str:
    return markup.escape_outside_code(text, _LIVE)
