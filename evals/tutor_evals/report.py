"""Results for a terminal, within 80 columns: metrics with their bounds, slices, on request each failure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from tutor_evals.gate import Thresholds
from tutor_evals.metrics import Estimate
from tutor_evals.results import Results, Row, Summary

WIDTH = 80
ANSWER_LINES = 6

TITLES = {
    "hit@5": "Gold section among 5 hits",
    "mrr": "Mean reciprocal rank",
    "gold_cited": "Gold section cited",
    "key_fact_recall": "Key facts stated",
    "forbidden_absent": "Nothing forbidden said",
    "citation_validity": "Citations valid",
    "coverage_match": "Coverage as expected",
    "wrong_refusals": "Wrongly refused",
    "right_refusals": "Rightly refused",
    "partly_accuracy": "Partly covered, seen so",
    "small_talk": "Small talk",
}

SLICE_METRICS = {
    "hit@5": "hit@5",
    "mrr": "MRR",
    "key_fact_recall": "facts",
    "citation_validity": "cited",
    "coverage_match": "coverage",
}


def show(
    console: Console,
    results: Results,
    thresholds: Thresholds,
    broken: Sequence[str],
    *,
    failures: bool = False,
) -> None:
    """Print metrics, slices, the coverage table, failures if wanted, and the gate's verdict."""
    rows = len(results.rows)
    console.print(
        f"{rows} questions, engine {escape(results.engine)}, generation {escape(results.generation)}"
    )
    console.print(metric_table(results.summary, thresholds))
    console.print(slice_table(results))
    console.print(coverage_table(results))
    if any(results.lost_facts.values()):
        lost = ", ".join(f"{step} {count}" for step, count in results.lost_facts.items())
        console.print(f"Questions whose key facts got lost, by step: {lost}")
    if failures:
        for row in results.failed:
            console.print(failure(row))
    else:
        console.print(
            f"{rows - len(results.failed)} of {rows} passed in everything; --failures lists the rest."
        )
    for line in broken:
        console.print(Text(f"FAILED: {line}", style="bold red"))
    if not broken and (thresholds.min or thresholds.max):
        console.print(Text("All thresholds are kept.", style="green"))


def metric_table(summary: Summary, thresholds: Thresholds) -> Table:
    """A row per metric: mean, 95 % interval, number of questions, bound."""
    table = Table(width=WIDTH, box=None, pad_edge=False)
    table.add_column("Metric")
    for title in ("mean", "95 % interval", "n", "bound"):
        table.add_column(title, justify="right", no_wrap=True)
    for metric, value in summary.items():
        table.add_row(
            TITLES.get(metric, metric), _mean(value), _interval(value), str(value.n), thresholds.bound(metric)
        )
    return table


def slice_table(results: Results) -> Table:
    """A row per kind and split: the main metrics."""
    table = Table(width=WIDTH, box=None, pad_edge=False)
    table.add_column("By kind and split")
    for title in ("n", *SLICE_METRICS.values()):
        table.add_column(title, justify="right", no_wrap=True)
    for name, summary in results.slices.items():
        group, _, value = name.partition(":")
        if group != "coverage":
            n = max((estimate.n for estimate in summary.values()), default=0)
            cells = (_mean(summary[metric]) if metric in summary else "" for metric in SLICE_METRICS)
            table.add_row(value.replace("_", " "), str(n), *cells)
    return table


def coverage_table(results: Results) -> Table:
    """Expected coverage against the given one."""
    table = Table(width=WIDTH, box=None, pad_edge=False)
    table.add_column("Coverage expected ↓ given →")
    for given in next(iter(results.coverage.values())):
        table.add_column(given.replace("_", " "), justify="right", no_wrap=True)
    for expected, counts in results.coverage.items():
        table.add_row(expected.replace("_", " "), *map(str, counts.values()))
    return table


def failure(row: Row) -> Group:
    """One question that did not pass: what was expected, what came, how the answer begins."""
    question, answer = row.question, row.answer
    lines = [f"  gold   {gold.path} > {gold.heading}" for gold in question.gold]
    if question.gold:
        lines += [f"  hit {hit.rank}  {hit.path} > {hit.heading}" for hit in row.hits[:3]]
    kind = answer.kind or "none"
    lines.append(f"  {answer.coverage}, confidence {answer.confidence:.2f}, taken for kind {kind}")
    lines += [f"  | {line}" for line in answer.text.strip().splitlines()[:ANSWER_LINES]]
    return Group(
        Text(f"\n{question.id}: {question.question}", style="bold"),
        *(Text(f"  {reason}", style="red") for reason in row.failures),
        *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines),
    )


def _mean(value: Estimate) -> str:
    return "–" if value.mean is None else f"{value.mean:.3f}"


def _interval(value: Estimate) -> str:
    return "" if value.low is None or value.high is None else f"{value.low:.3f}–{value.high:.3f}"
