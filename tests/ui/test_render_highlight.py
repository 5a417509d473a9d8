"""The cited range in a rendered document: what is marked is the quote, and marking changes nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.config import default_corpus_dir
from tutor.documents import Document
from tutor_ingest.load import load
from tutor_ingest.split import split
from tutor_ui import highlight


def document(text: str, format: str = "markdown", pages: tuple[int, ...] = ()) -> Document:
    return Document(
        id="d",
        path="d.md",
        title="D",
        text=text,
        format=format,
        sha256="0",
        pages=pages,  # type: ignore[arg-type]
    )


class _Marked(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.inside, self.text, self.ids = False, "", []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "mark":
            assert not self.inside, "marks do not nest"
            self.inside = True
            self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        if tag == "mark":
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.text += data


def marked(text: str, quote: str, **options) -> str:
    start = text.index(quote)
    html = highlight.body(document(text, **options), start, start + len(quote))
    seen = _Marked(html)
    assert seen.ids == ["cited"]
    return " ".join(seen.text.split())


def unmarked(html: str) -> str:
    return re.sub(r"</?mark[^>]*>", "", html)


TEXT = """# On **learning**

First one. You *do **not* need** `a PhD`, see [this *site*](https://x.example/?q=1). Next **one. Two** three.

> A quoted line
> goes on here. And ends.

1. one `code`
2. two [link](https://y.example)
   continued
   - nested item

| Stage | A \\| B |
|:--|--:|
| six | six |
| <b> | ![a chart](https://z.example/p.png) |

```python
x = "<1>"
y = 2
```

Setext heading
--------------
Last sentence with a trailing break.\x20\x20
And after it\\
the end."""


@pytest.mark.parametrize(
    ("quote", "seen"),
    [
        ("First one.", "First one."),
        (
            "You *do **not* need** `a PhD`, see [this *site*](https://x.example/?q=1).",
            "You do not need a PhD, see this site.",
        ),
        ("Two** three.", "Two three."),
        ("On **learning**", "On learning"),
        ("goes on here.", "goes on here."),
        ("A quoted line\n> goes on here.", "A quoted line goes on here."),
        ("one `code`\n2. two [link](https://y.example)\n   continued", "one codetwo link continued"),
        ("- nested item", "nested item"),
        ("| six | six |", "sixsix"),
        ("A \\| B", "A | B"),
        ("| <b> | ![a chart](https://z.example/p.png) |", "<b>a chart"),
        ('x = "<1>"', 'x = "<1>"'),
        ('```python\nx = "<1>"\ny = 2\n```', 'x = "<1>" y = 2'),
        ("Setext heading", "Setext heading"),
        ("Last sentence with a trailing break.", "Last sentence with a trailing break."),
        ("And after it\\\nthe end.", "And after itthe end."),
    ],
)
def test_the_marked_text_is_the_quote_as_a_reader_sees_it(quote, seen):
    assert marked(TEXT, quote) == seen


def test_adjacent_marks_are_one():
    html = highlight.body(document("one\ntwo three"), 0, 13)
    assert html.count("<mark") == 1


def test_a_range_that_ends_inside_a_link_target_grows_to_the_whole_link():
    assert (
        marked("See [the site](https://x.example/path?a=b) now.", "See [the site](https://x.exam")
        == "See the site"
    )


def test_windows_line_ends_keep_their_offsets():
    assert (
        marked("One here.\r\n\r\n- two\r\n- three\r\n\r\nFour there. Five.", "Four there.") == "Four there."
    )


def test_a_document_that_uses_the_rare_characters_is_marked_with_others():
    assert marked("He said ⸨so⸩. Then ⁅it⁆ ended.", "Then ⁅it⁆ ended.") == "Then ⁅it⁆ ended."


def test_plain_text_keeps_its_lines_and_shows_where_pages_begin():
    text = "First page\nends in mid sentence\nand goes on. Done."
    html = highlight.body(document(text, "text", (0, 32)), 11, 44)
    assert _Marked(html).text == "ends in mid sentence\nand goes on."
    assert ">Page 1<" in html
    assert ">Page 2<" in html


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 5), (9, 3), (99, 120), (4, 999)])
def test_an_empty_or_impossible_range_does_no_harm(start, end):
    for format in ("markdown", "text"):
        assert "some text" in unmarked(highlight.body(document("Here is some text", format), start, end))


def test_of_a_very_long_document_the_part_around_the_range_is_shown():
    paragraphs = [f"Paragraph {n} says that it is number {n}." for n in range(20_000)]
    text = "\n\n".join(paragraphs)
    quote = paragraphs[17_000]
    assert marked(text, quote) == quote
    html = highlight.body(document(text), text.index(quote), text.index(quote) + len(quote))
    assert "A part of this long document is shown." in html
    assert len(html) < 300_000


def test_nothing_that_a_source_says_becomes_live_html():
    evil = (
        '<script>alert(1)</script> <img src=x onerror=alert(1)> ![p](https://evil.example/p.png "t")\n\n'
        "[go](javascript:alert(1)) [out](https://evil.example) <https://evil.example/auto>\n\n[ref]\n\n"
        '[ref]: https://evil.example/r "x"\n\n```"><img src=x>\n</code><img src=y>\n```\n'
    )
    for format in ("markdown", "text"):
        for start, end in ((0, 0), (0, len(evil)), (10, 60)):
            html = highlight.body(document(evil, format), start, end)
            assert not re.search(r"<(script|img|a|iframe|style|svg)\b", html)
            assert not re.search(r"<[^>]*\s(on\w+|href|src)\s*=", html)


KINDS = ("paragraph", "heading", "list", "numbers", "quote", "table")

words = st.lists(
    st.sampled_from(["maths", "model", "data", "weeks", "6–8", "need", "not_yet", "a.b", "C++", "$150,000"]),
    min_size=1,
    max_size=5,
)


@st.composite
def sentences(draw) -> tuple[str, str]:
    """A sentence in Markdown and as a reader sees it."""
    source, seen = [], []
    for piece in draw(st.lists(words, min_size=1, max_size=4)):
        text = " ".join(piece)
        form = draw(
            st.sampled_from(["{}", "**{}**", "*{}*", "`{}`", "[{}](https://x.example/a?b=c)", "***{}***"])
        )
        source.append(form.format(text))
        seen.append(text)
    return " ".join(source) + ".", " ".join(seen) + "."


@st.composite
def documents(draw) -> tuple[str, list[tuple[int, int, str]]]:
    """A document and its spans: start, end, and what a reader sees of each."""
    text, spans = "", []

    def add(before: str, sentence: tuple[str, str], after: str) -> None:
        nonlocal text
        text += before
        spans.append((len(text), len(text) + len(sentence[0]), sentence[1]))
        text += sentence[0] + after

    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5)):
        some = draw(st.lists(sentences(), min_size=1, max_size=4))
        if kind == "paragraph":
            for sentence in some:
                add("", sentence, draw(st.sampled_from([" ", "\n"])))
        elif kind == "heading":
            add("## ", some[0], "\n")
        elif kind == "table":
            text += "| One | Two |\n|---|---|\n"
            for left, right in zip(some[::2], some[1::2], strict=False):
                add("| ", left, " | ")
                add("", right, " |\n")
        else:
            for number, sentence in enumerate(some, start=1):
                add({"list": "- ", "numbers": f"{number}. ", "quote": "> "}[kind], sentence, "\n")
        text += "\n\n"
    return text, spans


@settings(max_examples=150, deadline=None)
@given(documents(), st.data())
def test_from_any_span_to_any_later_one_the_marks_hold_just_what_stands_between(made, data):
    text, spans = made
    if not spans:
        return
    first = data.draw(st.integers(0, len(spans) - 1))
    last = data.draw(st.integers(first, len(spans) - 1))
    html = highlight.body(document(text), spans[first][0], spans[last][1])
    expected = "".join(seen for _, _, seen in spans[first : last + 1])
    if "| One | Two |" in text[spans[first][0] : spans[last][1]]:
        expected = expected.replace("OneTwo", "")
    assert "".join(_Marked(html).text.split()).replace("OneTwo", "") == "".join(expected.split())


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="ab *_`[]()!<>&|\\#-+.1\n\t\r:/~=\"'⸨é", max_size=60),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_marking_any_range_of_any_text_changes_nothing_but_the_marks(text, start, end):
    plain = highlight.body(document(text))
    assert unmarked(highlight.body(document(text), start, end)) == plain


def _tokens(texts):
    return [len(text) // 4 + 2 for text in texts]


CURRICULUM = sorted((default_corpus_dir() / "sources").glob("*.md"))


@pytest.mark.parametrize("path", CURRICULUM, ids=lambda path: path.stem)
def test_every_span_of_the_curriculum_is_marked_as_it_reads(path):
    source = load(path, path.name, path.stem)
    spans = [span for chunk in split(source, count_tokens=_tokens, max_tokens=256) for span in chunk.spans]
    assert len(spans) > 50
    for span in spans[:: max(1, len(spans) // 40)]:
        seen = _Marked(highlight.body(source, span.start, span.end)).text
        quote = source.text[span.start : span.end]
        assert "".join(seen.split()) == re.sub(r"[\s|`*]", "", quote)
