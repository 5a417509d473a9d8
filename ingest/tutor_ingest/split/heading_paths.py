"""Heading paths cut to what the embedding model has room for beside the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tutor.documents import context_line

CountTokens = Callable[[Sequence[str]], list[int]]
"""The embedding model's word pieces of each text, special tokens included."""

CHARACTERS_PER_TOKEN = 10  # a word that the vocabulary lacks may count as one token however long: bound it


def fitted_paths(
    title: str, paths: set[tuple[str, ...]], count_tokens: CountTokens, max_tokens: int
) -> dict[tuple[str, ...], tuple[tuple[str, ...], int]]:
    """For each heading path, the path that is kept and the size of its context line with special tokens."""
    ordered = sorted(paths)
    sizes = count_tokens([context_line(title, path) for path in ordered])
    fitted = {}
    for path, size in zip(ordered, sizes, strict=True):
        fitted[path] = (path, size)
        if size > max_tokens // 2:
            kept = _shortened(title, path, count_tokens, max_tokens // 2)
            fitted[path] = (kept, count_tokens([context_line(title, kept)])[0])
    return fitted


def _shortened(title: str, path: tuple[str, ...], count_tokens: CountTokens, budget: int) -> tuple[str, ...]:
    """The deepest headings whose context line fits the budget; else the deepest cut short; else none."""
    tails = [path[first:] for first in range(1, len(path))]
    if tails:
        sizes = count_tokens([context_line(title, tail) for tail in tails])
        for tail, size in zip(tails, sizes, strict=True):
            if size <= budget:
                return tail
    heading = path[-1] if path else ""
    low, high = 0, min(len(heading), budget * CHARACTERS_PER_TOKEN)
    while low < high:
        middle = (low + high + 1) // 2
        if count_tokens([context_line(title, (_cut_heading(heading, middle),))])[0] <= budget:
            low = middle
        else:
            high = middle - 1
    return (_cut_heading(heading, low),) if low else ()


def _cut_heading(heading: str, length: int) -> str:
    """A heading's first characters, back to a word's end where that is near, and an ellipsis."""
    cut = heading[:length]
    space = cut.rfind(" ")
    return (cut[:space] if space > length // 2 else cut).rstrip() + "…"
