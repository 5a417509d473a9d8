"""`tutor ask`: one question, or a batch of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tutor.commands.options import Batch, Json, Paths, Tags, filters_of, one_of
from tutor.commands.start import opened, settings_of

if TYPE_CHECKING:
    from tutor.answering.tutor import Tutor
    from tutor.retrieval.filters import Filters

NAME = "ask"
NOT_COVERED = 3
EXAMPLES = """\b
Examples:
  tutor ask "How long does it take to become an ML engineer?"
  tutor ask --json "Which projects should a beginner build?"
  tutor ask --path "sources/five*" "How much maths do I need?"
  echo '{"id": 1, "question": "Is Python enough?"}' | tutor ask --batch -

\b
Exit codes:
  0  answered, wholly or partly; with --batch: every row was
  2  a mistake in the question or the set-up; with --batch: some row failed
  3  not covered by the sources (without --batch)
"""


def run(
    ctx: typer.Context,
    question: Annotated[list[str] | None, typer.Argument(metavar="QUESTION", hidden=True)] = None,
    json: Json = False,
    batch: Batch = None,
    path: Paths = None,
    tag: Tags = None,
) -> None:
    """Answer a question with cited, checked statements.

    With --batch each row is {"id", "question", "conversation_id"?}; rows with the same conversation_id
    are one conversation. One answer is printed per row, in order, with the row's id; a row that cannot
    be answered for its own fault gives {"id", "error"} and the rest goes on.
    """
    text = " ".join(question or ()).strip()
    one_of(text, batch)
    settings = settings_of(ctx)
    with opened(settings) as tutor:
        filters = filters_of(path, tag)
        if batch is not None:
            raise typer.Exit(_ask_batch(tutor, batch, filters))
        raise typer.Exit(_ask_one(tutor, text, filters, json))


def _ask_one(tutor: Tutor, question: str, filters: Filters | None, json: bool) -> int:
    from tutor.answering.answer import Coverage
    from tutor.commands.batch import print_json
    from tutor.commands.show import show

    answer = tutor.ask(question, filters=filters)
    if json:
        print_json(answer.model_dump(mode="json"))
    else:
        show(answer)
    return NOT_COVERED if answer.coverage is Coverage.NOT_COVERED else 0


def _ask_batch(tutor: Tutor, name: str, filters: Filters | None) -> int:
    """Answer every row of a file; its conversations live as long as the batch."""
    from tutor.answering.answer import Turn
    from tutor.commands.batch import Row, run_batch
    from tutor.conversations import Conversations

    conversations = Conversations(max_conversations=100_000)

    def answer_row(row: Row) -> dict[str, Any]:
        talk = row.conversation_id
        history = conversations.history(talk) if talk else ()
        answer = tutor.ask(row.question, history=history, filters=filters, conversation_id=talk)
        if talk:
            conversations.add(talk, Turn(question=row.question, answer=answer.text))
        return answer.model_dump(mode="json")

    return run_batch(name, answer_row)
