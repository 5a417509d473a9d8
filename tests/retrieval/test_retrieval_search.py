"""One question through one generation: both legs, filters, and no passage twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.index.terms import terms
from tutor.retrieval.filters import Filters
from tutor.retrieval.search import Found, piece_weights, search, searched_terms
from tutor.testing import SMALL_CORPUS, HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.pipeline import ingest

FAKE = HashingEmbeddings()
Build = Callable[[Mapping[str, str]], Generation]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    opened: list[Index] = []

    def generation(documents: Mapping[str, str]) -> Generation:
        made = small_settings(tmp_path_factory.mktemp("search"))
        write_corpus(made.corpus_dir, documents)
        ingest(made, embeddings=FAKE)
        opened.append(Index(made.data_dir))
        return opened[-1].current()

    yield generation
    for index in opened:
        index.close()


@pytest.fixture(scope="module")
def generation(build: Build) -> Generation:
    return build(SMALL_CORPUS)


def find(generation: Generation, query: str, k: int = 5, **options: object) -> Found:
    return search(generation, query, FAKE.embed_question(query), k=k, **options)  # type: ignore[arg-type]


def test_the_passage_that_answers_comes_first(generation: Generation) -> None:
    """It carries all that is needed to show and to cite it."""
    best = find(generation, "How long does the northern roadmap take?").passages[0]
    assert best.path == "north.md"
    assert best.heading_path[-1] == "How long the northern roadmap takes"
    assert best.url == "https://example.org/north"
    assert generation.store.document(best.document_id).text[best.start : best.end] == best.text
    assert generation.store.chunks([best.row])[best.row].id == best.chunk_id
    assert 0 < best.score <= 1


def test_each_leg_tells_its_rank_and_score(generation: Generation) -> None:
    """Ranks count from 1 within a leg, and the first rank of a leg is its best score."""
    passages = find(generation, "salary in Norway", 20).passages
    assert set(passages[0].legs) == {"dense", "lexical", "late"}
    for name in ("dense", "lexical"):
        legs = sorted((p.legs[name] for p in passages if name in p.legs), key=lambda leg: leg.rank)
        assert legs[0].rank == 1
        assert [leg.score for leg in legs] == sorted((leg.score for leg in legs), reverse=True)


def test_passages_come_best_first_and_none_twice(generation: Generation) -> None:
    """There are at most k."""
    for k in (1, 3, 50):
        passages = find(generation, "roadmap", k).passages
        assert len(passages) <= k
        assert [p.score for p in passages] == sorted((p.score for p in passages), reverse=True)
        assert len({p.chunk_id for p in passages}) == len(passages)


def test_near_duplicates_collapse_into_the_best_of_them(build: Build) -> None:
    """Copies in other documents give way to passages that say something else, however many copies there are."""
    copies = {
        f"copy{i}.md": "# Copy\n\nGradient descent follows the slope of the loss downhill.\n"
        for i in range(30)
    }
    other = {"other.md": "# Other\n\nMomentum smooths the steps that gradient descent takes.\n"}
    passages = find(build({**copies, **other}), "gradient descent", 5).passages
    assert len(passages) == 2
    assert {p.path == "other.md" for p in passages} == {True, False}


def test_a_figure_that_differs_is_no_duplicate(build: Build) -> None:
    """Short passages with another number say another thing."""
    texts = {f"{weeks}.md": f"# Plan\n\nThe plan takes {weeks} weeks.\n" for weeks in (10, 24)}
    assert len(find(build(texts), "How many weeks does the plan take?").passages) == 2


@pytest.mark.parametrize(
    ("filters", "paths"),
    [
        (Filters(paths=("south*",)), {"south.md"}),
        (Filters(tags=("roadmap",)), {"north.md", "south.md"}),
        (Filters(tags=("roadmap",), paths=("n*",)), {"north.md"}),
        (Filters(paths=("nothing*",)), set()),
        (Filters(document_ids=("nobody",)), set()),
        (Filters(), {"north.md", "south.md", "glossary.txt"}),
    ],
)
def test_filters_hold_for_every_passage(generation: Generation, filters: Filters, paths: set[str]) -> None:
    """Neither leg brings a document that is filtered out; a filter that nothing passes finds nothing."""
    found = find(generation, "roadmap salary model overfitting", 50, filters=filters)
    assert {p.path for p in found.passages} == paths


def test_a_filter_by_document_id_gives_that_document(generation: Generation) -> None:
    """Ids are those of the summaries."""
    (glossary,) = [d.id for d in generation.store.summaries if d.path == "glossary.txt"]
    found = find(generation, "roadmap", 50, filters=Filters(document_ids=(glossary,)))
    assert {p.document_id for p in found.passages} == {glossary}


def test_words_of_grammar_are_not_searched_unless_there_are_no_others() -> None:
    """A question made of nothing else is searched as it is."""
    assert searched_terms("How long does the roadmap take?") == terms("long roadmap take")
    assert searched_terms("what is it") == terms("what is it")
    assert searched_terms("?!") == []


def test_an_abbreviation_finds_its_long_form(generation: Generation) -> None:
    """`ML` is in no document, `machine learning` is."""
    found = find(generation, "ML")
    assert set(terms("machine learning")) <= set(found.query_terms)
    assert "machine learning" in found.passages[0].text.lower()


def test_a_correction_is_searched_in_place_of_the_slip(generation: Generation) -> None:
    """What was meant is among the terms, what was typed is not; the finding says so."""
    found = find(generation, "norwey", corrections={"norwey": "norway"})
    assert found.query_terms == ("norway",)
    assert found.corrections == {"norwey": "norway"}
    assert "Norway" in found.passages[0].text


@pytest.mark.parametrize("query", ["", "?!", "😀", "zzzz", "\0", "' OR 1=1 --"])
def test_any_query_can_be_searched(generation: Generation, query: str) -> None:
    """Without a known term the dense leg decides alone."""
    assert all("lexical" not in p.legs for p in find(generation, query).passages)


def test_the_same_question_gives_the_same_passages(generation: Generation) -> None:
    """Search is deterministic."""
    assert find(generation, "roadmap", 20).passages == find(generation, "roadmap", 20).passages


def test_words_that_carry_only_grammar_weigh_little_in_late_interaction() -> None:
    """So do punctuation and the model's special pieces; the parts of one word weigh as that word does."""
    query = "What is a decision-tree?"
    pieces = [(0, 0), (0, 4), (5, 7), (8, 9), (10, 14), (14, 18), (18, 19), (19, 23), (23, 24), (0, 0)]
    weights = piece_weights(query, pieces).tolist()
    assert weights == pytest.approx([0.3] * 4 + [1.0, 1.0, 0.3, 1.0] + [0.3] * 2)
