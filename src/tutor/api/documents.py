"""`GET /documents` and `GET /documents/{document_id}`: what the tutor has read, as it is quoted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from tutor.api import examples
from tutor.api.headings import Heading, headings_of
from tutor.api.openapi import failures
from tutor.api.parts import PartsOf
from tutor.documents import Document, DocumentSummary

router = APIRouter(tags=["documents"])


class DocumentItem(BaseModel):
    """A document in the list of all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    path: str = Field(description="Path of the source, relative to the folder that was ingested.")
    title: str
    url: str | None = None
    chunks: int = Field(ge=0, description="Passages into which it was split.")
    characters: int = Field(ge=0)
    metadata: dict[str, Any] = Field(default_factory=dict, description="The rest of its front matter.")

    @classmethod
    def of(cls, summary: DocumentSummary) -> DocumentItem:
        """The item of a summary."""
        return cls(
            id=summary.id,
            path=summary.path,
            title=summary.title,
            url=summary.url,
            chunks=summary.chunks,
            characters=summary.characters,
            metadata=dict(summary.metadata),
        )


class DocumentPage(BaseModel):
    """A part of the list of all documents."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [examples.DOCUMENT_PAGE]}
    )

    total: int = Field(ge=0, description="How many documents there are in all.")
    limit: int
    offset: int
    documents: tuple[DocumentItem, ...]


class StoredDocument(BaseModel):
    """A document with its text, into which the offsets of citations and hits point, in code points."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [examples.DOCUMENT]}
    )

    id: str
    path: str
    title: str
    url: str | None = None
    format: Literal["markdown", "text"]
    text: str
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = Field(
        default=(), description="Offset at which each page starts, for paged sources."
    )
    metadata: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> StoredDocument:
        """The document as clients read it."""
        return cls(
            id=document.id,
            path=document.path,
            title=document.title,
            url=document.url,
            format=document.format,
            text=document.text,
            headings=headings_of(document),
            pages=document.pages,
            metadata=dict(document.metadata),
        )


@router.get(
    "/documents",
    summary="List the documents",
    response_description="One page of the list.",
    responses=failures(422, 503),
)
async def list_documents(
    parts: PartsOf,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 100,
    offset: Annotated[int, Query(ge=0, description="How many to leave out at the start.")] = 0,
) -> DocumentPage:
    """List what the tutor has read."""
    tutor = parts.opening.ready()
    found = await parts.workers.run(tutor.documents)
    page = tuple(DocumentItem.of(summary) for summary in found[offset : offset + limit])
    return DocumentPage(total=len(found), limit=limit, offset=offset, documents=page)


@router.get(
    "/documents/{document_id:path}",
    summary="Read a document",
    response_description="The document as it is stored.",
    responses=failures(404, 422, 503),
)
async def read_document(
    parts: PartsOf,
    document_id: Annotated[
        str, Path(description="Id of the document, as citations name it.", examples=["five-stage-roadmap"])
    ],
) -> StoredDocument:
    """Read a document's text, into which the offsets of citations point."""
    tutor = parts.opening.ready()
    return await parts.workers.run(lambda: StoredDocument.of(tutor.document(document_id)))
