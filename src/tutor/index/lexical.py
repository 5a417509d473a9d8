"""The lexical index: BM25 over search terms, built once for a generation in bounded memory and read by memory map.

    terms.txt   every term, sorted, one on a line         frequencies.u32   in how many rows each term occurs
    rows.u32    the rows of each term, ascending          starts.i64        where each term's rows begin
    scores.f32  what the term adds to each of those rows
    words.txt   every whole word as it was written, in small letters, sorted        counts.u32   how often each occurs
    index.json  how many rows, terms, postings and words there are

Terms are numbered as they first occur, and their postings lie in that order. Postings are sorted in blocks that go to
disk and are merged from there, so that building holds the vocabulary, one block and one number for each row.
The same texts give the same bytes.
"""

from __future__ import annotations

import json
import math
import tempfile
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.index.terms import analyse, tokens

_K1, _B = 1.2, 0.75  # the customary parameters (Robertson and Zaragoza 2009); Lucene's variant of the idf
_BLOCK = 1 << 21  # terms that are sorted at once: two million take about 60 MB
_MIN_WORD = 4  # letters of a word that is kept as it was written, for `retrieval.spelling`


def build(texts: Iterable[str], folder: Path, *, block: int = _BLOCK) -> int:
    """Index texts in order into a new folder; returns how many. A text's position is its row."""
    folder.mkdir(parents=True, exist_ok=True)
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    occurrences: Counter[str] = Counter()
    lengths = array("I")
    with tempfile.TemporaryDirectory(dir=folder) as drafts:
        blocks = _Blocks(Path(drafts), block)
        for text in texts:
            written = tokens(text)
            found = [term for token in written for term in analyse(token)]
            occurrences.update(written)
            blocks.add(list(map(ids.__getitem__, found)))
            lengths.append(len(found))
        blocks.close()
        frequencies = _merge(blocks, len(ids), np.array(lengths, np.int64), folder)
    words = _words(occurrences)
    _write_words(folder / "words.txt", list(words))
    np.array(list(words.values()), np.uint32).tofile(folder / "counts.u32")
    _write_terms(folder, ids, frequencies)
    sizes = {"rows": len(lengths), "terms": len(ids), "postings": int(frequencies.sum()), "words": len(words)}
    (folder / "index.json").write_text(json.dumps(sizes), encoding="ascii")
    return len(lengths)


class LexicalIndex:
    """A saved index, read by memory map; safe to share between threads. Raises ValueError if it has not `rows` rows."""

    def __init__(self, folder: Path, rows: int) -> None:
        sizes = json.loads((folder / "index.json").read_text(encoding="ascii"))
        if sizes["rows"] != rows:
            raise ValueError(f"the lexical index has {sizes['rows']} rows, not {rows}")
        self._rows = rows
        self._terms = _Sorted(folder / "terms.txt", sizes["terms"])
        self._words = _Sorted(folder / "words.txt", sizes["words"])
        self._frequencies = _read(folder / "frequencies.u32", np.uint32, sizes["terms"])
        self._starts = _read(folder / "starts.i64", np.int64, sizes["terms"])
        self._counts = _read(folder / "counts.u32", np.uint32, sizes["words"])
        self._posted = _read(folder / "rows.u32", np.uint32, sizes["postings"])
        self._scores = _read(folder / "scores.f32", np.float32, sizes["postings"])
        self._place = lru_cache(maxsize=1 << 14)(self._terms.find)  # a question asks often for few

    @property
    def vocabulary(self) -> Iterable[str]:
        """Every term of the index, sorted."""
        return self._terms

    def words(self, beginning: str) -> dict[str, int]:
        """Whole words of the texts that begin so, in small letters and as written, with how often each occurs."""
        places = self._words.beginning(beginning)
        return dict(zip(self._words.lines(places), self._counts[places].tolist(), strict=True))

    def frequency(self, term: str) -> int:
        """In how many rows a term occurs."""
        place = self._place(term)
        return 0 if place is None else int(self._frequencies[place])

    def idf(self, term: str) -> float:
        """Inverse document frequency, ln(1 + (N - n + 0.5) / (n + 0.5)) as in BM25; highest for an unknown term."""
        n = self.frequency(term)
        return math.log(1 + (self._rows - n + 0.5) / (n + 0.5))

    def search(
        self, query_terms: list[str], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[int, float]]:
        """Rows and scores of the best k rows with a score above 0, best first; ties by row."""
        places = [place for term in query_terms if (place := self._place(term)) is not None]
        if not places or k < 1:
            return []
        scores = np.zeros(self._rows, np.float32)
        for place in places:
            part = self._postings(place)
            scores[self._posted[part]] += self._scores[part]
        if allowed is not None:
            scores *= allowed
        top = np.flatnonzero((scores > 0) & (scores >= self._bound(scores, places, k)))
        if len(top) > k:
            kth = np.partition(scores[top], -k)[-k]
            top = top[scores[top] >= kth]  # with all that tie for the last place
        best = top[np.lexsort((top, -scores[top]))][:k]
        return [(int(row), float(scores[row])) for row in best]

    def _bound(self, scores: NDArray[np.float32], places: list[int], k: int) -> float:
        """A score that k rows reach: the kth best among the rows of the rarest term that has as many."""
        enough = [place for place in places if self._frequencies[place] >= k]
        if not enough:
            return 0.0
        rarest = min(enough, key=lambda place: int(self._frequencies[place]))
        return float(np.partition(scores[self._posted[self._postings(rarest)]], -k)[-k])

    def _postings(self, place: int) -> slice:
        start = int(self._starts[place])
        return slice(start, start + int(self._frequencies[place]))


class _Blocks:
    """Postings on their way to disk: (number of the term << 32 | row, occurrences), sorted in each file."""

    def __init__(self, folder: Path, size: int) -> None:
        self.files: list[tuple[Path, Path]] = []
        self.size = size
        self._folder = folder
        self._ids = array("I")
        self._lengths = array("I")
        self._first_row = 0

    def add(self, ids: list[int]) -> None:
        """The next row."""
        self._ids.extend(ids)
        self._lengths.append(len(ids))
        if len(self._ids) >= self.size:
            self.close()

    def close(self) -> None:
        """Write what is waiting."""
        rows = np.arange(self._first_row, self._first_row + len(self._lengths), dtype=np.uint64)
        keys = np.array(self._ids, np.uint64) << np.uint64(32)
        keys |= np.repeat(rows, np.array(self._lengths, np.int64))
        keys, occurrences = np.unique(keys, return_counts=True)
        names = self._folder / f"{len(self.files)}.keys", self._folder / f"{len(self.files)}.occurrences"
        keys.tofile(names[0])
        occurrences.astype(np.uint32).tofile(names[1])
        self.files.append(names)
        self._first_row += len(self._lengths)
        self._ids, self._lengths = array("I"), array("I")


def _merge(made: _Blocks, terms: int, lengths: NDArray[np.int64], folder: Path) -> NDArray[np.int64]:
    """Write rows and scores of all terms, some terms at a time; returns in how many rows each occurs."""
    frequencies = np.zeros(terms, np.int64)
    for path, _ in made.files:
        numbers = (np.fromfile(path, np.uint64) >> np.uint64(32)).astype(np.int64)
        frequencies += np.bincount(numbers, minlength=terms)
    edges = _edges(frequencies, made.size) << np.uint64(32)
    cuts = [np.searchsorted(np.fromfile(path, np.uint64), edges).tolist() for path, _ in made.files]
    idf = np.log(1 + (len(lengths) - frequencies + 0.5) / (frequencies + 0.5)).astype(np.float32)
    damping = _K1 * ((1 - _B) + _B * lengths / max(lengths.mean() if len(lengths) else 0.0, 1e-9))
    with (folder / "rows.u32").open("wb") as rows_file, (folder / "scores.f32").open("wb") as scores_file:
        for place in range(len(edges) - 1):
            keys = _parts(made.files, cuts, place, 0, np.uint64)
            counts = _parts(made.files, cuts, place, 1, np.uint32)
            order = np.argsort(keys, kind="stable")
            keys, counts = keys[order], counts[order]
            rows = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)
            scores = idf[(keys >> np.uint64(32)).astype(np.int64)] * (counts / (damping[rows] + counts))
            rows.tofile(rows_file)
            scores.astype(np.float32).tofile(scores_file)
    return frequencies


def _edges(frequencies: NDArray[np.int64], size: int) -> NDArray[np.uint64]:
    """Where ranges of terms begin and end that have at most `size` postings each, or are one term with more."""
    ends = np.cumsum(frequencies)
    edges = [0]
    while edges[-1] < len(ends):
        before = int(ends[edges[-1] - 1]) if edges[-1] else 0
        edges.append(max(int(np.searchsorted(ends, before + size, "right")), edges[-1] + 1))
    return np.array(edges, np.uint64)


def _parts(
    files: list[tuple[Path, Path]], cuts: list[list[int]], place: int, which: int, kind: Any
) -> NDArray[Any]:
    """What each file has of one range of terms, read from there: mapped files would count as memory of the process."""
    width = np.dtype(kind).itemsize
    return np.concatenate(
        [
            np.fromfile(paths[which], kind, count=cut[place + 1] - cut[place], offset=cut[place] * width)
            for paths, cut in zip(files, cuts, strict=True)
        ]
    )


def _write_terms(folder: Path, ids: dict[str, int], frequencies: NDArray[np.int64]) -> None:
    ordered = sorted(ids)
    numbers = np.array([ids[term] for term in ordered], np.int64)
    starts = np.cumsum(frequencies) - frequencies
    _write_words(folder / "terms.txt", ordered)
    frequencies[numbers].astype(np.uint32).tofile(folder / "frequencies.u32")
    starts[numbers].tofile(folder / "starts.i64")


def _words(occurrences: dict[str, int]) -> dict[str, int]:
    """The tokens that are whole words, in small letters, sorted, with how often each occurs."""
    counts: Counter[str] = Counter()
    for token, count in occurrences.items():
        if len(token) >= _MIN_WORD and token.isalpha() and len(analyse(token)) == 1:
            counts[token.lower()] += count
    return dict(sorted(counts.items()))


def _write_words(path: Path, words: list[str]) -> None:
    path.write_bytes("".join(f"{word}\n" for word in words).encode())


def _read(path: Path, kind: Any, size: int) -> NDArray[Any]:
    """An array by memory map; an empty file cannot be mapped. Raises ValueError if it has not `size` items."""
    items = path.stat().st_size // np.dtype(kind).itemsize
    if items != size:
        raise ValueError(f"{path.name} of the lexical index has {items} items, not {size}")
    return np.memmap(path, kind, "r") if items else np.zeros(0, kind)


class _Sorted:
    """Sorted lines of a file, searched as they lie there: a million terms take what their letters take."""

    def __init__(self, path: Path, size: int) -> None:
        self._data = path.read_bytes()
        self._ends = np.flatnonzero(np.frombuffer(self._data, np.uint8) == ord("\n"))
        if len(self._ends) != size:
            raise ValueError(f"{path.name} of the lexical index has {len(self._ends)} lines, not {size}")

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self._ends):
            raise IndexError(place)
        start = int(self._ends[place - 1]) + 1 if place else 0
        return self._data[start : int(self._ends[place])].decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines(slice(0, len(self))))

    def lines(self, places: slice) -> list[str]:
        """Lines that stand together."""
        start = int(self._ends[places.start - 1]) + 1 if places.start else 0
        end = int(self._ends[places.stop - 1]) + 1 if places.stop else 0
        return self._data[start:end].decode().split("\n")[:-1]

    def find(self, word: str) -> int | None:
        """The place of a line."""
        place = bisect_left(self, word)
        return place if place < len(self) and self[place] == word else None

    def beginning(self, beginning: str) -> slice:
        """The places of the lines that begin so."""
        return slice(bisect_left(self, beginning), bisect_left(self, beginning + chr(0x10FFFF)))
