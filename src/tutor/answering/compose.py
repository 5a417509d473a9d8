"""The quote engine: from ranked candidates to at most eight statements in an order that reads well.

The direct statement comes first, then what supports it; where nothing else comes close, it stands alone. The kind of
question decides the form: a list comes whole, a comparison puts both sides side by side, figures come one per source,
so that sources that disagree are seen to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from tutor.answering.evidence import UNWANTED_CODE, Candidate, figures, has_figure
from tutor.answering.forms import Proposal, propose, table
from tutor.answering.question import Figure, Question, QuestionKind
from tutor.answering.sections import is_to_the_point
from tutor.documents import SpanKind
from tutor.index.generation import Generation
from tutor.index.terms import terms
from tutor.retrieval.synonyms import is_present

MOST = 8  # statements in an answer
_BLOCKS = 3  # lists and tables in an answer
_ROWS = 0.9  # share of a row's score that other rows of its table need to be shown with it
_SUPPORTS = 0.76  # share of the best score that a supporting statement needs
_LIST_SUPPORTS = 0.88  # the same for further lists, which are long
_COVERS = 0.7  # share of the best one's term cover that a supporting statement needs
_FIGURE_SUPPORTS = 0.62  # the same where sources are set side by side
_IN_BLOCK = 0.9  # share of a candidate's terms that make it a repeat of a list or table
_VERY = 0.85  # how far a heading asks what the question asks, above which what stands below it is the answer
_BELOW, _BESIDE = 4, 2  # statements from below such a heading, and from elsewhere beside them
_EXPLAINED = 3  # statements up to which the paragraph of the best one is quoted on
_REPEATS = 0.72  # share of the shorter one's terms above which two statements say the same


def compose(question: Question, candidates: Sequence[Candidate], generation: Generation) -> list[Proposal]:
    """Proposed statements, the direct one first; empty if there are no candidates."""
    if not candidates:
        return []
    fitting = [c for c in candidates if c.form > UNWANTED_CODE and is_to_the_point(question, c.passage)]
    candidates = fitting or candidates
    direct = [] if question.figure else _asked(candidates, generation)  # figures come one per source
    form = _FORMS.get(question.kind, _plain)
    others = form(question, candidates, generation)
    if direct:
        said = [p for p in others if not any(_repeats(p.candidate, other) for other in direct)]
        others = [p for p in said if not p.is_block or question.kind is QuestionKind.LIST][:_BESIDE]
    return _in_reading_order(_outermost([*direct, *others])[:MOST], first=max(len(direct), 1))


def _asked(candidates: Sequence[Candidate], generation: Generation) -> list[Proposal]:
    """What stands below a heading that asks the very question, in its order; nothing where there is no such heading."""
    best = next((c for c in candidates if c.asked >= _VERY), None)
    if best is None:
        return []
    own = [c for c in candidates if c.passage.row == best.passage.row]
    own.sort(key=lambda c: c.span.start)
    chosen: list[Proposal] = []
    for candidate in own:
        span, document = candidate.span, candidate.passage.document_id
        if len(chosen) < _BELOW and not any(p.covers(document, span.start, span.end) for p in chosen):
            chosen.append(propose(candidate, generation))
    return chosen


def _plain(question: Question, candidates: Sequence[Candidate], generation: Generation) -> list[Proposal]:
    """The best statement and up to four that support it; of how something is done, a list whole."""
    whole = question.kind in (QuestionKind.HOW_TO, QuestionKind.RECOMMENDATION)
    chosen = _pick(candidates, generation, most=5, share=_SUPPORTS, whole=whole)
    return [*chosen, *_continued(chosen, candidates, generation)]


def _continued(
    chosen: Sequence[Proposal], candidates: Sequence[Candidate], generation: Generation
) -> list[Proposal]:
    """What the best statement's paragraph goes on to say, where little else was found: there the explanation stands."""
    first = chosen[0].candidate
    if first.span.kind is not SpanKind.SENTENCE or len(chosen) >= _EXPLAINED:
        return []
    after = [c for c in candidates if c.span.chunk == first.span.chunk and c.span.block == first.span.block]
    after = sorted((c for c in after if c.span.start > first.span.start), key=lambda c: c.span.start)
    said = list(chosen)
    for candidate in after[: _EXPLAINED - len(chosen)]:
        span = candidate.span
        if not any(p.covers(candidate.passage.document_id, span.start, span.end) for p in said):
            said.append(propose(candidate, generation))
    return said[len(chosen) :]


def _list(question: Question, candidates: Sequence[Candidate], generation: Generation) -> list[Proposal]:
    """The best list, whole, then other sources' lists and sentences that come close."""
    return _pick(candidates, generation, most=4, share=_LIST_SUPPORTS, whole=True)


def _figures(question: Question, candidates: Sequence[Candidate], generation: Generation) -> list[Proposal]:
    """Sentences that hold the figure, the best of each source first; sources are named where there are several."""
    assert question.figure is not None
    holding = [c for c in candidates if has_figure(question.figure, c.text)]
    if not holding:
        return _plain(question, candidates, generation)
    # A figure belongs to the place or year that its own sentence names, not to one that only the heading does.
    place = [t for t in question.names & question.qualifiers if is_present(t, holding[0].terms)]
    holding = [c for c in holding if all(is_present(t, c.terms) for t in place)]
    best_of_each = list({c.passage.document_id: c for c in reversed(holding)}.values())[::-1]
    best_of_each.sort(key=lambda c: -c.score)
    chosen = _pick(best_of_each, generation, most=5, share=_FIGURE_SUPPORTS, figure=question.figure)
    more = _pick(holding, generation, most=3, share=0.85, taken=chosen)
    statements = [*chosen, *more]
    if len({s.candidate.passage.document_id for s in statements}) > 1:
        return [replace(s, said_by=s.candidate.passage.title) for s in statements]
    return statements


def _comparison(
    question: Question, candidates: Sequence[Candidate], generation: Generation
) -> list[Proposal]:
    """A table that holds both sides, else sentences that name both, else the best sentence on each side in turn."""
    if not question.sides:
        return _plain(question, candidates, generation)
    chosen: list[Proposal] = []
    if rows := _rows_for(question.sides, candidates):
        chosen.append(table(rows, generation))
    both = [c for c in candidates if all(_speaks_of(c, side) for side in question.sides)]
    chosen += _pick(both, generation, most=2, share=_SUPPORTS, taken=chosen)
    for side in question.sides:
        others = [other for other in question.sides if other != side]
        own = [c for c in candidates if _tells_apart(c, side, others)]
        chosen += _pick(own, generation, most=1 if both else 2, share=_SUPPORTS, taken=chosen)
    return chosen or _plain(question, candidates, generation)


_FORMS: dict[QuestionKind, Callable[[Question, Sequence[Candidate], Generation], list[Proposal]]] = {
    QuestionKind.LIST: _list,
    QuestionKind.FIGURE: _figures,
    QuestionKind.COMPARISON: _comparison,
}


def _speaks_of(candidate: Candidate, side: Iterable[str]) -> bool:
    return all(is_present(term, candidate.terms) for term in side)


def _tells_apart(candidate: Candidate, side: Iterable[str], others: Iterable[Iterable[str]]) -> bool:
    """Whether a sentence speaks of one side and not of the others."""
    if candidate.span.kind is not SpanKind.SENTENCE or not _speaks_of(candidate, side):
        return False
    return not any(_speaks_of(candidate, other) for other in others)


def _rows_for(sides: Sequence[tuple[str, ...]], candidates: Sequence[Candidate]) -> list[Candidate]:
    """The rows of one table of which each speaks of one side, one row a side, or none."""
    rows = [c for c in candidates if c.span.kind is SpanKind.ROW]
    for first in rows:
        same = [
            c
            for c in rows
            if c.passage.document_id == first.passage.document_id and c.span.block == first.span.block
        ]
        found = [next((c for c in same if _names_first(c, side)), None) for side in sides]
        if all(found) and len({c.span.row for c in found if c}) == len(sides):
            return [c for c in found if c]
    return []


def _names_first(candidate: Candidate, side: Iterable[str]) -> bool:
    """Whether the first cell of a row names a side."""
    first_cell = frozenset(terms(candidate.text.strip().strip("|").split("|")[0]))
    return all(is_present(term, first_cell) for term in side)


def _pick(
    candidates: Sequence[Candidate],
    generation: Generation,
    *,
    most: int,
    share: float,
    taken: Sequence[Proposal] = (),
    figure: Figure | None = None,
    whole: bool = False,
) -> list[Proposal]:
    """Proposals from the best candidates down, leaving out what is too weak or already said.

    Where a `figure` is asked for, the same words with another one (10 weeks, 12 weeks) are not yet said. With `whole` an item
    that is a sentence of its own brings its whole list all the same.
    """
    chosen: list[Proposal] = []
    for candidate in candidates:
        if len(chosen) == most or candidate.score < share * candidates[0].score:
            break
        if candidate.context_cover < _COVERS * candidates[0].context_cover:
            continue
        said = [*taken, *chosen]
        span = candidate.span
        if any(p.covers(candidate.passage.document_id, span.start, span.end) for p in said):
            continue
        if any(_repeats(candidate, p) and not _differs(candidate, p, figure) for p in said):
            continue
        if span.kind is SpanKind.ROW:
            near = [c for c in candidates if _same_table(c, candidate) and c.score >= _ROWS * candidate.score]
            proposal = table(near, generation)
        else:
            proposal = propose(candidate, generation, whole=whole)
        if proposal.is_block and sum(p.is_block for p in said) >= _BLOCKS:
            continue
        chosen = [p for p in chosen if not proposal.contains(p)] + [proposal]
    return chosen


def _same_table(a: Candidate, b: Candidate) -> bool:
    return a.span.kind is SpanKind.ROW and (a.passage.document_id, a.span.block) == (
        b.passage.document_id,
        b.span.block,
    )


def _outermost(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Proposals without those that are part of another; of two with the same places the first stays."""
    kept: list[Proposal] = []
    for proposal in proposals:
        if not any(other.contains(proposal) for other in kept):
            kept = [*(other for other in kept if not proposal.contains(other)), proposal]
    return kept


def _repeats(candidate: Candidate, said: Proposal) -> bool:
    """Whether a candidate says little that a statement has not said."""
    if said.is_block:
        return len(candidate.terms & frozenset(terms(said.text))) >= _IN_BLOCK * len(candidate.terms)
    smaller = min(len(candidate.terms), len(said.candidate.terms))
    return not smaller or len(candidate.terms & said.candidate.terms) / smaller > _REPEATS


def _differs(candidate: Candidate, said: Proposal, figure: Figure | None) -> bool:
    """Whether a candidate holds a figure of the kind asked for that a statement does not."""
    return figure is not None and not figures(figure, candidate.text) <= figures(figure, said.text)


def _in_reading_order(proposals: Sequence[Proposal], first: int) -> list[Proposal]:
    """The first few stay; the rest keep their source together, best source first, in the order of the source."""
    if any(p.said_by for p in proposals):
        return list(proposals)
    order = {p.candidate.passage.document_id: i for i, p in reversed(list(enumerate(proposals)))}
    rest = sorted(
        proposals[first:],
        key=lambda p: (order[p.candidate.passage.document_id], p.candidate.span.start),
    )
    return [*proposals[:first], *rest]
