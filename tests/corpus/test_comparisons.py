"""Comparisons: complete, linked, each sentence able to stand alone, no figure that its digest does not hold."""

from __future__ import annotations

import re

import pytest
from corpus_texts import CORPUS, FENCE, LINK, SEEDS, Page, pages, roadmap, taken_runs, words

from tutor.documents import SpanKind
from tutor_ingest.load import load
from tutor_ingest.split import split

IDS = {
    "time-to-job-ready",
    "order-of-phases",
    "salaries-by-region-and-level",
    "tools-by-phase",
    "how-much-maths-they-ask-for",
    "what-matters-for-jobs",
}
RUN = 8  # words in a row that a page may not share with a published roadmap
LEANING = re.compile(r"(?:It|Its|This|They|Their|These|That|Those|He|She)\b")
FIGURE = re.compile(
    r"[₹$]\d[\d,]*(?:–[₹$]?\d[\d,]*)?\+?(?: LPA)?|\d+(?:–\d+)?\+? (?:months?|weeks?|years?|hours a week)\b"
)
COMPARISONS = [page for page in pages().values() if page.path.parent == CORPUS / "comparisons"]

each_page = pytest.mark.parametrize("page", COMPARISONS, ids=lambda page: page.id)


def roadmaps_in(text: str) -> list[str]:
    """The ids of the roadmaps that a text names."""
    return [source for source in roadmap().sources if source.replace("-roadmap", "") in text.lower()]


def table(page: Page) -> list[list[str]]:
    """The cells of the page's table, its header first."""
    lines = [line for line in page.prose.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if not set("".join(row)) <= set("-: ")]


def test_the_six_comparisons_are_there() -> None:
    """Each question that learners ask across roadmaps has its page."""
    assert {page.id for page in COMPARISONS} == IDS


@each_page
def test_comparison_front_matter_names_the_digests(page: Page) -> None:
    """A comparison says what it is and which digests it rests on."""
    metadata = page.metadata
    assert metadata["id"] == page.id
    assert metadata["kind"] == "comparison"
    assert {"title", "updated", "tags"} <= set(metadata)
    assert set(roadmaps_in(" ".join(metadata["sources"]))) == set(roadmap().sources)
    assert page.text.lstrip().startswith(f"# {metadata['title']}\n")
    assert 350 <= len(page.prose.split()) <= 800
    assert page.text.count("```") == 2 * len(FENCE.findall(page.text))


@each_page
def test_comparison_links_lead_to_topics_and_digests(page: Page) -> None:
    """Every link is relative and its page is there; the last section leads to both kinds of page."""
    known = {CORPUS / topic.page for topic in roadmap().topics} | {other.path for other in pages().values()}
    for target in LINK.findall(page.prose):
        assert (page.path.parent / target).resolve() in known, target
    assert page.headings[-1] == "Where to go next"
    onward = LINK.findall(page.section("Where to go next"))
    assert any(target.startswith("../topics/") for target in onward)
    assert any(target.startswith("../sources/") for target in onward)


@each_page
def test_comparison_table_names_four_roadmaps(page: Page) -> None:
    """The table has cells in equal rows, none empty, and names at least four of the five roadmaps."""
    rows = table(page)
    assert len({len(row) for row in rows}) == 1
    assert all(cell for row in rows for cell in row)
    assert len(roadmaps_in(" ".join(cell for row in rows for cell in row))) >= 4


@each_page
def test_comparison_figures_stand_in_their_digests(page: Page) -> None:
    """A figure with its unit occurs in the digest of the roadmap that its row, or else its column, names."""
    header, *rows = table(page)
    wrong = []
    for row in rows:
        for column, cell in zip(header[1:], row[1:], strict=True):
            for figure in FIGURE.findall(cell):
                sources = roadmaps_in(row[0]) or roadmaps_in(column)
                assert len(sources) == 1, (row[0], column)
                if figure not in pages()[sources[0]].text:
                    wrong.append((sources[0], figure))
    assert wrong == []


@each_page
def test_comparison_sentences_stand_alone_and_give_figures_with_a_name(page: Page) -> None:
    """No sentence or item points back or is a mouthful, and none gives a roadmap's figure without naming it."""
    document = load(page.path, page.path.name, "d")
    chunks = split(document, count_tokens=lambda texts: [len(text) // 4 for text in texts], max_tokens=256)
    quotable = {SpanKind.SENTENCE, SpanKind.LEAD, SpanKind.ITEM}
    quoted = [document.text[s.start : s.end] for chunk in chunks for s in chunk.spans if s.kind in quotable]
    assert quoted
    assert [text for text in quoted if LEANING.match(text)] == []
    assert [text for text in quoted if len(text.split()) > 45] == []
    nameless = [text for text in quoted if FIGURE.search(text) and "roadmap" not in text.lower()]
    assert [text for text in nameless if "The tutor's reading is" not in text] == []


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the roadmaps themselves are not part of the repository")
@each_page
def test_comparison_words_are_our_own(page: Page) -> None:
    """No run of eight words stands in one of the roadmaps."""
    own = words(page.text)
    runs = [tuple(own[i : i + RUN]) for i in range(len(own) - RUN + 1)]
    assert [" ".join(run) for run in runs if run in taken_runs(RUN)] == []
