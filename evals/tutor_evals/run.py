"""Running an evaluation: on a tutor that is open already, or from settings to an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from tutor import __version__
from tutor.answering.answer import Answer
from tutor.bootstrap import open_tutor
from tutor.config import Settings
from tutor.documents import Document, Passage
from tutor.embedding import SpanEmbeddings, open_embeddings
from tutor.errors import EvalError
from tutor_evals import anchors, gate, questions, report, results
from tutor_evals.questions import Question, QuestionSet, Split
from tutor_evals.results import Results, Row
from tutor_evals.scorers import RANKS, Outcome, Scorer, standard_scorers
from tutor_ingest.pipeline import ingest

SEED = 0
STDOUT = Path("-")

Tell = Callable[[int, int], None]
"""Told how many questions are done, and of how many."""


class Subject(Protocol):
    """What is evaluated: a Tutor, or anything that searches and answers like one."""

    def search(self, query: str, *, k: int) -> Sequence[Passage]:
        """The best k passages."""

    def ask(self, question: str) -> Answer:
        """An answer."""

    def document(self, document_id: str) -> Document:
        """A stored document; raises NotFoundError."""


def evaluate(
    tutor: Subject,
    asked: Sequence[Question],
    *,
    questions_sha256: str = "",
    seed: int = SEED,
    progress: Tell = lambda done, total: None,
) -> Results:
    """Search and ask each question, score what comes back, and sum it up.

    Each question stands alone, without a conversation. Two runs on one index differ in timings only.
    """
    scorers = standard_scorers(tutor.document)
    rows = []
    for done, question in enumerate(asked):
        progress(done, len(asked))
        rows.append(_row(tutor, question, scorers))
    progress(len(asked), len(asked))
    return Results(
        tutor_version=__version__,
        generation=next((row.answer.generation for row in rows if row.answer.generation), ""),
        engine="+".join(sorted({row.answer.engine for row in rows})),
        questions_sha256=questions_sha256,
        seed=seed,
        summary=results.summarise(rows, seed=seed),
        slices=results.slices(rows, seed=seed),
        coverage=results.coverage_table(rows),
        lost_facts=results.lost_facts(rows),
        rows=tuple(rows),
    )


def _row(tutor: Subject, question: Question, scorers: Mapping[str, Scorer]) -> Row:
    hits = tuple(tutor.search(question.question, k=RANKS))
    answer = tutor.ask(question.question)
    outcome = Outcome(hits, answer)
    scores = {name: scorer(question, outcome) for name, scorer in scorers.items()}
    return Row(
        question=question,
        hits=tuple(results.Hit.of(rank, hit) for rank, hit in enumerate(hits, 1)),
        answer=answer.model_copy(update={"timings_ms": {}}),
        timings_ms=answer.timings_ms,
        scores={name: results.ScoreRow.of(score) for name, score in scores.items()},
    )


def main_eval(
    settings: Settings,
    *,
    questions_path: Path | None = None,
    split: Split | None = None,
    limit: int | None = None,
    json_path: Path | None = None,
    failures: bool = False,
    thresholds_path: Path | None = None,
    embeddings: SpanEmbeddings | None = None,
) -> int:
    """Evaluate the corpus of the settings and print a table; what `tutor eval` does.

    The corpus is ingested into an index of its own in `data_dir/evals`, so that the learner's is not touched;
    what has not changed since the last time is not embedded again. `questions_path` is a YAML file or a
    folder (default: the questions that ship), `split` and `limit` choose among them. `json_path` receives the
    Results; with `-` they go to standard output and the table to standard error. `failures` lists each
    question that failed.

    Returns 0, or 1 if a threshold is not kept. The thresholds that ship hold for the whole of the questions
    that ship; another set or a part has none unless `thresholds_path` names some. Raises EvalError for a
    malformed set or one that does not fit the corpus, and whatever ingest and the tutor raise.
    """
    asked = questions.load_questions(questions_path or questions.STANDARD)
    chosen = questions.select(asked.questions, split=split, limit=limit)
    if not chosen:
        raise EvalError("no question is left to ask", help="Choose another split, or a limit of 1 or more.")
    whole = questions_path is None and len(chosen) == len(asked.questions)
    bounds_path = thresholds_path or (gate.STANDARD if whole else None)
    bounds = gate.load_thresholds(bounds_path) if bounds_path else gate.Thresholds()
    done = _evaluate_corpus(settings, asked, chosen, embeddings)
    broken = gate.gate(done, bounds)
    if json_path is not None:
        _write(done, json_path)
    report.show(Console(stderr=json_path == STDOUT), done, bounds, broken, failures=failures)
    return 1 if broken else 0


def _write(done: Results, path: Path) -> None:
    text = done.model_dump_json(indent=2) + "\n"
    if path == STDOUT:
        sys.stdout.write(text)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _evaluate_corpus(
    settings: Settings, asked: QuestionSet, chosen: Sequence[Question], embeddings: SpanEmbeddings | None
) -> Results:
    own = settings.model_copy(update={"data_dir": settings.data_dir / "evals"})
    model = embeddings or open_embeddings(settings)
    ingest(own, embeddings=model)
    tutor = open_tutor(own, embeddings=model)
    try:
        documents = [tutor.document(summary.id) for summary in tutor.documents()]
        anchors.check(QuestionSet(tuple(chosen), asked.files), anchors.sections(documents))
        with _bar() as advance:
            return evaluate(tutor, chosen, questions_sha256=asked.sha256, progress=advance)
    finally:
        tutor.close()


@contextmanager
def _bar() -> Iterator[Tell]:
    """A progress bar on standard error where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("Asking"), BarColumn(30), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("Asking")
        yield lambda done, total: bars.update(task, completed=done, total=total)
