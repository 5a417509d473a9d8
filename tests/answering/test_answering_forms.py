"""Statements from spans: whole lists, table rows, code, sentences with what they lean on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tutor.answering.forms import Proposal, table
from tutor.answering.tutor import Tutor
from tutor.answering.verify import verify_verbatim
from tutor.testing import small_tutor

GUIDE = """# Zebra guide

## Tools

The zebra tools are these:

1. Saddle for *riding*
2. Brush
   - soft brush
   - hard brush
3. Rope

## Steps

- [x] Feed the zebra
- [ ] Wash the zebra

## Food

| Food | Weeks | Cost |
| :--- | --- | ---: |
| Hay | 10 | $5 |
| Oats | 12 | $6 |
| Corn | 14 | $7 |
| Grass | 3 | free |

## Riding

Riding is moving on a zebra. It takes 10 weeks. However, nobody finishes. Stop early.

A new paragraph begins here.

## Program

Feed the zebra with this program:

```python
zebra = Zebra()

zebra.feed()
```

## Settings

```python
stripes = 1

stripes += 2
```

## Indented

Then comes code.

    spots = 1

    spots += 2

## Setup

- Install the zebra:

  ```sh
  pip install zebra

  zebra run
  ```

- Start the engine

## Numbers

(4) fourth ranked zebra
(5) fifth ranked zebra

## Prices

The prices of zebras by size:

| Size | Price |
| --- | --- |
| Small | $100 |
| Large | $300 |

## Stripes

The long list of stripes has these:

""" + "\n".join(f"- stripe variant{n} of a zebra" for n in range(20))

LONG_ITEM = (
    "# Zebras\n\n- "
    + "The first zebra trotted slowly. " * 14
    + "It stopped in 2020. After that the zebra slept.\n- Short one.\n"
)


@pytest.fixture(scope="module")
def guide(make_tutor: Callable[..., Tutor]) -> Tutor:
    return make_tutor({"guide.md": GUIDE, "long.md": LONG_ITEM})


@pytest.fixture
def of(guide: Tutor, proposed: Callable[..., Proposal]) -> Callable[[str], Proposal]:
    return lambda words: proposed(guide, words)


def slices(tutor: Tutor, proposal: Proposal) -> list[str]:
    return [tutor.document(p.passage.document_id).text[p.start : p.end] for p in proposal.places]


TOOLS = """The zebra tools are these:

1. Saddle for *riding*
2. Brush
    - soft brush
    - hard brush
3. Rope"""


@pytest.mark.parametrize("words", ["The zebra tools are these", "Saddle for", "hard brush", "Rope"])
def test_a_list_comes_whole_with_its_lead_numbers_and_nesting(
    of: Callable[[str], Proposal], words: str
) -> None:
    """The lead and any of its items bring the same whole list."""
    assert of(words).text == TOOLS


def test_a_list_is_one_place_from_its_lead_to_its_last_item(
    guide: Tutor, of: Callable[[str], Proposal]
) -> None:
    """One citation covers all of it."""
    (text,) = slices(guide, of("Saddle for"))
    assert text.startswith("The zebra tools are these:")
    assert text.endswith("3. Rope")


def test_tick_boxes_are_left_out(of: Callable[[str], Proposal]) -> None:
    """A task list is quoted as a list."""
    assert of("Wash the zebra").text == "- Feed the zebra\n- Wash the zebra"


def test_a_list_without_a_lead_keeps_its_first_number(guide: Tutor, of: Callable[[str], Proposal]) -> None:
    """The numbers are the source's, also where they do not begin with one."""
    proposal = of("fifth ranked")
    assert proposal.text == "4. fourth ranked zebra\n5. fifth ranked zebra"
    assert slices(guide, proposal)[0].startswith("(4)")


def test_of_a_very_long_list_one_item_comes_with_the_lead(
    guide: Tutor, of: Callable[[str], Proposal]
) -> None:
    """Two places: what introduces the list and the item."""
    proposal = of("variant7 ")
    assert proposal.text == "The long list of stripes has these:\n\n- stripe variant7 of a zebra"
    assert slices(guide, proposal) == ["The long list of stripes has these:", "stripe variant7 of a zebra"]


def test_the_lead_of_a_very_long_list_brings_all_of_it(of: Callable[[str], Proposal]) -> None:
    """No item is left out."""
    assert of("The long list of stripes").text.count("\n- ") == 20


def test_a_year_before_a_sentence_of_an_item_is_no_number_of_a_list(of: Callable[[str], Proposal]) -> None:
    """`It stopped in 2020. After that …` does not number what follows."""
    assert "2020. After" not in of("After that the zebra slept").text.replace("in 2020. After", "")


def test_a_row_comes_under_its_header(guide: Tutor, of: Callable[[str], Proposal]) -> None:
    """Header and row are two places where rows lie between them."""
    proposal = of("Corn | 14")
    assert proposal.text == "| Food | Weeks | Cost |\n| --- | --- | --- |\n| Corn | 14 | $7 |"
    assert slices(guide, proposal) == ["| Food | Weeks | Cost |", "| Corn | 14 | $7 |"]


def test_the_first_row_and_its_header_are_one_place(of: Callable[[str], Proposal]) -> None:
    """Neighbours share a citation."""
    assert len(of("Hay | 10").places) == 1


def test_neighbouring_rows_are_one_place_and_come_in_order(
    guide: Tutor, gathered: Callable[..., tuple]
) -> None:
    """Whatever the order of the candidates, the rows stand as in the source."""
    *_, candidates, generation = gathered(guide, "food weeks cost")
    rows = [c for name in ("Grass", "Oats", "Corn") for c in candidates if c.text.startswith(f"| {name}")]
    proposal = table(rows, generation)
    assert [line.split(" | ")[0] for line in proposal.text.splitlines()[2:]] == [
        "| Oats",
        "| Corn",
        "| Grass",
    ]
    assert [text.count("\n") for text in slices(guide, proposal)] == [0, 2]


def test_a_header_brings_the_whole_table(of: Callable[[str], Proposal]) -> None:
    """All rows, one place."""
    proposal = of("Food | Weeks")
    assert len(proposal.text.splitlines()) == 6
    assert len(proposal.places) == 1


def test_what_introduces_a_table_comes_with_it(of: Callable[[str], Proposal]) -> None:
    """A lead is followed by the table it announces."""
    lead, _, body = of("The prices of zebras").text.partition("\n\n")
    assert lead == "The prices of zebras by size:"
    assert body.splitlines()[-1] == "| Large | $300 |"


def test_a_sentence_that_leans_brings_what_it_leans_on(of: Callable[[str], Proposal]) -> None:
    """As far back as it takes to know what `it` is."""
    assert of("It takes 10 weeks").text == "Riding is moving on a zebra. It takes 10 weeks."
    assert (
        of("However, nobody").text
        == "Riding is moving on a zebra. It takes 10 weeks. However, nobody finishes."
    )


def test_a_sentence_that_stands_alone_comes_alone(of: Callable[[str], Proposal]) -> None:
    """Neither its neighbours nor the next paragraph come along."""
    assert of("Riding is moving").text == "Riding is moving on a zebra."
    assert of("Stop early").text == "Stop early."
    assert of("A new paragraph").text == "A new paragraph begins here."


def test_code_keeps_its_lines_and_comes_with_its_lead(of: Callable[[str], Proposal]) -> None:
    """Blank lines within the fence stay."""
    whole = "Feed the zebra with this program:\n\n```python\nzebra = Zebra()\n\nzebra.feed()\n```"
    assert of("zebra.feed()").text == of("Feed the zebra with").text == whole
    assert of("stripes += 2").text == "```python\nstripes = 1\n\nstripes += 2\n```"


def test_indented_code_is_shown_as_code(of: Callable[[str], Proposal]) -> None:
    """It gets a fence, without which its first line would be prose."""
    assert of("spots += 2").text == "```\nspots = 1\n\nspots += 2\n```"


def test_code_in_a_list_keeps_its_lines(of: Callable[[str], Proposal]) -> None:
    """It stands below its item, not folded into one line."""
    lines = [line.strip() for line in of("Start the engine").text.splitlines() if line.strip()]
    assert lines == [
        "- Install the zebra:",
        "```sh",
        "pip install zebra",
        "zebra run",
        "```",
        "- Start the engine",
    ]


def test_whatever_a_candidate_leads_to_is_verbatim(guide: Tutor, gathered: Callable[..., tuple]) -> None:
    """Every proposal of every span passes the last gate."""
    from tutor.answering.forms import propose

    seen = 0
    for query in (
        "zebra tools brush",
        "food weeks",
        "riding weeks",
        "program code spots",
        "stripes install engine ranked",
    ):
        *_, candidates, generation = gathered(guide, query)
        for candidate in candidates:
            proposal = propose(candidate, generation)
            assert verify_verbatim(proposal.text, slices(guide, proposal)).passed, proposal.text
            assert proposal.covers(
                candidate.passage.document_id, candidate.span.start, candidate.span.end
            ) or (candidate.span.kind == "header")
            seen += 1
    assert seen > 50


def test_a_proposal_contains_itself_and_its_parts(of: Callable[[str], Proposal]) -> None:
    """A row is part of its table, not the other way about."""
    whole, row = of("Food | Weeks"), of("Corn | 14")
    assert whole.contains(whole)
    assert whole.contains(row)
    assert not row.contains(whole)
    assert not whole.contains(of("Stop early"))


def test_a_block_quote_over_several_lines_is_shown_without_its_marks(tmp_path: Path) -> None:
    """The marks of a wrapped block quote are no words of the sentence, and the sentence verifies without them."""
    text = "# Harbours\n\n> A harbour light burns all night\n> so that ships find the pier.\n"
    tutor = small_tutor(tmp_path, {"harbours.md": text})
    try:
        answer = tutor.ask("What is a harbour light that burns all night?")
        assert [s.text for s in answer.statements] == [
            "A harbour light burns all night so that ships find the pier."
        ]
    finally:
        tutor.close()


def test_code_over_several_chunks_comes_whole(tmp_path: Path) -> None:
    """A fence too long for one chunk is shown from its first line to its last, under the sentence that leads to it."""
    lines = "\n".join(f"value_{i} = compute({i})  # step {i}" for i in range(60))
    text = f"# Zebra loader\n\n## Running\n\nRun the zebra loader with this code:\n\n```python\n{lines}\n```\n\nThen stop.\n"
    tutor = small_tutor(tmp_path, {"loader.md": text})
    try:
        shown = tutor.ask("how do I run the zebra loader?").statements[0].text
        assert shown == f"Run the zebra loader with this code:\n\n```python\n{lines}\n```"
    finally:
        tutor.close()
