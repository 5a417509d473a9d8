"""The glossary: a term, one precise sentence, and the words of a page that say so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from tutor.learning.practice import Evidence
from tutor.learning.reading import Frozen, Text, read_yaml

FILE = "glossary.yaml"


class Term(Frozen):
    """A term and what it means."""

    term: Text
    aliases: tuple[Text, ...] = ()
    definition: Text
    evidence: Evidence


class Glossary(Frozen):
    """All terms, none of them under two headings."""

    terms: Annotated[tuple[Term, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _once(self) -> Glossary:
        seen: set[str] = set()
        for term in self.terms:
            for name in {name.casefold() for name in (term.term, *term.aliases)}:
                if name in seen:
                    raise ValueError(f"`{name}` stands for two terms")
                seen.add(name)
        return self


def load_glossary(corpus_dir: Path) -> Glossary:
    """The glossary of a corpus. Raises CorpusError where it is missing or wrong."""
    return read_yaml(corpus_dir / FILE, Glossary)
