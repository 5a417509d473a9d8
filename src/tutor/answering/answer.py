"""What a question turns into: statements with citations, as one answer or as a stream of events.

These are the shapes that HTTP clients, the command line and the evals read. Fields may be added, never renamed.
Every model is frozen: an answer that was verified cannot be changed afterwards.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Coverage(StrEnum):
    """How much of a question the corpus answers."""

    ANSWERED = "answered"
    PARTLY = "partly"
    NOT_COVERED = "not_covered"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(_Frozen):
    """A place in a stored document that proves a statement.

    `start` and `end` are character offsets into the document's stored text; `text[start:end]` equals `quote` up to
    white space.
    """

    n: int = Field(ge=1, description="Number of the citation within the answer, as in its [n] markers.")
    chunk_id: str
    document_id: str
    path: str = Field(description="Path of the source, relative to the folder that was ingested.")
    title: str
    heading_path: tuple[str, ...]
    locator: str = Field(description="Page or line of the file, for example `page 3` or `line 12`.")
    quote: str = Field(min_length=1)
    start: int = Field(ge=0)
    end: int = Field(ge=1)
    url: str | None = None
    support: float = Field(
        ge=0, le=1, description="How fully the quote supports its statement; 1 is verbatim."
    )


class Statement(_Frozen):
    """One verified statement. `text` is Markdown without markers; it may hold a list or a table."""

    text: str
    citations: tuple[int, ...] = Field(min_length=1, description="Numbers of the citations that prove it.")
    support: float = Field(ge=0, le=1)
    verdict: str = Field(default="verbatim", description="Why the statement may be shown.")
    said_by: str | None = Field(
        default=None,
        description="Title of the source, where the form of the answer sets sources side by side.",
    )


class Usage(_Frozen):
    """Tokens and cost, where a model reports them."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


class Answer(_Frozen):
    """An answer: what is known, where it stands, and how much of the question that covers."""

    question: str
    standalone_question: str = Field(description="The question with what it refers to filled in.")
    conversation_id: str | None = None
    coverage: Coverage
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    text: str = Field(description="The whole answer in Markdown, with [n] markers.")
    missing: tuple[str, ...] = Field(
        default=(), description="Parts of the question that the corpus does not cover."
    )
    nearest_topics: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = Field(
        default=(), description="Follow-up questions that the corpus answers."
    )
    kind: str = Field(
        default="", description="What kind of question it was taken for; `small_talk` needs no search."
    )
    confidence: float = Field(
        default=0.0, ge=0, le=1, description="Calibrated probability that the corpus answers it."
    )
    engine: str = "quote"
    generation: str = ""
    timings_ms: dict[str, float] = Field(default_factory=dict)
    usage: Usage = Usage()


class Turn(_Frozen):
    """One earlier exchange of a conversation."""

    question: str
    answer: str = ""


class SourcesEvent(_Frozen):
    """First event: the passages that were found, as citations without statements."""

    type: Literal["sources"] = "sources"
    standalone_question: str
    documents: tuple[str, ...] = Field(description="Titles of the documents that were found, best first.")


class StatementEvent(_Frozen):
    """One verified statement, with the citations that it is the first to use.

    `markdown` is the statement as the answer's `text` shows it, markers included; joined in order with no
    separator, the pieces make up `text`.
    """

    type: Literal["statement"] = "statement"
    index: int
    statement: Statement
    citations: tuple[Citation, ...]
    markdown: str


class NoticeEvent(_Frozen):
    """A line of the tutor's own about the answer (a part that is missing, a refusal, a greeting); no statement of fact."""

    type: Literal["notice"] = "notice"
    text: str
    markdown: str


class DoneEvent(_Frozen):
    """Last event: the whole answer."""

    type: Literal["done"] = "done"
    answer: Answer


Event = Annotated[SourcesEvent | StatementEvent | NoticeEvent | DoneEvent, Field(discriminator="type")]
