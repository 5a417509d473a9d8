"""Which sentences, list items, rows and whole lists of the passages speak to a question, and how strongly.

Each candidate's score is a weighted sum of features: one for having the form that the question asks for, two for the section
that it stands in.
The weights were chosen by hand; on the development sets for which the answering sentence is known
(`tools/compare_evidence.py`) neither a logistic fit nor any of the weightings tried around them did better.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tutor.answering.question import Figure, Question, QuestionKind
from tutor.answering.sections import asked_by, aspect_of, opens_on
from tutor.documents import Passage, SpanKind, fold
from tutor.index.generation import Generation
from tutor.index.store import StoredSpan
from tutor.index.terms import terms
from tutor.retrieval.search import Found
from tutor.retrieval.synonyms import is_present, term_cover


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span of a passage, with what speaks for it.

    `similarity` is the cosine of span and question; `cover` the share of the question's terms, by idf, in the span
    itself; `context_cover` the same with title and headings counted in; all in 0 to 1, as is the passage's score. `asked` tells
    how far the heading above it asks the very question.
    """

    span: StoredSpan
    passage: Passage
    text: str
    terms: frozenset[str]
    similarity: float
    cover: float
    context_cover: float
    form: float
    asked: float
    score: float

    @property
    def place(self) -> tuple[str, int]:
        """Document and offset: the order of reading."""
        return self.passage.document_id, self.span.start


# The table is in docs/decisions/0004-quote-engine.md.
SIMILARITY, COVER, CONTEXT, PASSAGE, FORM, ASKED, ASPECT = 1.0, 0.45, 0.35, 0.25, 0.25, 0.3, 0.25


def gather(question: Question, found: Found, generation: Generation) -> list[Candidate]:
    """Every span of the found passages as a candidate, best first; ties in reading order."""
    if not found.passages:
        return []
    by_row = {passage.row: passage for passage in found.passages}
    spans = generation.store.spans(list(by_row))
    similarities = generation.spans_similarity([span.row for span in spans], found.query_vector)
    weight = generation.lexical.idf
    leads = _leads(spans, generation, by_row)
    context = {row: frozenset(terms(" ".join((p.title, *p.heading_path)))) for row, p in by_row.items()}
    headings = {row: p.heading_path[-1] if p.heading_path else p.title for row, p in by_row.items()}
    asked = {row: asked_by(question, heading, weight) for row, heading in headings.items()}
    aspects = {row: aspect_of(question, heading) for row, heading in headings.items()}
    opening = {  # first sentences, which say what their document is about
        min(span.row for span in spans if span.chunk == row): opens_on(question, passage, weight)
        for row, passage in by_row.items()
    }
    code = {(span.chunk, span.block) for span in spans if span.kind is SpanKind.CODE}
    wants_code = bool(_ASKS_FOR_CODE.search(question.text))
    candidates = []
    for span, similarity in zip(spans, similarities, strict=True):
        passage = by_row[span.chunk]
        document = generation.store.document(passage.document_id)
        text = document.text[span.start : span.end]
        own = frozenset(terms(text))
        cover = term_cover(question.terms, own, weight)
        around = context[span.chunk] | leads.get((span.chunk, span.block), frozenset())
        context_cover = term_cover(question.terms, own | around, weight)
        form = form_bonus(question, span.kind, text, own)
        led = span.block + (span.kind is SpanKind.LEAD)
        if (span.chunk, led) in code and not wants_code:
            form = UNWANTED_CODE
        if question.kind is QuestionKind.DEFINITION and span.row in opening:
            form = max(form, opening[span.row])
        if question.kind is QuestionKind.LIST and span.kind is SpanKind.ITEM:
            # An item stands for its list: what counts is whether the list is about the question, not whether one item is.
            form = 0.8 * term_cover(question.terms, around, weight) - 0.5
        score = (
            SIMILARITY * float(similarity)
            + COVER * cover
            + CONTEXT * context_cover
            + PASSAGE * passage.score
            + FORM * form
            + ASKED * asked[span.chunk]
            + ASPECT * aspects[span.chunk]
        )
        candidates.append(
            Candidate(
                span,
                passage,
                text,
                own,
                float(similarity),
                cover,
                context_cover,
                form,
                asked[span.chunk],
                score,
            )
        )
    return sorted(candidates, key=lambda c: (-c.score, c.place))


def _leads(
    spans: Sequence[StoredSpan], generation: Generation, by_row: Mapping[int, Passage]
) -> dict[tuple[int, int], frozenset[str]]:
    """For each list of each chunk, the terms of the sentence that introduces it."""
    return {
        (span.chunk, span.block + 1): frozenset(
            terms(generation.store.document(by_row[span.chunk].document_id).text[span.start : span.end])
        )
        for span in spans
        if span.kind is SpanKind.LEAD
    }


_ASKS_FOR_CODE = re.compile(
    r"\b(code|programs?|scripts?|snippets?|commands?|syntax|implement\w*|examples?|write|python|sql|numpy|pandas|pytorch|torch|keras|sklearn|scikit\S*|bash|shell|git|docker\w*|yaml)\b",
    re.I,
)
UNWANTED_CODE = -2.0  # the form of a program where the question asks for none

_FIGURE_TEXT = {
    Figure.DURATION: re.compile(r"(\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|eighteen|few|several|couple|half)\b)[^.;:]{0,24}?\b(?<!\ba )(?<!\bper )(?<!\beach )(minutes?|hours?|days?|weeks?|months?|years?|semesters?)\b|\b(about|after|around|half|takes?|lasts?|over|under|than|within|nearly|almost|roughly) an? (minute|hour|day|week|month|year|semester)\b", re.I),  # not `15 lakh a year`
    Figure.MONEY: re.compile(r"[$€£¥₹]\s?\d|\d[\d,.]*\s?(k\b|usd|eur|gbp|inr|lpa|lakhs?|crores?|dollars?|euros?|pounds?|rupees?|million|billion)", re.I),
    Figure.RATING: re.compile(r"\d(\.\d+)?\s?(/|out of)\s?\d+|\d(\.\d+)?\s+stars?", re.I),
    Figure.DATE: re.compile(r"\b(1[5-9]|20)\d\d\b|\b(january|february|march|april|may|june|july|august|september|october|november|december)\b", re.I),
    Figure.NUMBER: re.compile(r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|half|third|quarter|both)\b", re.I),
}  # fmt: skip

_FORMS = {
    QuestionKind.RECOMMENDATION: re.compile(r"\b(recommend\w*|advis\w*|advice|suggest\w*|should|best|better|prefer\w*|start|begin|first|choose|pick|ideal|suits?|worth|good (for|choice))\b", re.I),
    QuestionKind.WHY: re.compile(r"\b(because|since|so that|reasons?|due to|therefore|thus|helps?|makes?|lets?|allows?|enables?|means?|in order to|matters?|important|as it|leads? to|why)\b", re.I),
    QuestionKind.HOW_TO: re.compile(r"\b(by \w+ing|steps?|first|then|start|begin|use|using|build|create|make|through|practi[cs]e|try|choose|learn)\b", re.I),
    QuestionKind.COMPARISON: re.compile(r"\b(while|whereas|but|unlike|both|than|differ\w*|compared|in contrast|on the other hand|instead|more|less)\b", re.I),
    QuestionKind.YES_NO: re.compile(r"\b(yes|no|not|need\w*|must|can|should|without|only|never|always|required?|enough|necessary|optional|possible)\b", re.I),
}  # fmt: skip


def has_figure(figure: Figure, text: str) -> bool:
    """Whether a text holds a figure of this kind."""
    return bool(_FIGURE_TEXT[figure].search(text))


def figures(figure: Figure, text: str) -> frozenset[str]:
    """The figures of this kind in a text, as they are written."""
    return frozenset(fold(match.group()).lower() for match in _FIGURE_TEXT[figure].finditer(text))


def form_bonus(question: Question, kind: SpanKind, text: str, own: frozenset[str]) -> float:
    """How far a span has the form that the question asks for, -1 to 1."""
    if text.rstrip().endswith("?"):
        return -1.0  # a question answers none
    if text.startswith("["):
        return -1.0  # a link as the subject: it speaks of another page
    if question.figure is not None:
        return 1.0 if has_figure(question.figure, text) else -0.6
    if kind is SpanKind.HEADER:
        return -0.5
    if question.kind is QuestionKind.LIST:
        return {SpanKind.LEAD: 0.8, SpanKind.ITEM: 0.1, SpanKind.ROW: 0.1}.get(kind, 0.0)
    if question.kind is QuestionKind.DEFINITION:
        return _defines(question, text) if kind is SpanKind.SENTENCE else -0.2
    if question.kind is QuestionKind.COMPARISON and question.sides:
        both = all(any(is_present(t, own) for t in side) for side in question.sides)
        return (0.5 if both else 0.0) + (0.3 if _FORMS[QuestionKind.COMPARISON].search(text) else 0.0)
    if kind is SpanKind.LEAD:
        return 0.0 if question.kind in (QuestionKind.HOW_TO, QuestionKind.RECOMMENDATION) else -0.3
    pattern = _FORMS.get(question.kind)
    return 0.4 if pattern is not None and pattern.search(text) else 0.0


_COPULA = re.compile(
    r"\b(is|are|means?|refers? to|stands? for|describes?|denotes?|consists? of|involves?)\b", re.I
)


_CLASS = re.compile(
    r"(is|are)( \w+ly)? (an?|the|one|any|when|where|how|what)\b|(means?|refers? to|stands? for|describes?|denotes?)\b",
    re.IGNORECASE,
)


def _defines(question: Question, text: str) -> float:
    """1 for `X is …` with the asked term as the subject, less for a sentence that only mentions it."""
    match = _COPULA.search(fold(text))
    if not match:
        return 0.0
    subject = fold(text)[: match.start()]
    before = terms(subject)
    asked = [term for term in question.terms if is_present(term, frozenset(before))]
    if not question.terms or len(asked) < len(question.terms):
        return 0.0
    if len(before) > len(question.terms) + 4:
        return 0.3
    return 1.0 if _CLASS.match(fold(text)[match.start() :]) else 0.5
