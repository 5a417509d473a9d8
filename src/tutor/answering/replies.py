"""The tutor's own words around statements: layout, what is missing, what is near, what to ask next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tutor.answering.answer import Citation, Coverage, Statement
from tutor.answering.forms import Proposal
from tutor.answering.sections import says_its_topic
from tutor.documents import SpanKind, fold
from tutor.index.terms import terms
from tutor.retrieval.search import Found

REFUSAL = "I do not know: my sources do not cover this."
_MARKUP = re.compile(r"([\\`*_\[\]<>!|#&])")


def notice(coverage: Coverage, missing: Sequence[str], nearest: Sequence[str]) -> str:
    """What the tutor says of its own about an answer; empty where the question is answered."""
    if coverage is Coverage.ANSWERED:
        return ""
    if coverage is Coverage.PARTLY:
        return f"My sources do not cover this part: {'; '.join(f'“{part}”' for part in missing)}."
    if not nearest:
        return REFUSAL
    return f"{REFUSAL} The nearest topics that they cover:\n\n" + "\n".join(f"- {topic}" for topic in nearest)


def nearest_topics(found: Iterable[Found], most: int = 3) -> tuple[str, ...]:
    """Headings of the best passages, each with its source."""
    topics: dict[str, None] = {}
    for one in found:
        for passage in one.passages:
            heading = passage.heading_path[-1] if passage.heading_path else passage.title
            alone = heading == passage.title or not says_its_topic(heading)
            topics[passage.title if alone else f"{heading} ({passage.title})"] = None
    return tuple(topics)[:most]


def suggestions(found: Found, cited: Sequence[Citation], question: str, most: int = 3) -> tuple[str, ...]:
    """Questions whose answers stand in passages that were found but not cited."""
    used = {citation.chunk_id for citation in cited}
    used_headings = {citation.heading_path for citation in cited}
    asked = question.casefold().strip(" ?")
    suggested: dict[str, None] = {}
    for passage in found.passages:
        if not passage.heading_path or passage.chunk_id in used or passage.heading_path in used_headings:
            continue
        heading = passage.heading_path[-1].strip()
        introduces = (
            not heading.endswith("?") and passage.title.casefold().removeprefix("the ") in heading.casefold()
        )
        if introduces or not says_its_topic(heading) or heading.casefold().strip(" ?") == asked:
            continue  # the source's own introduction, a part of it that needs its title, or the very question
        source = (
            passage.title[0].lower() + passage.title[1:]
            if passage.title.startswith("The ")
            else f"“{passage.title}”"
        )
        suggested[heading if heading.endswith("?") else f"What does {source} say about “{heading}”?"] = None
    return tuple(suggested)[:most]


def lay_out(statement: Statement, proposal: Proposal, before: Proposal | None, *, first: bool) -> str:
    """A statement as it stands in the answer's text: markers in place, and what separates it from the one before."""
    marks = "".join(f"[{n}]" for n in statement.citations)
    if statement.said_by and not proposal.is_block:
        gap = "" if first else "\n" if before is not None and not before.is_block else "\n\n"
        return f"{gap}- {_speaker(statement)}{statement.text} {marks}"
    if proposal.is_block:
        head, _, body = statement.text.partition("\n\n")
        span = proposal.candidate.span
        if span.kind is SpanKind.CODE and proposal.places[0].start >= span.start:
            body = ""  # nothing introduces it; its own blank lines part nothing
        block = f"{head} {marks}\n\n{body}" if body else f"{statement.text}\n\n{marks}"
        if speaker := _speaker(statement).rstrip():
            block = f"{speaker}\n\n{block}"
        return block if first else f"\n\n{block}"
    joined = before is not None and not before.is_block and _same_source(proposal, before)
    return f"{'' if first else ' ' if joined else chr(10) * 2}{statement.text} {marks}"


def _speaker(statement: Statement) -> str:
    """Whose statement it is, where sources stand side by side and its own words do not say so."""
    if statement.said_by is None or set(terms(statement.said_by)) - {"the"} <= set(terms(statement.text)):
        return ""
    title = _MARKUP.sub(r"\\\1", fold(statement.said_by))  # a title is foreign text: no link, no image
    return f"{title}: "


def _same_source(a: Proposal, b: Proposal) -> bool:
    return a.candidate.passage.document_id == b.candidate.passage.document_id
