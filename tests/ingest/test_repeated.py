"""Boilerplate: what most documents of a kind begin or end with, and nothing that merely recurs."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tutor.documents import Document
from tutor_ingest.repeated import Repeated

FOOTER = "Read more in our newsletter, which comes every week."


def document(number: int, text: str, path: str = "site/{}.md") -> Document:
    return Document(f"d{number}", path.format(number), "T", text, "markdown", f"{number}")


def hidden(texts: Sequence[str], paths: Sequence[str] = ()) -> list[list[str]]:
    """What is hidden of each text, as text."""
    made = [document(i, text, paths[i] if paths else "site/{}.md") for i, text in enumerate(texts)]
    with Repeated() as repeated:
        for each in made:
            repeated.add(each)
        return [[each.text[start:end] for start, end in repeated.hidden(each)] for each in made]


def pages(count: int, footer: str = FOOTER) -> list[str]:
    return [f"# Page {i}\n\nThis page is about topic {i}.\n\n{footer}\n" for i in range(count)]


def test_a_footer_of_four_pages_of_one_folder_is_boilerplate() -> None:
    """Of three it may be chance."""
    assert hidden(pages(4)) == [[FOOTER]] * 4
    assert hidden(pages(3)) == [[]] * 3


def test_a_header_is_found_as_well_and_line_breaks_do_not_matter() -> None:
    """The same words, wrapped differently."""
    heads = ["Home | About | Contact us", "Home | About |\nContact us"]
    texts = [f"{heads[i % 2]}\n\nThis page is about topic {i}.\n" for i in range(4)]
    assert hidden(texts) == [[heads[i % 2]] for i in range(4)]


def test_headings_are_not_counted_however_often_they_recur() -> None:
    """They are never quoted, and say what the text below them is about."""
    texts = [f"# Page {i}\n\n## Overview\n\nThis page is about topic {i}.\n\n{FOOTER}\n" for i in range(6)]
    assert hidden(texts) == [[FOOTER]] * 6


def test_what_a_minority_of_files_says_stays() -> None:
    """Four short answers of forty are alike, and are answers."""
    texts = [
        f"# Question {i}\n\n{'Yes, you can.' if i < 4 else f'Answer {i}.'}\n\nSee part {i}.\n"
        for i in range(40)
    ]
    assert not any(hidden(texts))


def test_formats_are_counted_apart() -> None:
    """Four web pages among many notes have a footer of their own."""
    texts = [*pages(5), *(f"Note {i} says something.\n\nNothing else in note {i}.\n" for i in range(60))]
    paths = ["mixed/{}.html"] * 5 + ["mixed/{}.txt"] * 60
    assert hidden(texts, paths) == [[FOOTER]] * 5 + [[]] * 60


def test_pages_of_one_site_in_many_folders_are_counted_together() -> None:
    """A folder with one page cannot tell what recurs; five of them can."""
    assert hidden(pages(5), [f"site/{i}/index.html" for i in range(5)]) == [[FOOTER]] * 5


def test_the_middle_of_a_document_is_its_own() -> None:
    """A warning that every chapter repeats between its paragraphs is content."""
    body = "\n\n".join(f"Paragraph {{i}} {n}." for n in range(5))
    texts = [f"{body}\n\n{FOOTER}\n\n{body}".replace("{i}", str(i)) for i in range(6)]
    assert not any(hidden(texts))


def test_copies_of_one_text_are_no_evidence() -> None:
    """Six copies of a page count once, and none of them is emptied."""
    assert not any(hidden(pages(1) * 6))


def test_a_document_that_holds_nothing_else_keeps_it() -> None:
    """It is what that document says."""
    assert hidden([*pages(5), FOOTER])[-1] == []


@given(st.lists(st.text("ab \n.", max_size=40), max_size=12))
def test_what_is_hidden_lies_in_order_within_the_text_and_never_is_all_of_it(texts: list[str]) -> None:
    """Whatever the texts are."""
    made = [document(i, text) for i, text in enumerate(texts)]
    with Repeated() as repeated:
        for each in made:
            repeated.add(each)
        for each in made:
            places = [place for pair in repeated.hidden(each) for place in pair]
            assert places == sorted(places)
            assert all(0 <= place <= len(each.text) for place in places)
            left = list(each.text)
            for start, end in reversed(repeated.hidden(each)):
                del left[start:end]
            assert "".join(left).strip() or not each.text.strip()
