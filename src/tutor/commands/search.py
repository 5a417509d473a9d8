"""`tutor search`: the passages that a question finds, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tutor.commands.options import Batch, Json, Paths, Tags, filters_of, one_of
from tutor.commands.start import opened, settings_of

if TYPE_CHECKING:
    from rich.table import Table

    from tutor.answering.tutor import Tutor
    from tutor.documents import Leg, Passage
    from tutor.retrieval.filters import Filters

NAME = "search"
EXCERPT = 180  # characters of a passage that are shown: two to three lines at 80 columns
EXAMPLES = """\b
Examples:
  tutor search "gradient descent"
  tutor search -k 5 --explain "salary of a junior engineer"
  tutor search --json --tag roadmap "statistics"
  echo '{"id": 1, "question": "MLOps"}' | tutor search --batch -
"""


def run(
    ctx: typer.Context,
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY", hidden=True)] = None,
    k: Annotated[int, typer.Option("-k", metavar="K", min=1, max=100, help="How many passages.")] = 10,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the rank and score of each search.")
    ] = False,
    json: Json = False,
    batch: Batch = None,
    path: Paths = None,
    tag: Tags = None,
) -> None:
    """Find passages, best first.

    With --batch each row is {"id", "question"}; one {"id", "query", "hits"} is printed per row, in order.
    Exit codes: 0 done, 2 a mistake in the query or the set-up, or some row of a batch failed.
    """
    text = " ".join(query or ()).strip()
    one_of(text, batch)
    settings = settings_of(ctx)
    with opened(settings) as tutor:
        filters = filters_of(path, tag)
        if batch is not None:
            raise typer.Exit(_search_batch(tutor, batch, k, filters))
        passages = tutor.search(text, k=k, filters=filters)
    _print(text, passages, json=json, explain=explain)


def _search_batch(tutor: Tutor, name: str, k: int, filters: Filters | None) -> int:
    from tutor.commands.batch import Row, run_batch

    def search_row(row: Row) -> dict[str, object]:
        return {"query": row.question, "hits": hits(tutor.search(row.question, k=k, filters=filters))}

    return run_batch(name, search_row)


def hits(passages: Sequence[Passage]) -> list[dict[str, object]]:
    """The passages as the search hits of the HTTP API."""
    from tutor.retrieval.hits import hits_of

    return [hit.model_dump(mode="json") for hit in hits_of(passages)]


def _print(query: str, passages: Sequence[Passage], *, json: bool, explain: bool) -> None:
    from tutor.commands.batch import print_json
    from tutor.commands.show import out

    if json:
        print_json({"query": query, "hits": hits(passages)})
    elif not passages:
        typer.echo("Nothing was found.", err=True)
    elif explain:
        out().print(table(passages))
    elif out().is_terminal:
        out().print(listed(passages))
    else:
        for rank, passage in enumerate(passages, 1):
            typer.echo("\n    ".join((f"{rank:>2}  {passage.score:.3f}  {_head(passage)}", *_below(passage))))


def listed(passages: Sequence[Passage]) -> Table:
    """Rank, score, place and the beginning of each passage."""
    from rich.text import Text

    from tutor.commands.show import hanging

    result = hanging("rank", "score")
    for rank, passage in enumerate(passages, 1):
        result.add_row(f"[bold cyan]{rank:>2}", f"{passage.score:.3f}", Text(_head(passage)))
        for line in _below(passage):
            result.add_row("", "", Text(line, style="dim"))
    return result


def _head(passage: Passage) -> str:
    from tutor.commands.show import where

    return where(passage.title, passage.heading_path)


def _below(passage: Passage) -> tuple[str, str]:
    from tutor.commands.show import printable
    from tutor.documents import fold

    text = printable(fold(passage.text))
    excerpt = text if len(text) <= EXCERPT else text[:EXCERPT].rsplit(" ", 1)[0] + " …"
    return excerpt, printable(passage.path)


def table(passages: Sequence[Passage]) -> Table:
    """Fused score, then rank and score in each search, for every passage."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    legs = sorted({name for passage in passages for name in passage.legs})
    result = Table(
        "#",
        "score",
        *legs,
        "passage",
        box=box.SIMPLE_HEAD,
        caption="Below each search: rank, score",
        pad_edge=False,
    )
    for rank, passage in enumerate(passages, 1):
        opinions = (_opinion(passage.legs.get(name)) for name in legs)
        result.add_row(str(rank), f"{passage.score:.3f}", *opinions, Text(_head(passage)))
    return result


def _opinion(leg: Leg | None) -> str:
    return f"{leg.rank:>3}  {leg.score:.3f}" if leg else "  –"
