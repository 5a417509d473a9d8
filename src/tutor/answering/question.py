"""What a question asks for: its kind, its parts, the terms that carry it, and the two sides of a comparison.

Rules over the words, English only; no model. The kind decides the form of an answer, never whether there is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tutor.index.terms import terms


class QuestionKind(StrEnum):
    """Kinds that an answer takes a form for."""

    COMPARISON = "comparison"
    FIGURE = "figure"
    RECOMMENDATION = "recommendation"
    WHY = "why"
    HOW_TO = "how_to"
    LIST = "list"
    DEFINITION = "definition"
    YES_NO = "yes_no"
    FACT = "fact"


class Figure(StrEnum):
    """What kind of figure a question wants."""

    DURATION = "duration"
    MONEY = "money"
    RATING = "rating"
    DATE = "date"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Question:
    """One question, analysed. `terms` are its content terms without repeats, in order; `names` those of them that are
    written as names (capitals within a sentence, digits); `sides` the two things that a comparison sets side by side."""

    text: str
    kind: QuestionKind
    terms: tuple[str, ...]
    names: frozenset[str] = frozenset()
    figure: Figure | None = None
    sides: tuple[tuple[str, ...], ...] = ()


# Words that ask, point or join, and so say nothing about the topic.
_EMPTY_WORDS = """
a about above after again all also am an and any anybody anyone anything are as at be because been before being below best
better between both but by can cannot compare compared comparison could define definition describe did difference
different differ do does doing done down each either else enough ever every explain few first for from further get gets
getting give given go goes going good got had has have having he hello help her here hers hi him his how however i
if in into is it its itself just know known learner let like list long look lot made mainly make makes many matter me mean
means meaning might mine more most much must my myself name need needed needs neither no nor not of off often oh ok
okay on once one ones only or other our out over own particular per please possible pros cons rather real really
recommend recommended s same say says shall she should so some someone something still such suggest sure take takes tell
than thank thanks that the their them then there these they thing things this those through to today together too
typical typically under until up upon us use used useful uses using usual usually various versus very vs want was way
ways we were what when where whether which while who whom whose why will with within without would yes yet you your t
don isn doesn won aren didn m re ve ll d
"""
_EMPTY = frozenset(term for word in _EMPTY_WORDS.split() for term in terms(word))

_PATTERNS: tuple[tuple[QuestionKind, str], ...] = (
    (
        QuestionKind.COMPARISON,
        r"\b(differences?|differs?|compare[sd]?|comparison|versus|vs\.?|distinguish(es)?|distinction)\b"
        r"|^(?!.*\bshould\b).*\b(better|worse|easier|harder|faster|more important) .*\b(or|than)\b"
        r"|^[\w+#.-]+( \w+)? or [\w+#.-]+( \w+)?$",
    ),
    (
        QuestionKind.FIGURE,
        r"\bhow (long|many|often|old|fast|big|large|high|far|soon|well paid)\b"
        r"|\bhow much (time|money|longer|do .*(earn|make|paid|cost)|does .*(earn|make|cost)|can .*(earn|make)|is .*(paid|cost))\b|\b(salary|salaries|wages?|earn|earns|earning"
        r"|paid|pay|income|price|costs?|ratings?|rated|percent|percentage|timeline|duration|deadline)\b"
        r"|\bwhen (was|is|did|were|does|do|will)\b|\bwhat (year|date|number|share|fraction|size)\b|\bhours (a|per|each) week\b",
    ),
    (QuestionKind.WHY, r"^(and |but |so )?why\b|\bwhat('s| is| are) the (reasons?|point|purpose|benefits?|advantages?) "),
    (
        QuestionKind.RECOMMENDATION,
        r"\b(recommend(ed|s|ation|ations)?|suggest(ed|s)?|best|should i|should we|better to|worth|advice|advise[sd]?)\b"
        r"|\bwhich .*\b(choose|pick|start|learn|take|use)\b|\bwhere (do|should|can) i (start|begin)\b",
    ),
    (QuestionKind.HOW_TO, r"^(and |but |so )?how (do|does|can|could|should|to|would|might|is|are)\b|\bsteps? (to|for)\b|\bways? to\b"),
    (
        QuestionKind.LIST,
        r"^(please )?(list|name|enumerate|give me|show me)\b|\b(what|which) (are|were) (the|some|all|common|typical|main|key)\b"
        r"|\b(what|which)( \w+){0,3} (\w+[^s\W]s|people|criteria|data)\b(?! (is|does|was|has)\b)"
        r"|\bwhat (all|else)\b|\bexamples? of\b|\bwhat (should|must|does|do|can|will) .*\b(include|cover|contain|learn|know|need|teach|involve|do|study|expect)\b",
    ),
    (
        QuestionKind.DEFINITION,
        r"^(so |and )?(what('s| is| are| was)|define|explain|describe)\b(?!.*\b(for|should)\b)|\bwhat does .* (mean|stand for)\b"
        r"|\b(meaning|definition) of\b|^who (is|are)\b|^tell me about\b",
    ),
    (
        QuestionKind.YES_NO,
        r"^(and |but |so )?(do|does|did|is|are|was|were|can|could|should|will|would|has|have|had|must|may|might)\b",
    ),
)
_KINDS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS)

_FIGURES = (
    (Figure.MONEY, re.compile(r"\b(salary|salaries|wages?|earn\w*|paid|pay|income|price|costs?|compensation|money|much (do|does|can|would) .*(make|get|charge))\b", re.I)),
    (Figure.RATING, re.compile(r"\b(rating|ratings|rated|score|stars)\b", re.I)),
    (Figure.DURATION, re.compile(r"\bhow (long|soon|often)\b|\b(timeline|duration|hours|days|weeks|months|years|how much time|time .*(take|need|spend))\b", re.I)),
    (Figure.DATE, re.compile(r"\bwhen (was|is|did|were|does|do|will)\b|\bwhat (year|date)\b|\b(deadline|published)\b", re.I)),
    (Figure.NUMBER, re.compile(r"\bhow (many|big|large|high|far|old|fast)\b|\b(percent|percentage|number of|share|fraction|size)\b", re.I)),
)  # fmt: skip

_SPLIT = re.compile(
    r"\?\s+(?=\S)|[,;]?\s+(?:and|also|plus)\s+(?=(?:what|how|which|why|when|who|where|do|does|is|are|can|should)\b)", re.I
)
_NAME = re.compile(r"(?<=\w[ ,\"'(])[A-Z][\w+#.-]*\w|\b\w*\d[\w.,%]*|\b[A-Z]{2,}\w*\b|\b\w+[A-Z]\w*")
_SIDES = (
    re.compile(r"\bbetween (?P<a>.+?) and (?P<b>.+)", re.I),
    re.compile(r"\bhow (?:do|does|is|are) (?P<a>.+?) (?:differ|different) (?:from|to|than) (?P<b>.+)", re.I),
    re.compile(r"\bcompare (?P<a>.+?) (?:and|with|to|against) (?P<b>.+)", re.I),
    re.compile(r"(?P<a>.+?) (?:versus|vs\.?|compared (?:to|with)|or|than) (?P<b>.+)", re.I),
    re.compile(r"(?P<a>.+?) and (?P<b>.+?)(?: differ| compare|$)", re.I),
)


def content_terms(text: str) -> tuple[str, ...]:
    """The terms of a text that say what it is about, without repeats, in order."""
    return tuple(dict.fromkeys(term for term in terms(text) if term not in _EMPTY and (len(term) > 1 or term.isalnum())))


def parts(text: str) -> tuple[str, ...]:
    """The questions that a text asks, in order: split at question marks and at `and` before a question word.

    A part without a content term of its own (`why?`) stays with the part before.
    """
    found: list[str] = []
    for piece in _SPLIT.split(text.strip()):
        part = piece.strip(" ?;,")
        if not part:
            continue
        if found and not content_terms(part):
            found[-1] = f"{found[-1]}? {part}"
        else:
            found.append(part)
    return tuple(f"{part}?" for part in found) or (text.strip(),)


def analyse(text: str) -> Question:
    """What one question asks for."""
    bare = text.strip().rstrip("?!. ")
    kind = next((kind for kind, pattern in _KINDS if pattern.search(bare)), QuestionKind.FACT)
    figure = next((figure for figure, pattern in _FIGURES if pattern.search(bare)), None)
    own = content_terms(bare)
    names = frozenset(term for match in _NAME.finditer(bare) for term in terms(match.group()))
    return Question(
        text=text,
        kind=kind,
        terms=own,
        names=names & frozenset(own),
        figure=(figure or Figure.NUMBER) if kind is QuestionKind.FIGURE else None,
        sides=_sides(bare) if kind is QuestionKind.COMPARISON else (),
    )


def _sides(text: str) -> tuple[tuple[str, ...], ...]:
    """Content terms of the two things compared, without those that both share; empty if they cannot be told apart."""
    for pattern in _SIDES:
        if match := pattern.search(text):
            a, b = content_terms(match["a"]), content_terms(match["b"])
            shared = set(a) & set(b)
            a, b = tuple(t for t in a if t not in shared), tuple(t for t in b if t not in shared)
            if a and b:
                return a[-3:], b[:3]
    return ()
