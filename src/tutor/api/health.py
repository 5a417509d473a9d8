"""`GET /healthz` and `GET /readyz`: is the process alive, and can it answer."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

import tutor as package
from tutor.api import examples
from tutor.api.openapi import failures
from tutor.api.parts import PartsOf
from tutor.api.problems import ProblemError

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process is alive."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [examples.HEALTH]})

    status: Literal["ok"] = "ok"
    version: str = package.__version__


class Readiness(BaseModel):
    """The tutor can answer, and from what."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [examples.READINESS]}
    )

    status: Literal["ready"] = "ready"
    generation: str = Field(description="Generation of the index that answers.")
    engine: str = Field(description="What writes the answers.")
    engines: tuple[str, ...] = Field(description="All that can write answers here, the one in use first.")
    documents: int = Field(ge=0)
    chunks: int = Field(ge=0)
    problem: str = Field(
        description="Why the generation before answers instead of the current one, which is damaged; empty if all is well."
    )


@router.get("/healthz", summary="Is the server alive?", response_description="It is.")
async def healthz() -> Health:
    """Answers at once, whatever the tutor does; for liveness probes."""
    return Health()


@router.get(
    "/readyz",
    summary="Can the tutor answer?",
    response_description="It can: model and index are loaded and have answered one query.",
    responses=failures(503),
)
async def readyz(parts: PartsOf) -> Readiness:
    """503, with what it waits for, until model and index are warm; for readiness probes."""
    tutor = parts.opening.ready()
    if not parts.opening.warm:
        raise ProblemError(parts.opening.unready())
    documents = await parts.workers.run(tutor.documents)
    return Readiness(
        generation=tutor.generation,
        engine=tutor.engines[0],
        engines=tutor.engines,
        documents=len(documents),
        chunks=sum(document.chunks for document in documents),
        problem=tutor.problem,
    )
