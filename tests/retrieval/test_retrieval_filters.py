"""Filters: all conditions hold, each by any of its values."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tutor.retrieval.filters import Filters


def allows(metadata: dict[str, Any] | None = None, **conditions: Any) -> bool:
    return Filters(**conditions).allows("d1", "guides/a.md", metadata or {})


def test_no_condition_allows_everything() -> None:
    """An empty filter says that it is empty."""
    assert Filters().empty
    assert allows()
    assert not Filters(tags=("a",)).empty


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("guides/a.md", True),
        ("guides/*", True),
        ("*.md", True),
        ("*.MD", False),
        ("g?ides/*", True),
        ("a.md", False),
    ],
)
def test_paths_match_as_in_a_shell(pattern: str, expected: bool) -> None:
    """Case counts on every system; a star crosses folders."""
    assert allows(paths=(pattern,)) is expected


def test_any_value_of_a_condition_suffices_but_every_condition_must_hold() -> None:
    """Values are alternatives, conditions are not."""
    assert allows(document_ids=("d0", "d1"))
    assert allows(paths=("x/*", "guides/*"))
    assert not allows(document_ids=("d0",))
    assert not allows(document_ids=("d1",), paths=("x/*",))
    assert not allows({"tags": ["a"]}, tags=("a",), paths=("x/*",))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["a", "b"], True),
        ("b", True),
        (("b",), True),
        (["ab"], False),
        ("abc", False),
        (None, False),
        ([], False),
        (5, False),
    ],
)
def test_tags_of_any_form_are_read(tags: Any, expected: bool) -> None:
    """Front matter may hold a list, one tag, nothing, or something that is no tag."""
    assert allows({"tags": tags}, tags=("b", "c")) is expected


def test_tags_that_are_numbers_match_as_text() -> None:
    """`tags: 2025` and `tags: [2025]` both carry the tag `2025`."""
    assert allows({"tags": 2025}, tags=("2025",))
    assert allows({"tags": [2025]}, tags=("2025",))
    assert not allows({"tags": None}, tags=("None",))


def test_a_misspelt_condition_is_refused() -> None:
    """It would otherwise filter nothing."""
    with pytest.raises(ValidationError):
        Filters(tag=("a",))  # type: ignore[call-arg]
