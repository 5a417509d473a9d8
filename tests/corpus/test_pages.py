"""Topic pages: complete, within bounds, linked, in words of our own, each sentence able to stand alone."""

from __future__ import annotations

import re
from itertools import pairwise
from statistics import mean

import pytest
from corpus_texts import CORPUS, FENCE, LINK, SEEDS, Page, pages, roadmap, taken_runs, topic_pages, words

from tutor.documents import SpanKind
from tutor_ingest.load import load
from tutor_ingest.split import split

SECTIONS = [
    "Intuition",
    "How it works",
    "Worked example",
    "When to use it",
    "Pitfalls",
    "In interviews",
    "Check yourself",
    "Where to go next",
]
FREE = {"career", "resources"}  # their pages explain no method
RUN = 8  # words in a row that a page may not share with a published roadmap
SHINGLE, ALIKE = 6, 0.1  # pages that share this part of their runs of six words are nearly the same
LEANING = re.compile(r"(?:It|Its|This|They|Their|These|That|Those|He|She)\b")

each_page = pytest.mark.parametrize("page", topic_pages(), ids=lambda page: page.id)


@pytest.fixture
def sentences(page: Page) -> list[str]:
    """What could be quoted of a page: sentences and list items."""
    document = load(page.path, page.path.name, "d")
    chunks = split(document, count_tokens=lambda texts: [len(text) // 4 for text in texts], max_tokens=256)
    quotable = {SpanKind.SENTENCE, SpanKind.LEAD, SpanKind.ITEM}
    return [document.text[s.start : s.end] for chunk in chunks for s in chunk.spans if s.kind in quotable]


def test_every_topic_has_its_page_and_every_page_its_topic() -> None:
    """The graph and the folder hold the same."""
    assert {topic.page for topic in roadmap().topics} == {
        page.path.relative_to(CORPUS).as_posix() for page in topic_pages()
    }


@each_page
def test_front_matter_agrees_with_the_graph(page: Page) -> None:
    """What a page says of itself is what the roadmap says of its topic."""
    topic, metadata = roadmap().topic(page.id), page.metadata
    assert metadata["kind"] == "topic"
    for name in ("id", "title", "phase", "level", "hours"):
        assert metadata[name] == getattr(topic, name), name
    assert tuple(metadata["prerequisites"] or ()) == topic.prerequisites
    assert page.path.parent.name == topic.phase
    assert {"updated", "tags"} <= set(metadata)
    assert len(metadata["sources"]) >= 1
    assert page.text.lstrip().startswith(f"# {topic.title}\n")


@each_page
def test_its_sections_stand_in_order(page: Page) -> None:
    """Two sentences say what it is; then come the sections, down one level at a time."""
    if roadmap().topic(page.id).phase in FREE:
        assert len(page.headings) >= 5
        assert page.headings[-2:] == SECTIONS[-2:]
    else:
        assert page.headings == SECTIONS
    levels = [len(match) for match in re.findall(r"^(#+) ", page.prose, re.MULTILINE)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    opening = page.prose.split("\n## ")[0].split("\n", 1)[1]
    assert len(words(opening)) >= 20


@each_page
def test_it_is_neither_short_nor_long(page: Page) -> None:
    """A page has 500 to 1,100 words besides its code."""
    assert 500 <= len(page.prose.split()) <= 1100


@each_page
def test_sentences_stand_alone_and_are_short(sentences: list[str]) -> None:
    """No sentence or item opens with a word that points back, and none is a mouthful."""
    assert [text for text in sentences if LEANING.match(text)] == []
    lengths = [len(text.split()) for text in sentences]
    assert [text for text, length in zip(sentences, lengths, strict=True) if length > 45] == []
    assert 8 <= mean(lengths) <= 24


@each_page
def test_learners_can_check_themselves(page: Page) -> None:
    """There are three or more questions, each with an answer."""
    asked = re.split(r"^### ", page.section("Check yourself"), flags=re.MULTILINE)[1:]
    assert len(asked) >= 3
    for question, answer in (part.split("\n", 1) for part in asked):
        assert question.endswith("?")
        assert len(words(answer)) >= 5


@each_page
def test_headings_that_ask_are_different(page: Page) -> None:
    """A heading stands once on a page."""
    found = re.findall(r"^#+ (.+)$", page.prose, re.MULTILINE)
    assert len(set(found)) == len(found)


@each_page
def test_links_lead_to_pages(page: Page) -> None:
    """Every link is relative and its page is there; they all stand where they lead on, so that no quote is full of marks."""
    known = {CORPUS / topic.page for topic in roadmap().topics} | {other.path for other in pages().values()}
    leading_on = LINK.findall(page.section("Where to go next"))
    for target in leading_on:
        assert (page.path.parent / target).resolve() in known, target
    assert len(set(leading_on)) >= 2
    assert LINK.findall(page.prose) == leading_on


@each_page
def test_it_is_text_and_nothing_else(page: Page) -> None:
    """No HTML, image, address, LaTeX or emoji."""
    prose = re.sub(r"`[^`\n]*`", "", page.prose)
    assert (
        re.findall(r"</?[a-zA-Z][^>\n]*>|!\[|https?://|\$[^$\n]*\\|\\\(|[\U0001F300-\U0001FAFF]", prose) == []
    )
    assert page.text.count("```") == 2 * len(FENCE.findall(page.text))


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the roadmaps themselves are not part of the repository")
@each_page
def test_its_words_are_our_own(page: Page) -> None:
    """No run of eight words stands in one of the roadmaps, names and figures aside."""
    own = words(page.text)
    runs = [tuple(own[i : i + RUN]) for i in range(len(own) - RUN + 1)]
    assert [" ".join(run) for run in runs if run in taken_runs(RUN)] == []


def test_no_page_is_an_orphan() -> None:
    """Another page links to every page."""
    linked = {
        (page.path.parent / target).resolve()
        for page in pages().values()
        for target in LINK.findall(page.prose)
        if (page.path.parent / target).resolve() != page.path
    }
    assert [page.id for page in topic_pages() if page.path not in linked] == []


def test_no_two_pages_say_the_same() -> None:
    """Pages share few runs of six words."""
    shingles = {
        page.id: {tuple(own[i : i + SHINGLE]) for i in range(len(own) - SHINGLE + 1)}
        for page in topic_pages()
        if (own := words(page.prose))
    }
    names = list(shingles)
    alike = [
        (one, other)
        for number, one in enumerate(names)
        for other in names[number + 1 :]
        if len(shingles[one] & shingles[other]) > ALIKE * min(len(shingles[one]), len(shingles[other]))
    ]
    assert alike == []
