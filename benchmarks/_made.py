"""Made-up data of any size, the same in each run: vectors that lie like those of texts, and texts of a Zipf vocabulary.

Texts of one field lie in clusters: a common direction, some hundred topics around it, and within a topic a few
directions in which its texts differ. One row in ten nearly repeats one of forty texts, as licences, menus and versions of
one page do. Words are drawn by Zipf's law, so that the vocabulary grows with the texts as it does in prose.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

DIMENSION, TOPICS, RANK = 384, 300, 24
_COMMON, _WITHIN, _EVERYWHERE = 0.5, 0.9, 0.35
_BLOCK = 1_000  # rows made at a time, each block from a seed of its own: a row does not depend on how many there are
_REPEATED, _ORIGINALS = 0.1, 40  # share of rows that nearly repeat one of so many
_SLIPS = 0.02, 0.3  # how far such rows lie from their original, and nearly as far from each other
_WORDS = 400_000
_ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "ch", "sh", "st", "tr", "pl")
_SYLLABLES = [onset + vowel for onset in _ONSETS for vowel in ("a", "e", "i", "o", "u", "ai", "ou")]


def unit(vectors: Vectors) -> Vectors:
    """Rows at length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


class MadeVectors:
    """Rows of unit vectors by number, and questions near them."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self._seed = seed
        common = unit(rng.standard_normal((1, DIMENSION)))
        # Topics differ in some sixty directions, not in all, and some lie near each other.
        plane = unit(rng.standard_normal((64, DIMENSION)))
        topics = unit(np.asarray(rng.standard_normal((TOPICS, 64)) @ plane, np.float32))
        self._topics = topics + _COMMON * common
        fades = np.linspace(1.0, 0.2, RANK)[:, np.newaxis]
        self._within = [unit(rng.standard_normal((RANK, DIMENSION))) * fades for _ in range(TOPICS)]
        sizes = 1 / np.arange(1, TOPICS + 1) ** 0.7  # a few large topics, many small ones
        self._share = sizes / sizes.sum()
        self._originals = self._near_topics(np.random.default_rng((seed, 1)), _ORIGINALS)

    def rows(self, start: int, stop: int) -> Vectors:
        """Rows from `start` up to `stop`, shape (stop - start, 384)."""
        blocks = range(start // _BLOCK, -(-stop // _BLOCK))
        made = np.concatenate([self._block(block) for block in blocks])
        return made[start - blocks.start * _BLOCK :][: stop - start]

    def questions(self, count: int, rows: int) -> Vectors:
        """Vectors at some distance from the first `rows` rows, one in ten near one that is repeated."""
        rng = np.random.default_rng((self._seed, 2))
        near = np.stack([self.rows(row, row + 1)[0] for row in rng.integers(rows, size=count)])
        repeated = rng.random(count) < _REPEATED
        near[repeated] = self._originals[rng.integers(_ORIGINALS, size=int(repeated.sum()))]
        return unit(near + 0.6 * unit(np.asarray(rng.standard_normal((count, DIMENSION)), np.float32)))

    def _block(self, block: int) -> Vectors:
        rng = np.random.default_rng((self._seed, 3, block))
        made = self._near_topics(rng, _BLOCK)
        repeated = np.flatnonzero(rng.random(_BLOCK) < _REPEATED)
        slips = unit(np.asarray(rng.standard_normal((len(repeated), DIMENSION)), np.float32))
        which = rng.integers(_ORIGINALS, size=len(repeated))
        lengths = np.geomspace(*_SLIPS, _ORIGINALS)[which, np.newaxis]
        made[repeated] = unit(np.asarray(self._originals[which] + lengths * slips, np.float32))
        return made

    def _near_topics(self, rng: np.random.Generator, count: int) -> Vectors:
        topics = rng.choice(TOPICS, count, p=self._share)
        weights = rng.standard_normal((count, RANK))
        within = np.stack([weights[i] @ self._within[topic] for i, topic in enumerate(topics)])
        noise = rng.standard_normal((count, DIMENSION))
        made = (
            self._topics[topics]
            + _WITHIN * within / np.linalg.norm(within, axis=1, keepdims=True)
            + _EVERYWHERE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
        )
        return unit(np.asarray(made, np.float32))


class MadeTexts:
    """Sentences of made-up words whose frequencies fall with their rank."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def sentences(self, number: int, count: int = 6, words: int = 18) -> list[str]:
        """The sentences of passage `number`, each of that many words on average."""
        rng = np.random.default_rng((self._seed, 4, number))
        lengths = rng.integers(words // 2, words + words // 2, count, endpoint=True)
        drawn = self._ranks(rng, int(lengths.sum())).tolist()
        made = []
        for length in lengths.tolist():
            own, drawn = drawn[:length], drawn[length:]
            made.append(" ".join(map(word, own)).capitalize() + ".")
        return made

    def question(self, number: int, words: int = 6) -> str:
        """A question of words that are neither the commonest nor the rarest."""
        rng = np.random.default_rng((self._seed, 5, number))
        return " ".join(map(word, rng.integers(50, 20_000, words).tolist())) + "?"

    @staticmethod
    def _ranks(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        return np.exp(rng.random(count) * np.log(_WORDS)).astype(np.int64)


@lru_cache(maxsize=50_000)
def word(rank: int) -> str:
    """The made-up word of a rank; frequent ones are short."""
    syllables = []
    while True:
        rank, syllable = divmod(rank, len(_SYLLABLES))
        syllables.append(_SYLLABLES[syllable])
        if not rank:
            return "".join(syllables)
        rank -= 1
