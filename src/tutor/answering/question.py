"""What a question asks for: its kind, its parts, the terms that carry it, and the two sides of a comparison.

Rules over the words, English only; no model. The kind decides the form of an answer, never whether there is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    written as names (capitals within a sentence, digits); `qualifiers` those that follow a preposition (`in Iceland`, `at
    Google`); `sides` the two things that a comparison sets side by side."""

    text: str
    kind: QuestionKind
    terms: tuple[str, ...]
    names: frozenset[str] = frozenset()
    qualifiers: frozenset[str] = frozenset()
    figure: Figure | None = None
    sides: tuple[tuple[str, ...], ...] = ()


# Words that ask, point, join or could stand in any question, and so say nothing about the topic.
_EMPTY_WORDS = """
a able about absolute absolutely actual actually after again agree all almost already also although always am an and another
any anybody anyone anything apart are around as asap ask at away
back basically be because been before being below best better between big bit both but by
call called can cannot come comes coming compare compared comparison considered could
deal define definition depend describe did diff difference different differ do does doing done dont down
each easily either else end enough especially etc even ever every everyone everything exact exactly exist exists explain extra
fancy far feel few find for from further
general generally get gets getting give given go goes going gone gonna good got great guess
had hand happen has have having he hello help helpful her here hers hey hi him his how however
i if im in include included includes into involve is isnt it its itself ive
just keep kind know known
later least let lets like list listed live long look looking lot
made main mainly major make makes many matter may maybe me mean means meaning mention might mine more most much must my myself
name named names need needed needs neither never nice no nor normal normally not nothing now
of off often oh ok okay on once one ones only or other others our out over own
part parts particular people per person please plus point possible possibly pretty pros cons probably put
question quite rather real really recommend recommended regarding right
s said same say says see seem sense set shall she should show side similar simple since so some somebody someone something sometimes soon sort
stand stands stay still stuff such suggest suggested supposed sure
take taken takes tell than thank thanks that the their them then there these they thing things think this those though through
till to today together too top total totally true try turn two type types typical typically
under understand until up upon us use used useful user uses using usual usually
various versus very via vs
wanna want was wat wats way ways we well went were wats what whatever whats when where whether which while who whom whose why
will with within without wont doesnt didnt isnt arent wasnt werent cant couldnt shouldnt wouldnt hasnt havent hadnt word words work works worth would wrong
yes yet you your yours yourself t don isn doesn won aren didn m re ve ll d u ur pls plz tbh btw
"""
_EMPTY = frozenset(term for word in _EMPTY_WORDS.split() for term in terms(word) if not term.isdigit())

# How people type on a phone.
_SHORTHAND = tuple(
    (re.compile(rf"\b(?:{short})\b", re.IGNORECASE), long)
    for short, long in (
        ("w[h]?at'?s", "what is"),
        ("wat", "what"),
        ("how's", "how is"),
        ("where's", "where is"),
        ("who's", "who is"),
        ("i'?m", "I am"),
        ("dont|don'?t", "do not"),
        ("cant|can'?t", "cannot"),
        ("diff", "difference"),
        ("u", "you"),
        ("pls|plz", "please"),
        ("gimme", "give me"),
        ("b/w", "between"),
        ("algos?", "algorithms"),
        ("info", "information"),
    )
)

# A date is asked for, and not a condition (`when is a matrix singular`).
_WHEN = r"\bwhen (was|did|were|will)\b|\bwhen (is|are|does|do)\b.*\b(next|start|begin|end|open|close|released?|published|happen|held|due|place|out)\b"

_PATTERNS: tuple[tuple[QuestionKind, str], ...] = (
    (
        QuestionKind.COMPARISON,
        r"\b(differences?|differs?|different (from|to|than)|compare[sd]?|comparison|versus|vs\.?|distinguish(es)?|distinction)\b"
        r"|^(?!.*\bshould\b).*\b(better|worse|easier|harder|faster|more important)\b.*\b(or|than)\b"
        r"|^[\w+#.-]+( \w+)? or [\w+#.-]+( \w+)?$",
    ),
    (
        QuestionKind.FIGURE,
        r"\bhow (long|many|often|old|fast|big|large|high|far|soon|well paid)\b"
        r"|\bhow much (time|money|longer|do .*(earn|make|paid|cost)|does .*(earn|make|cost)|can .*(earn|make)|is .*(paid|cost))\b|\b(salary|salaries|wages?|earn|earns|earning"
        r"|paid|pay|income|price|costs?|ratings?|rated|percent|percentage|timeline|duration|deadline)\b"
        r"|" + _WHEN + r"|\bwhat (year|date|number|share|fraction|size)\b|\bhours (a|per|each) week\b",
    ),
    (
        QuestionKind.WHY,
        r"^(and |but |so )?why\b|\bwhat('s| is| are) the (reasons?|point|purpose|benefits?|advantages?) ",
    ),
    (
        QuestionKind.RECOMMENDATION,
        r"\b(recommend(ed|s|ation|ations)?|suggest(ed|s)?|best|(?<!how )should (i|we)|better to|worth|advice|advise[sd]?)\b"
        r"|(?<!in )\bwhich .*\b(choose|pick|start|learn|take|use)\b|\bwhere (do|should|can) i (start|begin)\b",
    ),
    (
        QuestionKind.HOW_TO,
        r"^(and |but |so )?how (do|does|can|could|should|to|would|might|is|are)\b|\bsteps? (to|for)\b|\bways? to\b",
    ),
    (
        QuestionKind.LIST,
        r"^(please )?(list|name|enumerate|give me|show me)\b|\b(what|which) (are|were) (the|some|all|common|typical|main|key|good|important|popular|useful)\b"
        r"|\b(what|which)(?! (?:is|was|does|has|are|were|even|exactly|really)\b(?! the\b))( \w+){0,2} ((?!(?:is|was|does|has)\b)\w+[^s\W]s|people|criteria|data)\b(?! (?:is|was)\b| (?:does|has)$)"
        r"|\bnames? of\b|^(all|some|popular|common|typical|important|main|good)\b.*s$|\bwhat (all|else)\b|\bexamples? of\b|\bwhat (should|must|does|do|can|will) .*\b(include|cover|contain|learn|know|need|teach|involve|do|study|expect)\b",
    ),
    (
        QuestionKind.DEFINITION,
        r"\b(what (even |exactly |really )?(is|are|was)|define|explain|describe)\b(?!.*\b(for|should)\b)|\bwhat (does|do) .* (mean|stand for)\b"
        r"|\b(meaning|definition) of\b|^who (is|are)\b|\btell me (about|what)\b|\bstands? for$|\bexplain(ed)?\b|=$"
        r"|\bmeaning$",
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
    (Figure.DATE, re.compile(_WHEN + r"|\bwhat (year|date)\b|\b(deadline|published)\b", re.I)),
    (Figure.NUMBER, re.compile(r"\bhow (many|big|large|high|far|old|fast)\b|\b(percent|percentage|number of|share|fraction|size)\b", re.I)),
)  # fmt: skip

_SPLIT = re.compile(
    r"\?\s+(?=\S)|[,;]?\s+(?:and|also|plus)\s+(?=(?:what|how|which|why|when|who|where|do|does|is|are|can|should)\b)",
    re.I,
)
_NAME = re.compile(r"(?<=\w[ ,\"'(])[A-Z][\w+#.-]*\w|\b\w*\d[\w.,%]*|\b[A-Z]{2,}\w*\b|\b\w+[A-Z]\w*")
_ASKS = re.compile(
    r"\b(what|which|who|whom|whose|when|where|why|how|need(ed|s)?|should|can|do|does|is|are|will|i)\b", re.I
)
_QUALIFIER = re.compile(r"\b(?:in|at|from|with|by|about|on|against|for|during|since)\s+(?:the\s+|a\s+)?(?P<what>[\w.+#-]+(?:\s+(?!and\b|or\b|is\b|i\b)[\w.+#-]+)?)", re.I)  # fmt: skip
_PLURAL = re.compile(r"[^\Wsu]s$")
_BEFORE_SIDES = re.compile(
    r"^.*?\bbetween\b|^.*?\bcompare\b|^(?:how (?:do|does|is|are)|what(?: is|'s)|is|are|do|does|can you|please|which)\b",
    re.I,
)
_BETWEEN_SIDES = re.compile(
    r",|/|\b(?:and|or|versus|vs\.?|than|with|to|against|differs?(?: from)?|different (?:from|to|than)|compared (?:to|with)"
    r"|better|worse|easier|harder)\b",
    re.I,
)


def content_terms(text: str) -> tuple[str, ...]:
    """The terms of a text that say what it is about, without repeats, in order."""
    return tuple(
        dict.fromkeys(
            term for term in terms(text) if term not in _EMPTY and (len(term) > 1 or term.isalnum())
        )
    )


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


def analyse(text: str, corrections: Mapping[str, str] | None = None) -> Question:
    """What one question asks for; `corrections` maps misspelt terms to those that were meant."""
    bare = text.strip().rstrip("?!. ")
    for short, long in _SHORTHAND:
        bare = short.sub(long, bare)
    kind = next((kind for kind, pattern in _KINDS if pattern.search(bare)), None) or _of_bare_topic(bare)
    figure = next((figure for figure, pattern in _FIGURES if pattern.search(bare)), None)
    meant = corrections or {}
    own = tuple(dict.fromkeys(meant.get(term, term) for term in content_terms(bare)))
    names = frozenset(term for match in _NAME.finditer(bare) for term in terms(match.group()))
    return Question(
        text=text,
        kind=kind,
        terms=own,
        names=names & frozenset(own),
        qualifiers=_qualifiers(bare) & frozenset(own),
        figure=(figure or Figure.NUMBER) if kind is QuestionKind.FIGURE else None,
        sides=_sides(bare) if kind is QuestionKind.COMPARISON else (),
    )


def _qualifiers(text: str) -> frozenset[str]:
    """Terms of the one or two words after a preposition that narrows a question down."""
    return frozenset(term for match in _QUALIFIER.finditer(text) for term in terms(match["what"]))


def _of_bare_topic(text: str) -> QuestionKind:
    """A topic without a question: `big o notation` wants a definition, `popular ML frameworks` a list."""
    words = text.split()
    if len(words) > 5 or _ASKS.search(text):
        return QuestionKind.FACT
    return QuestionKind.LIST if _PLURAL.search(words[-1] if words else "") else QuestionKind.DEFINITION


def _sides(text: str) -> tuple[tuple[str, ...], ...]:
    """Content terms of the two or three things compared, without those that all share; empty if there are not two."""
    pieces = [content_terms(piece) for piece in _BETWEEN_SIDES.split(_BEFORE_SIDES.sub("", text, count=1))]
    pieces = [piece[-3:] for piece in pieces if piece]
    shared = set.intersection(*map(set, pieces)) if len(pieces) > 1 else set()
    sides = [tuple(term for term in piece if term not in shared) for piece in pieces]
    return tuple(side for side in sides if side)[:3] if len(sides) > 1 and all(sides) else ()
