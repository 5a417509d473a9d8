"""Sentence boundaries in technical prose with Markdown marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_ingest.structure.sentences import sentence_spans

PIECES = st.sampled_from(
    [
        *"aB1 .!?:,\n\t`*_()[]\"'“”…–₹😀\u00a0\u2028\u3002",
        "**",
        "``",
        "e.g. ",
        "etc. ",
        "Word. ",
        "](u)",
        "\n\n",
        "Step 2. ",
    ]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@given(TEXTS)
def test_spans_are_ordered_trimmed_and_cover_all_but_white_space(text: str) -> None:
    """Whatever the text, its spans are in order, trimmed, apart, and only white space lies outside them."""
    at = 0
    for start, end in sentence_spans(text):
        assert at <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()


@given(
    st.lists(st.sampled_from(["Learn Python now.", "It costs ₹6 – 8 lakh!", "Is “it” enough?"]), max_size=8)
)
def test_plain_sentences_come_back_as_they_were(parts: list[str]) -> None:
    """Sentences joined by spaces or soft line breaks are found again, also beside characters beyond ASCII."""
    assert sentences("\n".join(parts)) == parts
    assert sentences(" ".join(parts)) == parts


@pytest.mark.parametrize(
    "text",
    [
        "It takes approx. 3 weeks.",
        "See sec. 4.2, fig. 3 and no. 5 for this.",
        "Use tools, incl. pandas, resp. numpy, ca. five.",
        "Use e.g. NumPy, i.e. Arrays, vs. lists, etc. and more.",
        "It takes 5 yrs. of practice.",
        "A Ph.D. is not needed.",
        "Use Python 3.11. or 4.2.1, rated 9.7/10, with node.js 2.0 there.",
        "Call pd.DataFrame and torch.Tensor, then sklearn.SVC here.",
        "Call `a.b(). Then` and ``x `y. Z`` here.",
        "Read [the guide. Part two](https://x.org/a.b) now.",
        "**Time:** 1–2 months",
        "**Step 2.** Do it.",
        "1. Learn Python.",
        "Phase 1. Learn Python.",
        "Many tools (NumPy, etc.) PyTorch among them.",
    ],
)
def test_no_sentence_ends_here(text: str) -> None:
    """Abbreviations, code, links, numbers, dotted names and labels end no sentence."""
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("**Bold sentence.** Next.", "**Bold sentence.**"),
        ("*It.* Next.", "*It.*"),
        ('He said "Go." Then left.', 'He said "Go."'),
        ("Er sagte “Go.” Then left.", "Er sagte “Go.”"),
        ("(See this.) Done.", "(See this.)"),
        ("[Read this.](http://x.y/a) Next one.", "[Read this.](http://x.y/a)"),
        ("It works.[3] Next one.", "It works.[3]"),
        ("Call `a.b()`. Then go.", "Call `a.b()`."),
        ("Hmm… Then go.", "Hmm…"),
        ("See https://x.org/a.b. Next.", "See https://x.org/a.b."),
        ("It takes 5 yrs. Then go.", "It takes 5 yrs."),
        ("**Time:** 1–2 months. **Goal:** ready.", "**Time:** 1–2 months."),
        ("It is good. pandas is used.", "It is good."),
        ("你好。世界！", "你好。"),
    ],
)
def test_closing_marks_stay_with_the_sentence_before(text: str, first: str) -> None:
    """A sentence ends after its closing marks, and the next one begins there."""
    found = sentences(text)
    assert found[0] == first
    assert len(found) == 2


def test_a_long_text_is_read_in_windows_without_a_trace() -> None:
    """A text longer than one window has its parts' sentences, and one endless sentence stays one."""
    part = "The learner practises “every” day for ₹5. "
    assert sentences(part * 1_000) == [part.strip()] * 1_000
    assert len(sentences("word and " * 5_000)) == 1
