"""From places in documents to numbered citations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tutor.answering.answer import Citation
from tutor.documents import Passage
from tutor.index.generation import Generation


@dataclass(frozen=True, slots=True)
class Place:
    """A range of a document, within or around a passage that was found."""

    passage: Passage
    start: int
    end: int


class Citations:
    """Numbers the citations of one answer from 1; the same place keeps its number."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._numbers: dict[tuple[str, int, int], Citation] = {}

    @property
    def all(self) -> tuple[Citation, ...]:
        """Every citation so far, by number."""
        return tuple(self._numbers.values())

    def text(self, place: Place) -> str:
        """The exact text of a place, without outer white space."""
        document = self._generation.store.document(place.passage.document_id)
        return document.text[place.start : place.end].strip()

    def cite(
        self, places: Sequence[Place], support: float
    ) -> tuple[tuple[Citation, ...], tuple[Citation, ...]]:
        """The citations of places, and those among them that are new."""
        cited, new = [], []
        for place in places:
            key = (place.passage.document_id, place.start, place.end)
            if key not in self._numbers:
                self._numbers[key] = self._citation(place, support)
                new.append(self._numbers[key])
            cited.append(self._numbers[key])
        return tuple(cited), tuple(new)

    def _citation(self, place: Place, support: float) -> Citation:
        passage = place.passage
        document = self._generation.store.document(passage.document_id)
        return Citation(
            n=len(self._numbers) + 1,
            chunk_id=passage.chunk_id,
            document_id=passage.document_id,
            path=passage.path,
            title=passage.title,
            heading_path=passage.heading_path,
            locator=document.locator(place.start),
            quote=self.text(place),
            start=place.start,
            end=place.end,
            url=passage.url,
            support=support,
        )
