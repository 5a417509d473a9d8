"""The examples of the OpenAPI document; a test holds each against its model."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

_ID = "five-stage-roadmap"
_PATH = "sources/five-stage-roadmap.md"
_TITLE = "The five-stage roadmap"
_QUESTION = "Is Python enough to start?"
_QUOTE = "Python alone is enough for the first two stages."
_PARAGRAPH = f"{_QUOTE} SQL is needed from the third stage on."
_TEXT = f"# {_TITLE}\n\n## Languages\n\n{_PARAGRAPH}\n"
_START = _TEXT.index(_QUOTE)
_HEADINGS = [_TITLE, "Languages"]
_CHUNK = "5f2c9a0be1d34c7788aa"
_GENERATION = "20261104T101500-3f9a"
_METADATA = {"tags": ["roadmap"], "digests": "https://example.org/roadmap"}

ASK_REQUESTS: list[Any] = [
    {"question": _QUESTION},
    {
        "question": "And for the later stages?",
        "conversation_id": "c0ffee",
        "filters": {"paths": ["sources/*"], "tags": ["roadmap"]},
    },
    {
        "question": "And for the later stages?",
        "history": [{"question": _QUESTION, "answer": f"{_QUOTE} [1]"}],
    },
]

CITATION: Json = {
    "n": 1,
    "chunk_id": _CHUNK,
    "document_id": _ID,
    "path": _PATH,
    "title": _TITLE,
    "heading_path": _HEADINGS,
    "locator": "line 5",
    "quote": _QUOTE,
    "start": _START,
    "end": _START + len(_QUOTE),
    "url": None,
    "support": 1.0,
}

STATEMENT: Json = {"text": _QUOTE, "citations": [1], "support": 1.0, "verdict": "verbatim", "said_by": None}

ANSWER: Json = {
    "question": _QUESTION,
    "standalone_question": _QUESTION,
    "conversation_id": None,
    "coverage": "answered",
    "statements": [STATEMENT],
    "citations": [CITATION],
    "text": f"{_QUOTE} [1]",
    "missing": [],
    "nearest_topics": [],
    "suggestions": ["When is SQL needed?"],
    "kind": "yes_no",
    "confidence": 0.93,
    "engine": "quote",
    "generation": _GENERATION,
    "timings_ms": {"embed": 9.1, "search": 3.2, "compose": 2.4, "total": 15.0},
    "usage": {"input_tokens": 0, "output_tokens": 0, "cost_usd": None},
}

EVENTS: list[Json] = [
    {"type": "sources", "standalone_question": _QUESTION, "documents": [_TITLE]},
    {
        "type": "statement",
        "index": 0,
        "statement": STATEMENT,
        "citations": [CITATION],
        "markdown": f"{_QUOTE} [1]",
    },
    {"type": "done", "answer": ANSWER},
]

STREAM = "".join(
    f"event: {event['type']}\ndata: {json.dumps(event)}\nid: {number}\n\n"
    for number, event in enumerate(EVENTS, start=1)
)

SEARCH: Json = {
    "query": "python",
    "generation": _GENERATION,
    "hits": [
        {
            "rank": 1,
            "score": 0.87,
            "legs": {"dense": {"rank": 1, "score": 0.71}, "lexical": {"rank": 2, "score": 6.4}},
            "chunk_id": _CHUNK,
            "document_id": _ID,
            "path": _PATH,
            "title": _TITLE,
            "heading_path": _HEADINGS,
            "text": _PARAGRAPH,
            "start": _START,
            "end": _START + len(_PARAGRAPH),
            "url": None,
        }
    ],
}

DOCUMENT_PAGE: Json = {
    "total": 1,
    "limit": 100,
    "offset": 0,
    "documents": [
        {
            "id": _ID,
            "path": _PATH,
            "title": _TITLE,
            "url": None,
            "chunks": 1,
            "characters": len(_TEXT),
            "metadata": _METADATA,
        }
    ],
}

DOCUMENT: Json = {
    "id": _ID,
    "path": _PATH,
    "title": _TITLE,
    "url": None,
    "format": "markdown",
    "text": _TEXT,
    "headings": [
        {"level": 1, "text": _TITLE, "start": 0},
        {"level": 2, "text": "Languages", "start": _TEXT.index("## ")},
    ],
    "pages": [],
    "metadata": _METADATA,
}

HEALTH: Json = {"status": "ok", "version": "0.1.0"}

READINESS: Json = {
    "status": "ready",
    "generation": _GENERATION,
    "engine": "quote",
    "engines": ["quote"],
    "documents": 5,
    "chunks": 412,
    "problem": "",
}
