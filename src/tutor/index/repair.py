"""What to do about an index that is not whole: the least that helps, and nothing is thrown away before something whole is current.

In this order, from the generation that the pointer names first:

    POINT     its files are whole, only the pointer is not right: write the pointer
    REBUILD   what can be made from its other files is damaged: make that anew, in a new generation
    EMBED     the same, but vectors have to be computed from the stored texts, which takes the model
    GO_BACK   it is beyond that, and another generation is whole: make that the current one
    RESCUE    only the stored documents are left: make all else from them
    INGEST    not even those: read the sources again (the command's part: an index reads no sources)
    HOPELESS  the sources are gone too: say so

FORGET drops a damaged generation that is kept for going back, once the current one is whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

from tutor.index.examination import FOLDER, Examination, Found, Role, examine
from tutor.index.generation import CANARIES, EMBEDDED, STORE, Generation
from tutor.index.library import Index
from tutor.index.manifest import FILE as MANIFEST
from tutor.index.manifest import manifest_sha256
from tutor.index.pointer import FILE as POINTER
from tutor.index.pointer import Entry, Pointer, write_pointer
from tutor.index.rebuild import Open, Tell, rebuild, rescue, store_problem

UP_TO_DATE = "`tutor ingest` then brings it up to date."


class Kind(StrEnum):
    """What a repair does."""

    NOTHING = "nothing"
    POINT = "point"
    REBUILD = "rebuild"
    EMBED = "embed"
    GO_BACK = "go back"
    RESCUE = "rescue"
    INGEST = "ingest"
    HOPELESS = "hopeless"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Plan:
    """A repair that has not been done yet: from which generation, which parts of it anew, and in one sentence what."""

    kind: Kind
    says: str = ""
    of: Found | None = None
    parts: frozenset[str] = frozenset()

    @property
    def own(self) -> bool:
        """Whether `repair` does it."""
        return self.kind not in (Kind.NOTHING, Kind.INGEST, Kind.HOPELESS)


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repair that was done."""

    plan: Plan
    current: str
    bytes: int = 0


def plan(index: Index, found: Examination, *, sources_there: bool = False) -> Plan:
    """The least that makes the index whole; changes nothing. `sources_there` says whether an ingest could read all."""
    if not found.generations:
        return Plan(Kind.NOTHING)
    first = found.current or found.generations[0]
    if first.outdated:
        return _from_sources(_capital(first.outdated), found, sources_there=sources_there)
    if made := _of_one(first, found):
        return made
    rest = [each for each in found.generations if each is not first and not each.outdated]
    for other in rest:
        if _intact(other):
            return Plan(
                Kind.GO_BACK, f"Go back to generation {other.name}, which is whole. {UP_TO_DATE}", other
            )
    for other in rest:
        if made := _of_one(other, found):
            return made
    return _last_resort(index, found, sources_there=sources_there)


def _of_one(one: Found, found: Examination) -> Plan | None:
    """What makes one generation, with all that it holds, the current one; None if it is beyond repair."""
    if _intact(one):
        if one is found.current and one.whole:
            return _forget(found)
        return Plan(Kind.POINT, f"Point {POINTER} at generation {one.name}, whose files are whole.", one)
    if one.manifest is None or one.parts & {STORE, FOLDER}:
        return None
    parts = one.parts - {MANIFEST}
    names = ", ".join(sorted(parts))
    if parts & {*EMBEDDED, CANARIES}:
        of = f"{one.manifest.counts.chunks} passages" if parts - {CANARIES} else "a few texts"
        says = f"Make {names} of generation {one.name} anew: the embedding model computes the vectors of {of} from the stored texts."
        return Plan(Kind.EMBED, says, one, parts)
    says = f"Make {names} of generation {one.name} anew from its other files, which are whole."
    return Plan(Kind.REBUILD, says, one, parts)


def _intact(one: Found) -> bool:
    """Whether all files are those that the manifest names, even if the pointer names another manifest."""
    return one.manifest is not None and not one.parts - {MANIFEST}


def _forget(found: Examination) -> Plan:
    previous = found.previous
    if previous is None or previous.whole or previous.outdated:
        return Plan(Kind.NOTHING)
    says = (
        f"Forget generation {previous.name}, which is {previous.sentence}; it was only kept for going back."
    )
    return Plan(Kind.FORGET, says, previous)


def _last_resort(index: Index, found: Examination, *, sources_there: bool) -> Plan:
    """Stored documents before the sources only if nothing is known to be wrong with them."""
    never = found.pointer is None and not found.pointer_problem  # a first ingest that was cut short
    if never and sources_there:
        return Plan(Kind.NOTHING)
    stores = sorted(found.generations, key=lambda one: STORE in one.parts)
    for one in stores:
        if sources_there and STORE in one.parts:
            break
        if not store_problem(index.generations / one.name / STORE):
            return Plan(Kind.RESCUE, _rescue(one, found), one)
    if never:
        return Plan(Kind.NOTHING)
    reason = "No generation is whole, nor are the documents that one stores"
    return _from_sources(reason, found, sources_there=sources_there)


def _rescue(one: Found, found: Examination) -> str:
    state = "are not quite as they were published" if STORE in one.parts else "have lost their manifest"
    return (
        f"Make a new generation from the documents stored in {one.name}: they {state}, but every passage agrees with "
        f"its hashes. The next `tutor ingest` reads all sources again.{_sources_lost(found)}"
    )


def _sources_lost(found: Examination) -> str:
    lost = " Which sources had been added is not known any more: name them again with `tutor ingest PATH`."
    return "" if found.sources else lost


def _from_sources(reason: str, found: Examination, *, sources_there: bool) -> Plan:
    if sources_there:
        says = f"{reason}: read all sources again and build the index anew.{_sources_lost(found)}"
        return Plan(Kind.INGEST, says)
    return Plan(
        Kind.HOPELESS,
        f"{reason}, and not all sources are where they were. `tutor index import FILE` restores a backup, "
        "`tutor ingest --replace PATH` builds an index of what there is.",
    )


def repair(
    index: Index, model: Open, *, sources_there: bool = False, tell: Tell = lambda done, total: None
) -> Repaired:
    """Do what `plan` says, as far as an index can by itself; the plan of the result says what that was.

    A damaged generation is removed only after a whole one has become current. Raises IndexLockedError if another
    process writes, IndexMismatchError if vectors are needed and the model is another, EmbeddingError,
    IndexDamagedError if what was made does not pass its own checks.
    """
    with index.writing():
        index.close()
        found = examine(index)
        todo = plan(index, found, sources_there=sources_there)
        if todo.of is None or not todo.own:
            return Repaired(todo, index.current_name() or "")
        _STEPS[todo.kind](index, todo.of, _Work(found, todo, model, tell))
        return Repaired(todo, index.current_name() or "")


@dataclass(frozen=True, slots=True)
class _Work:
    found: Examination
    plan: Plan
    model: Open
    tell: Tell


def _point(index: Index, at: Found, work: _Work) -> None:
    _verified(index, at.name)
    others = (one for one in work.found.generations if one.whole and one.name != at.name)
    previous = next((_entry(index, one.name) for one in others), None)
    write_pointer(index.root, Pointer(_entry(index, at.name), previous))


def _forgotten(index: Index, _: Found, work: _Work) -> None:
    assert work.found.current is not None
    write_pointer(index.root, Pointer(_entry(index, work.found.current.name)))
    index.tidy()


def _go_back(index: Index, to: Found, work: _Work) -> None:
    """The damaged generation stays on disk until the next ingest."""
    _verified(index, to.name)
    write_pointer(index.root, Pointer(_entry(index, to.name)))


def _make(index: Index, of: Found, work: _Work) -> None:
    """Build beside what there is, verify, switch; only then what is damaged goes."""
    folder, old = index.new_folder(), index.generations / of.name
    try:
        if work.plan.kind is Kind.RESCUE:
            rescue(old, folder, work.found.sources, work.model, work.tell)
        else:
            assert of.manifest is not None
            rebuild(old, folder, of.manifest, work.plan.parts, work.model, work.tell)
        _verified(index, folder.name)
        index.switch(folder)
    except BaseException:
        if index.current_name() != folder.name:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    write_pointer(index.root, Pointer(_entry(index, folder.name), _to_go_back_to(index, work.found)))
    index.tidy()


_STEPS: dict[Kind, Callable[[Index, Found, _Work], None]] = {
    Kind.POINT: _point,
    Kind.REBUILD: _make,
    Kind.EMBED: _make,
    Kind.RESCUE: _make,
    Kind.GO_BACK: _go_back,
    Kind.FORGET: _forgotten,
}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _verified(index: Index, name: str) -> None:
    with closing(Generation(index.generations / name)) as generation:
        generation.verify()


def _entry(index: Index, name: str) -> Entry:
    return Entry(name, manifest_sha256(index.generations / name))


def _to_go_back_to(index: Index, found: Examination) -> Entry | None:
    """A whole generation for going back: never the damaged one in whose place the new one stands."""
    whole: Iterator[Found] = (
        one for one in found.generations if one.whole and one.role is not Role.LEFT_OVER
    )
    return next((_entry(index, one.name) for one in whole), None)
