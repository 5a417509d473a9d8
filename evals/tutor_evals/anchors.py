"""Whether a question set fits a corpus: every gold section exists, every key fact stands in one of them."""

from __future__ import annotations

from collections.abc import Iterable

from tutor.documents import Document
from tutor.errors import EvalError
from tutor_evals.phrases import normalise, occurs_normalised
from tutor_evals.questions import Question, QuestionSet
from tutor_ingest.structure import blocks

Sections = dict[tuple[str, str], str]
"""The normalised text of each section, by the document's path and the last heading above it."""


def sections(documents: Iterable[Document]) -> Sections:
    """The sections of documents; text above the first heading stands under the document's title."""
    pieces: dict[tuple[str, str], list[str]] = {}
    for document in documents:
        for block in blocks(document):
            if block.kind != "heading":
                heading = block.heading_path[-1] if block.heading_path else document.title
                pieces.setdefault((document.path, heading), []).append(document.text[block.start : block.end])
    return {place: normalise("\n".join(texts)) for place, texts in pieces.items()}


def problems(questions: QuestionSet, corpus: Sections) -> list[str]:
    """Everything in which the set does not fit, one line each, with file and id."""
    return [
        f"{questions.where(question.id)}: {problem}"
        for question in questions.questions
        for problem in _problems(question, corpus)
    ]


def check(questions: QuestionSet, corpus: Sections) -> None:
    """Raise EvalError with the first problem and the number of others, if there is any."""
    found = problems(questions, corpus)
    if found:
        others = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise EvalError(
            f"{found[0]}{others}", help="Correct the question, or evaluate the corpus it was written for."
        )


def _problems(question: Question, corpus: Sections) -> Iterable[str]:
    texts = []
    for gold in question.gold:
        text = corpus.get((gold.path, gold.heading))
        if text is None:
            yield f"gold: {_what_is_missing(gold.path, gold.heading, corpus)}"
        else:
            texts.append(text)
    if len(texts) < len(question.gold):
        return
    for alternatives in question.key_facts:
        if not any(occurs_normalised(normalise(phrase), text) for phrase in alternatives for text in texts):
            yield f"key_facts: {' / '.join(alternatives)!r} stands in none of the gold sections"


def _what_is_missing(path: str, heading: str, corpus: Sections) -> str:
    if any(known == path for known, _ in corpus):
        return f"{path} has no section {heading!r} with text of its own"
    return f"the corpus has no document {path}"
