"""The graph: every topic can be reached, and what the way is checked by is complete."""

from __future__ import annotations

from corpus_texts import CORPUS, SEEDS, pages, roadmap, taken_runs, words

from tutor.learning.roadmap import Level


def test_it_has_the_phases_in_order() -> None:
    """Ten phases, each with topics and readiness checks."""
    assert len(roadmap().phases) == 10
    for phase in roadmap().phases:
        assert len(roadmap().of_phase(phase.id)) >= 5
        assert len(phase.readiness) >= 3


def test_every_topic_is_reached_after_its_prerequisites() -> None:
    """The order holds each topic once."""
    seen: set[str] = set()
    for topic in roadmap().order:
        assert set(topic.prerequisites) <= seen
        seen.add(topic.id)
    assert len(seen) == len(roadmap().topics) >= 150


def test_the_published_roadmaps_are_digested() -> None:
    """Every source that the graph names has its digest, and each names many topics."""
    for source in roadmap().sources:
        assert source in pages()
        assert sum(source in topic.roadmaps for topic in roadmap().topics) >= 10


def test_each_level_has_projects() -> None:
    """There is something to build at each level."""
    for level in Level:
        assert sum(project.level is level for project in roadmap().projects) >= 3


def test_resources_say_where_a_rating_is_from() -> None:
    """A rating is one that its roadmap's digest holds."""
    rated = [resource for resource in roadmap().resources if resource.rating]
    assert rated
    for resource in rated:
        assert resource.rating is not None
        assert resource.rating.value in pages()[resource.rating.roadmap].text


def test_its_words_are_our_own() -> None:
    """No run of eight words stands in one of the roadmaps."""
    if SEEDS.is_dir():
        own = words((CORPUS / "roadmap.yaml").read_text(encoding="utf-8"))
        assert [own[i : i + 8] for i in range(len(own) - 7) if tuple(own[i : i + 8]) in taken_runs(8)] == []
