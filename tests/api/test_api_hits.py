"""Search hits as HTTP, the command line and the evals show them."""

from __future__ import annotations

from tutor.documents import Leg, Passage
from tutor.retrieval.hits import SearchHit, hits_of

PASSAGE = Passage(
    chunk_id="c",
    document_id="d",
    path="d.md",
    title="T",
    url=None,
    heading_path=("T", "U"),
    text="Text.",
    start=3,
    end=8,
    score=0.5,
    legs={"dense": Leg(rank=4, score=0.25)},
)


def test_a_hit_says_all_that_its_passage_does() -> None:
    """Rank is added, nothing is lost, and the legs keep their own ranks."""
    assert SearchHit.of(PASSAGE, 2).model_dump(mode="json") == {
        "rank": 2,
        "score": 0.5,
        "legs": {"dense": {"rank": 4, "score": 0.25}},
        "chunk_id": "c",
        "document_id": "d",
        "path": "d.md",
        "title": "T",
        "heading_path": ["T", "U"],
        "text": "Text.",
        "start": 3,
        "end": 8,
        "url": None,
    }


def test_ranks_count_from_one_in_the_given_order() -> None:
    """Passages come best first."""
    assert [hit.rank for hit in hits_of([PASSAGE, PASSAGE])] == [1, 2]
    assert hits_of([]) == ()
