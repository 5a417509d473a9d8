"""Labelled pairs of evidence and claim: the evidence stands on its page, and half of the claims are true."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from corpus_texts import ROOT, pages

FILES = sorted((ROOT / "tools" / "verifier" / "pairs").glob("*.jsonl"))
FALSE = {
    "number",
    "unit",
    "negation",
    "opposite",
    "roles",
    "entity",
    "comparison",
    "scope",
    "invented",
    "binding",
}


def rows_of(path: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


ROWS = {path.stem: rows_of(path) for path in FILES}
each_file = pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS.keys())


def test_there_are_three_thousand() -> None:
    """Half of them true, every kind of falsehood more than a hundred times, no id twice."""
    rows = [row for name, own in ROWS.items() if name != "held-out" for row in own]
    kinds = Counter(row["kind"] for row in rows)
    assert len(rows) >= 3000
    assert 0.45 <= sum(row["label"] == "supported" for row in rows) / len(rows) <= 0.55
    assert set(kinds) == FALSE | {"paraphrase"}
    assert min(kinds.values()) > 100
    ids = Counter(row["id"] for own in ROWS.values() for row in own)
    assert [id_ for id_, count in ids.items() if count > 1] == []


@each_file
def test_the_evidence_stands_on_its_page(rows: list[dict[str, Any]]) -> None:
    """Each piece of it, character for character."""
    assert [
        row["id"] for row in rows for part in row["evidence"] if part not in pages()[row["page"]].text
    ] == []


@each_file
def test_labels_and_kinds_agree(rows: list[dict[str, Any]]) -> None:
    """A paraphrase is supported, every other kind contradicted or not found; no claim is a copy of its evidence."""
    for row in rows:
        assert set(row) == {"id", "page", "evidence", "claim", "label", "kind"}
        assert (row["kind"] == "paraphrase") == (row["label"] == "supported")
        assert row["label"] in {"supported", "contradicted", "not_found"}
        assert row["claim"].split() != " ".join(row["evidence"]).split(), row["id"]
        assert 4 <= len(row["claim"].split()) <= 60
