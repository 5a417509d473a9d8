"""What the section around a sentence says about it: which aspect of its topic it treats, and whether it asks the very question.

Most documents that teach are divided alike: what a thing is, an example, when to use it, pitfalls, where to go next. A
sentence below "In interviews" seldom answers what a thing is, and one below "When to use it" is what a question with `when`
looks for. The words are those that such headings have in English; other headings count neither way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tutor.answering.question import Question, content_terms
from tutor.documents import Passage
from tutor.retrieval.synonyms import Weight, is_present, term_cover


@dataclass(frozen=True, slots=True)
class Aspect:
    """A kind of section: how its heading reads, which questions ask for it, and what it counts for those and for others."""

    heading: re.Pattern[str]
    asked: re.Pattern[str]
    wanted: float
    unwanted: float


def _aspect(heading: str, asked: str, wanted: float, unwanted: float) -> Aspect:
    return Aspect(
        re.compile(rf"^(?:{heading})\b", re.I), re.compile(rf"\b(?:{asked})\b", re.I), wanted, unwanted
    )


_ASPECTS = (
    _aspect(r"in interviews", r"interview\w*|asked|hiring", 0.5, -1.5),
    _aspect(r"where to go next|see also|further reading", r"next|after|read|further|continue", 0.3, -1.5),
    _aspect(r"next steps|references|related", r"next|after|read|further|continue|related", 0.3, -0.3),
    _aspect(r"pitfalls|common (?:mistakes|errors)|caveats|limitations|troubleshooting", r"pitfalls?|mistakes?|wrong|avoid\w*|careful|problems?|fails?|traps?|limits?|limitations?|drawbacks?|disadvantages?|dangers?|risks?|stop\w*", 0.5, -0.4),
    _aspect(r"worked example|examples?", r"examples?|show|calculat\w*|comput\w*|code|program|step by step", 0.4, -0.4),
    _aspect(r"intuition", r"intuiti\w*|simple|simply|picture|imagine|analogy|like i", 0.4, -1.0),
    _aspect(r"when to use|when (?:not )?to|use cases|applications", r"when|use|used|using|uses|choose|prefer|should|better|or|need|apply|suitable|best|sense|worth", 0.6, -0.1),
)  # fmt: skip

_MECHANISM = re.compile(r"^(?:how it works|overview|introduction|summary|details)\b", re.I)
_ASIDE = -1.0  # an aspect that counts so little or less is beside the point
_OPENING = 200  # characters within which a document's opening begins: its title stands before it


def aspect_of(question: Question, heading: str) -> float:
    """How far the question asks for what a section of this heading treats, -1.5 to 0.6; 0 for a heading that says nothing of it."""
    for aspect in _ASPECTS:
        if aspect.heading.match(heading):
            return aspect.wanted if aspect.asked.search(question.text) else aspect.unwanted
    return 0.0


def is_to_the_point(question: Question, passage: Passage) -> bool:
    """Whether a passage is meant to inform, and not to give a picture, or to say what is asked elsewhere or comes next."""
    return not passage.heading_path or aspect_of(question, passage.heading_path[-1]) > _ASIDE


def says_its_topic(heading: str) -> bool:
    """Whether a heading tells by itself what its section is about; `Pitfalls` and `How it works` need their title."""
    return not _MECHANISM.match(heading) and not any(aspect.heading.match(heading) for aspect in _ASPECTS)


def asked_by(question: Question, heading: str, weight: Weight) -> float:
    """How far a heading asks what the question asks, 0 to 1: the harmonic mean of the shares of their terms, by idf.

    0 for a heading that is no question, and for one that leaves out a side of a comparison.
    """
    own = frozenset(content_terms(heading))
    left_out = any(not any(is_present(term, own) for term in side) for side in question.sides)
    return 0.0 if left_out or not heading.rstrip().endswith("?") else _same_terms(question, heading, weight)


def opens_on(question: Question, passage: Passage, weight: Weight) -> float:
    """How far a passage is the opening of a document about the very thing that the question asks for, 0 to 1."""
    opening = len(passage.heading_path) <= 1 and passage.start <= _OPENING
    return _same_terms(question, passage.title, weight) if opening else 0.0


def _same_terms(question: Question, text: str, weight: Weight) -> float:
    own = content_terms(text)
    there = term_cover(question.terms, frozenset(own), weight)
    back = term_cover(own, frozenset(question.terms), weight)
    return 2 * there * back / (there + back) if there + back else 0.0
