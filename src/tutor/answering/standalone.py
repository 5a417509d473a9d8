"""Follow-ups into stand-alone questions, by rule: what a short or pointing question leaves out comes from the turn before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tutor.answering.answer import Turn
from tutor.answering.question import content_terms
from tutor.answering.smalltalk import reply

_POINTING = re.compile(
    r"\b(it|its|they|them|their|theirs|that one|this one|these|those|that|this|there|the same|the (?:former|latter))\b",
    re.I,
)
_CONTINUES = re.compile(
    r"^(?:and|but|so|ok|okay|then|also)?[\s,]*(?:(?:what|how) about|and|what if i am|what if|in case of)?[\s,]*(?P<rest>.*)$",
    re.I,
)
_IS_CONTINUATION = re.compile(r"^(?:and|but|so|also|what about|how about|then|or)\b", re.I)
_BARE_ASK = re.compile(r"^(?:and |but |so )?(why|how|how so|why not|when|where|which one|which ones|how come|what else|how long|how much|for example|such as|like what|really|more|tell me more|go on|explain|elaborate)\??$", re.I)  # fmt: skip
_ASKS = re.compile(
    r"^(?:what|how|which|why|when|who|where|do|does|is|are|can|could|should|will|would|has|have)\b", re.I
)
_PREPOSITION = re.compile(r"^(?P<preposition>in|for|at|with|on|of|as|by|without|from)\s+", re.I)
_EXPLETIVE = re.compile(  # `how long does it take`: an `it` that points at nothing
    r"\bit (?=takes?\b|took\b|possible\b|true\b|makes? sense\b|matters?\b)|\b(?:is|was) it (?=possible\b|true\b|ok(?:ay)?\b)",
    re.I,
)
_LEAD_IN = re.compile(
    r"^(?:(?:and|so|but|please)\s+)?(?:(?:can|could|would) you\s+)?(?:(?:tell me|explain|describe|define|list|name)\s+(?:me\s+)?(?:about\s+)?)?"
    r"(?:(?:what|which|who|how|why|when|where)(?:'s|\s+(?:is|are|was|were|do|does|did|can|should|could|would|long|much|many|often))*\s+)?"
    r"(?:(?:do|does|did|is|are|can|should|could|would|will)\s+)?(?:(?:i|you|we|one|it|they|someone)\s+)?(?:(?:need|take|have|want|learn|know|use|cost|mean)\s+)?"
    r"(?:(?:to|about|for)\s+)?(?:(?:the|a|an)\s+)?",
    re.I,
)


def standalone(question: str, history: Sequence[Turn] = ()) -> str:
    """The question with what it refers to filled in; unchanged if it stands alone or nothing came before.

    The history is walked from its start, so that a chain of follow-ups keeps its topic.
    """
    before = ""
    for turn in history:
        if reply(turn.question) is None:  # thanks and greetings change no topic
            before = _resolve(turn.question, before)
    return _resolve(question, before)


def _resolve(question: str, previous: str) -> str:
    before = previous.strip().rstrip("?!. ")
    text = question.strip()
    if not before or not text:
        return question
    bare = text.rstrip("?!. ")
    if _BARE_ASK.match(bare):
        return f"{before}: {bare.lower()}?"
    if _IS_CONTINUATION.match(bare) or (len(bare.split()) <= 4 and _PREPOSITION.match(bare)):
        match = _CONTINUES.match(bare)
        rest = match["rest"] if match else bare
        if rest and not _ASKS.match(rest):
            return f"{_exchange(before, rest)}?"
    pointing = _POINTING.search(_EXPLETIVE.sub(lambda match: "." * len(match.group()), bare))
    if pointing and len(content_terms(bare)) <= 4:
        return f"{bare[: pointing.start()]}{_topic(before)}{bare[pointing.end() :]}?"
    if _EXPLETIVE.search(bare) and not content_terms(bare):
        return f"{before}: {bare.lower()}?"
    return question


def _exchange(before: str, rest: str) -> str:
    """The question before, with its phrase of the same preposition replaced by `rest`, or `rest` added."""
    bare = _PREPOSITION.sub("", rest)
    if same := _same_kind(before, bare):
        return before[: same.start()] + bare + before[same.end() :]
    if preposition := _PREPOSITION.match(rest):
        own = re.compile(rf"\b{preposition['preposition']}\s+(?:the\s+)?[\w₹$'-]+(?:\s+[A-Z][\w-]+)*", re.I)
        places = list(own.finditer(before))
        if places:
            last = places[-1]
            return before[: last.start()] + rest + before[last.end() :]
        return f"{before} {rest}"
    return f"{before}: {rest}"


def _same_kind(before: str, rest: str) -> re.Match[str] | None:
    """What of the question before `rest` stands in for: `phase 2` for `phase 3`, `the southern roadmap` for `the northern roadmap`."""
    words = rest.split()
    if len(words) < 2:
        return None
    if words[-1].isdigit():
        return re.search(rf"\b{re.escape(words[-2])}\s+\d+\b", before, re.I)
    return re.search(rf"\b(?:the\s+|an?\s+)?[\w-]+\s+{re.escape(words[-1])}\b", before, re.I)


def _topic(before: str) -> str:
    """What the question before was about: its words after the words that ask."""
    topic = _LEAD_IN.sub("", before, count=1).strip()
    return topic or before
