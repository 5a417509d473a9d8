from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.errors import ReadError
from tutor_ingest.load.content import Content
from tutor_ingest.load.markdown import read

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"))


def content(text: str) -> Content:
    return read(text.encode(), "x.md")


@given(TEXT.filter(lambda text: not text.startswith(("---", "\ufeff"))))
def test_a_body_without_front_matter_is_kept_verbatim(text: str) -> None:
    """Markdown is stored character for character, so that quotes equal their source."""
    assert content(text).text == text


@given(TEXT)
def test_a_body_after_front_matter_is_kept_verbatim(text: str) -> None:
    """Only the front matter is removed, whatever follows it, rules and headings included."""
    found = content(f"---\ntitle: A plan\nweeks: 6\n---\n{text}")
    assert (found.text, found.title, found.metadata) == (text, "A plan", {"title": "A plan", "weeks": 6})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.datetimes() | TEXT,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_metadata_can_be_written_as_json(value: object) -> None:
    """Whatever YAML makes of the front matter, JSON can say it."""
    import yaml

    found = content("---\n" + yaml.safe_dump({"key": value}, allow_unicode=True) + "---\nText.")
    assert found.text == "Text."
    json.dumps(found.metadata, allow_nan=False)


def test_dates_become_iso_strings() -> None:
    """A date in the front matter is text afterwards, in the order of ISO 8601."""
    found = content("---\ndate: 2026-03-01\nat: 2026-03-01 10:30:00\n2026: year\n---\nText.")
    assert found.metadata == {"date": "2026-03-01", "at": "2026-03-01T10:30:00", "2026": "year"}


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nA rule above, and none below.",
        "---\n\nProse between two rules.\n\n---\nMore.",
        "---\nNote well: this: is prose\nnot: [closed",
        "---\nJust one sentence, no key.\n---\nMore.",
        "---\n- a list\n---\nMore.",
        "----\ntitle: four dashes\n----\n",
    ],
)
def test_a_horizontal_rule_is_no_front_matter(text: str) -> None:
    """Three dashes at the top belong to the body unless they enclose keys."""
    assert (content(text).text, content(text).metadata) == (text, {})


def test_front_matter_may_be_empty_or_end_in_dots() -> None:
    """YAML's own end mark closes front matter too, and an empty block is one."""
    assert content("---\n---\nText.").text == "Text."
    assert content("---\ntitle: T\n...\nText.").text == "Text."


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        ("title: A\nplan: [1, 2", "front matter line 4: "),
        ("title: A plan: in two parts", "front matter line 2: mapping values are not allowed here"),
        ("a: 1\n\tb: 2", "front matter line 3: "),
        ("date: 2026-13-45", "front matter: month must be in 1..12"),
        ("a: !!python/object:os.system x", "front matter line 2: could not determine a constructor"),
    ],
)
def test_broken_front_matter_names_its_line(front: str, reason: str) -> None:
    """The reason counts lines as an editor does."""
    with pytest.raises(ReadError) as raised:
        content(f"---\n{front}\n---\nText.")
    assert str(raised.value).startswith(reason)
    assert "\n" not in str(raised.value)


def test_aliases_cannot_blow_the_metadata_up() -> None:
    """A few lines that stand for a billion values are refused."""
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10))
    with pytest.raises(ReadError, match="too large"):
        content(f"---\nl0: &l0 [x, x]\n{levels}\n---\nText.")


def test_a_value_that_holds_itself_is_refused() -> None:
    """An endless value is no metadata."""
    with pytest.raises(ReadError, match="too large"):
        content("---\na: &a [*a]\n---\nText.")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# The *plan* for `NumPy`\n\nText.", "The plan for NumPy"),
        ("The plan\n========\n\nText.", "The plan"),
        ("Text.\n\n## Second\n\n# First #\n", "First"),
        ("```\n# a comment\n```\n# Real\n", "Real"),
        ("# Proxy [![Build](b.svg)](c) ![x](y)\n", "Proxy"),
        ("# ![The proxy](logo.png)\n", "The proxy"),
        ("## Only a second level\n", None),
        ("Text.\n", None),
        ("---\ntitle: 2026\n---\n# Other\n", "2026"),
        ("---\ntitle: '  '\n---\n# Other\n", "Other"),
        ("---\ntitle: [a]\n---\n# Other\n", "Other"),
    ],
)
def test_the_title_is_stated_or_the_first_heading(text: str, title: str | None) -> None:
    """Front matter first, then the first heading of level one, in both Markdown styles, not in code."""
    assert content(text).title == title


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("javascript:alert(1)", None),
        ("[a]", None),
        ("7", None),
    ],
)
def test_only_a_web_address_becomes_the_url(address: str, url: str | None) -> None:
    """A link of another scheme is never offered to a reader."""
    assert content(f"---\nurl: {address}\n---\nText.").url == url


def test_line_ends_and_the_byte_order_mark_are_normalised() -> None:
    """Windows and old Mac line ends become line feeds; the mark is not text."""
    found = read(b"\xef\xbb\xbf---\r\ntitle: T\r\n---\r\nOne\r\ntwo\rthree", "x.md")
    assert (found.title, found.text) == ("T", "One\ntwo\nthree")
