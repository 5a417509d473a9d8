"""`tutor topics`: what there is to learn, phase by phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tutor.commands.options import Json
from tutor.commands.start import settings_of
from tutor.errors import NotFoundError

if TYPE_CHECKING:
    from tutor.learning.roadmap import Phase, Roadmap, Topic

NAME = "topics"
EXAMPLES = """\b
Examples:
  tutor topics
  tutor topics mathematics
  tutor topics chain-rule
  tutor topics --json | jq '.phases[].topics[].id'
"""


def run(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="[PHASE|TOPIC]", help="Only this phase, or all about this topic.")
    ] = "",
    json: Json = False,
) -> None:
    """List the phases of the roadmap and their topics, with level, hours and prerequisites."""
    settings = settings_of(ctx)
    from tutor.learning.roadmap import load_roadmap

    roadmap = load_roadmap(settings.corpus_dir)
    topic = next((one for one in roadmap.topics if one.id == name), None)
    phases = [phase for phase in roadmap.phases if name in ("", phase.id)]
    if topic is None and not phases:
        raise _unknown(roadmap, name)
    if json:
        from tutor.commands.batch import print_json

        print_json(
            _topic_object(topic) if topic else {"phases": [_phase_object(roadmap, one) for one in phases]}
        )
    elif topic:
        typer.echo(about(roadmap, topic))
    else:
        from tutor.commands.show import out

        for phase in phases:
            out().print(_listed(roadmap, phase), soft_wrap=True)
        if not name:
            typer.echo(_sum(f"{len(phases)} phases", roadmap.topics))


def about(roadmap: Roadmap, topic: Topic) -> str:
    """A topic: where it stands, what it needs, what it leads to."""
    leads = [other.id for other in roadmap.topics if topic.id in other.prerequisites]
    phase = next(phase for phase in roadmap.phases if phase.id == topic.phase)
    named = [roadmap.sources[source] for source in topic.roadmaps]
    rows = {
        "phase": phase.title,
        "level": topic.level.value,
        "hours": f"{topic.hours:g}",
        "needs": ", ".join(topic.prerequisites) or "nothing",
        "leads to": ", ".join(leads) or "no other topic",
        "named by": ", ".join(named) or "none of the published roadmaps",
        "page": topic.page,
    }
    return "\n".join(
        [f"{topic.title} ({topic.id})", *(f"  {key + ':':10}{value}" for key, value in rows.items())]
    )


def _listed(roadmap: Roadmap, phase: Phase) -> Any:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    topics = roadmap.of_phase(phase.id)
    rows = Table(box=None, padding=(0, 0, 0, 2), show_header=False)
    rows.add_column("topic", overflow="fold")
    rows.add_column("level", no_wrap=True)
    rows.add_column("hours", justify="right", no_wrap=True)
    for topic in topics:
        name = Text.assemble(topic.title, "  ", (topic.id, "dim"))
        rows.add_row(name, topic.level.value, f"{topic.hours:g} h")
    head = Text.assemble((phase.title, "bold"), f"  ({phase.id})  {_sum('', topics)}")
    return Group(head, Text(f"  {phase.goal}", style="dim"), rows, "")


def _sum(what: str, topics: Sequence[Topic]) -> str:
    hours = sum(topic.hours for topic in topics)
    return ", ".join(filter(None, [what, f"{len(topics)} topics, about {hours:g} hours"]))


def _phase_object(roadmap: Roadmap, phase: Phase) -> dict[str, Any]:
    return {
        **phase.model_dump(mode="json"),
        "topics": [_topic_object(topic) for topic in roadmap.of_phase(phase.id)],
    }


def _topic_object(topic: Topic) -> dict[str, Any]:
    return {**topic.model_dump(mode="json"), "page": topic.page}


def _unknown(roadmap: Roadmap, name: str) -> NotFoundError:
    from rapidfuzz import process

    known = [phase.id for phase in roadmap.phases] + [topic.id for topic in roadmap.topics]
    near = ", ".join(f"`{match}`" for match, *_ in process.extract(name, known, limit=3))
    return NotFoundError(f"No phase or topic `{name}`", help=f"Near it are {near}; `tutor topics` lists all.")
