"""A real tutor over the small corpus, and a sample citation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tutor.answering.answer import Citation
from tutor.answering.tutor import Tutor
from tutor.testing import small_tutor


@pytest.fixture(scope="session")
def tutor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tutor]:
    """Answers from the small corpus; no test changes it."""
    made = small_tutor(tmp_path_factory.mktemp("ui"))
    yield made
    made.close()


@pytest.fixture
def citation() -> Callable[..., Citation]:
    """Makes a citation, with any of its fields changed."""

    def make(n: int = 1, **changes: object) -> Citation:
        values = {
            "n": n,
            "chunk_id": f"c{n}",
            "document_id": "north",
            "path": "north.md",
            "title": "The northern roadmap",
            "heading_path": ("The northern roadmap", "How long it takes"),
            "locator": "line 8",
            "quote": "It takes 6–8 months.",
            "start": 100 * n,
            "end": 100 * n + 20,
            "support": 1,
        }
        return Citation.model_validate(values | changes)

    return make
