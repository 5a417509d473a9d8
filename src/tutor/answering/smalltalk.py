"""Greetings, thanks and questions about the tutor itself: answered in the tutor's own words, without a search."""

from __future__ import annotations

import re

_ASIDE = r"(?:[\s,!.]+(?:there|again|tutor|roadmap tutor|everyone|all|so much|very much|a lot|a bunch|then|now|for (?:now|your help|the help|that|this)))*"
_KINDS = (
    (
        re.compile(rf"(?:hi+|hello+|hey+|hiya|howdy|greetings|what'?s up|sup|good (?:morning|afternoon|evening|day)|yo|salut|namaste){_ASIDE}", re.I),
        "Hello! Ask me anything about becoming a machine-learning engineer: what to learn, in which order, how long it "
        "takes, which projects to build. I answer from my sources, and every sentence shows where it stands.",
    ),
    (
        re.compile(rf"(?:ok(?:ay)?[\s,.!]+)?(?:many thanks|much appreciated|(?:that|this) (?:was|is) (?:very |really |so )?helpful|that helped(?: a lot| me)?|thanks?(?: you)?|thank u|thx|ty|cheers|great|perfect|awesome|cool|got it|ok(?:ay)?|nice(?: one)?)(?:[\s,!.]+(?:thanks?(?: you)?|thx|that helped(?: a lot| me)?))?{_ASIDE}", re.I),
        "You are welcome. Ask on whenever you like.",
    ),
    (
        re.compile(rf"(?:good ?bye|bye+(?: bye)?|see (?:you|ya)(?: later)?|good night|ciao){_ASIDE}", re.I),
        "Goodbye, and enjoy the learning.",
    ),
    (
        re.compile(
            r"(?:(?:hi|hello|hey)(?: there)?[\s,!.]+)?(?:so )?(?:what (?:can|could|do) you (?:do|know|cover|help(?: me)? with)(?: for me)?"
            r"|(?:what|which) (?:questions|topics|subjects|things) (?:can|do) you (?:answer|cover|know)(?: about)?|what (?:can|should) i ask(?: you)?"
            r"|who are you|what are you(?: able to do| for)?|what(?: is|'?s) (?:this|your name)|are you (?:an? )?(?:ai|bot|chatbot|robot|human|person|real|chatgpt)"
            r"|who (?:made|built|created) you|what are your sources|(?:tell me about|introduce) yourself"
            r"|how (?:do|does) (?:you|this) work|how (?:can|do) i use (?:you|this)|how can you help(?: me)?|(?:can you |please |i need )?help(?: me)?(?: please)?"
            r"|how are you(?: doing)?(?: today)?)",
            re.I,
        ),
        "I am a tutor for people on the way to becoming a machine-learning engineer. I answer questions from the "
        "documents I was given, sentence by sentence, each with a citation that you can open and check. When they do not "
        "cover something, I say so. Try: “How long does it take to become an ML engineer?”",
    ),
)  # fmt: skip


def reply(text: str) -> str | None:
    """The fitting reply if the whole text is small talk, else None."""
    bare = re.sub(r"^\W+|\W+$", "", text)
    for pattern, answer in _KINDS:
        if pattern.fullmatch(bare):
            return answer
    return None
