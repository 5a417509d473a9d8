"""The graph of what is to be learnt: phases, topics with their prerequisites, readiness checks, projects, resources.

It is read from `roadmap.yaml` in the corpus. Topics form a directed acyclic graph in which no topic needs one of a
higher level; each has its page at `topics/<phase>/<id>.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tutor.learning.reading import Frozen, Id, Text, read_yaml

FILE = "roadmap.yaml"


class Level(StrEnum):
    """How far along the way somebody is who learns, or is asked, something."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"

    @property
    def rank(self) -> int:
        """0 for the first level."""
        return list(Level).index(self)


class Topic(Frozen):
    """Something to learn, in about `hours` hours of study with exercises."""

    id: Id
    title: Text
    phase: Id
    level: Level
    prerequisites: tuple[Id, ...] = ()
    hours: Annotated[float, Field(gt=0, description="Hours of study, exercises included.")]
    roadmaps: Annotated[tuple[Id, ...], Field(description="The published roadmaps that name it.")] = ()

    @property
    def page(self) -> str:
        """The path of its page in the corpus."""
        return f"topics/{self.phase}/{self.id}.md"


class ReadinessCheck(Frozen):
    """Something to be able to do before the next phase, the topics that teach it, and the roadmaps that ask for it."""

    text: Text
    topics: Annotated[tuple[Id, ...], Field(min_length=1)]
    roadmaps: tuple[Id, ...] = ()


class Phase(Frozen):
    """A stretch of the way, in the order of the file."""

    id: Id
    title: Text
    goal: Text
    readiness: Annotated[tuple[ReadinessCheck, ...], Field(min_length=1)]


class Project(Frozen):
    """Something to build: what, on which data, what it shows, and when it is done."""

    id: Id
    title: Text
    level: Level
    brief: Text
    data: Text
    skills: Annotated[tuple[Id, ...], Field(min_length=1, description="Topics that it shows.")]
    acceptance: Annotated[tuple[Text, ...], Field(min_length=3, description="Each can be ticked off.")]
    roadmaps: tuple[Id, ...] = ()


class Rating(Frozen):
    """What a source gives, in its own scale, and which source."""

    value: Text
    roadmap: Id


class Resource(Frozen):
    """A course, platform, book, data set or community: what it is for, when to use it, what it assumes."""

    id: Id
    title: Text
    kind: Literal["course", "platform", "book", "data", "community", "documentation"]
    purpose: Text
    when: Text
    assumes: Text
    topics: tuple[Id, ...] = ()
    url: Annotated[str, Field(pattern=r"^https://")] | None = None
    roadmaps: tuple[Id, ...] = ()
    rating: Rating | None = None


class Roadmap(Frozen):
    """All of it, checked: ids are unique and those that are used exist, prerequisites lead to no circle."""

    updated: Text
    sources: Annotated[Mapping[Id, Text], Field(description="Published roadmaps: id of the digest, title.")]
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]
    projects: tuple[Project, ...] = ()
    resources: tuple[Resource, ...] = ()

    def topic(self, id_: str) -> Topic:
        """The topic of this id. Raises KeyError where there is none."""
        return self._topics[id_]

    def of_phase(self, phase: str) -> tuple[Topic, ...]:
        """The topics of a phase, in the order of the file."""
        return tuple(topic for topic in self.topics if topic.phase == phase)

    @cached_property
    def order(self) -> tuple[Topic, ...]:
        """All topics, each after its prerequisites; else in the order of the file."""
        place = {topic.id: number for number, topic in enumerate(self.topics)}
        sorter = TopologicalSorter({topic.id: topic.prerequisites for topic in self.topics})
        sorter.prepare()
        ready, ordered = list(sorter.get_ready()), []
        while ready:
            ready.sort(key=place.__getitem__)
            ordered.append(self._topics[ready[0]])
            sorter.done(ready.pop(0))
            ready += sorter.get_ready()
        return tuple(ordered)

    def needed_for(self, ids: Iterable[str]) -> frozenset[str]:
        """These topics and everything that has to be known before them."""
        wanted, found = list(ids), set[str]()
        while wanted:
            if (id_ := wanted.pop()) not in found:
                found.add(id_)
                wanted += self._topics[id_].prerequisites
        return frozenset(found)

    @cached_property
    def _topics(self) -> dict[str, Topic]:
        return {topic.id: topic for topic in self.topics}

    @model_validator(mode="after")
    def _consistent(self) -> Roadmap:
        for name, ids in (
            ("phase", [phase.id for phase in self.phases]),
            ("topic", [topic.id for topic in self.topics]),
            ("project", [project.id for project in self.projects]),
            ("resource", [resource.id for resource in self.resources]),
        ):
            if twice := [id_ for id_, count in Counter(ids).items() if count > 1]:
                raise ValueError(f"{name} `{twice[0]}` is there twice")
        self._check_uses()
        self._check_graph()
        return self

    def _check_uses(self) -> None:
        phases, topics = {phase.id for phase in self.phases}, set(self._topics)
        uses: list[tuple[str, Iterable[str], set[str], str]] = []
        for topic in self.topics:
            uses += [
                (topic.id, [topic.phase], phases, "phase"),
                (topic.id, topic.prerequisites, topics, "topic"),
            ]
        for phase in self.phases:
            uses += [(phase.id, check.topics, topics, "topic") for check in phase.readiness]
            uses += [(phase.id, check.roadmaps, set(self.sources), "source") for check in phase.readiness]
        uses += [(project.id, project.skills, topics, "topic") for project in self.projects]
        uses += [(resource.id, resource.topics, topics, "topic") for resource in self.resources]
        rated = [(resource.id, [resource.rating.roadmap]) for resource in self.resources if resource.rating]
        named = [(topic.id, topic.roadmaps) for topic in self.topics]
        named += [(project.id, project.roadmaps) for project in self.projects]
        named += [(resource.id, resource.roadmaps) for resource in self.resources]
        uses += [(id_, used, set(self.sources), "source") for id_, used in (*rated, *named)]
        for user, used, known, kind in uses:
            if unknown := [id_ for id_ in used if id_ not in known]:
                raise ValueError(f"`{user}` names the {kind} `{unknown[0]}`, which is not there")

    def _check_graph(self) -> None:
        try:
            TopologicalSorter({topic.id: topic.prerequisites for topic in self.topics}).prepare()
        except CycleError as error:
            raise ValueError(f"prerequisites go round in a circle: {' → '.join(error.args[1])}") from error
        for topic in self.topics:
            for needed in map(self.topic, topic.prerequisites):
                if needed.level.rank > topic.level.rank:
                    raise ValueError(f"`{topic.id}` ({topic.level}) needs `{needed.id}` ({needed.level})")


def load_roadmap(corpus_dir: Path) -> Roadmap:
    """The roadmap of a corpus. Raises CorpusError where it is missing or wrong."""
    return read_yaml(corpus_dir / FILE, Roadmap)
