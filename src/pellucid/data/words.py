"""The words that a model of texts knows, the most frequent ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pellucid.data.tokens import Token
from pellucid.errors import PellucidError
from pellucid.language.words import UNKNOWN

MOST_WORDS = 10_000  # of the paper's text models


@dataclass(frozen=True)
class Lexicon:
    """The words a model knows, the most frequent first; all others are `<unk>` to it.

    words: without `<unk>` itself, which is always known.
    """

    words: tuple[Token, ...]
    unknown: str = field(default=UNKNOWN, kw_only=True)

    @classmethod
    def of(cls, inputs: Iterable[Sequence[Token]], least: int = 2, most: int = MOST_WORDS) -> Lexicon:
        """The words that occur at least `least` times in the inputs, at most the `most` most frequent of them.

        Equally frequent ones come in alphabetical order, so that the same data gives the same words.

        Raises:
            PellucidError: a limit below 1.
        """
        for name, value in (("least", least), ("most", most)):
            if value < 1:
                raise PellucidError(f"{name}: expected at least 1, got {value}")
        counts = Counter(token for tokens in inputs for token in tokens)
        counts.pop(UNKNOWN, None)
        ranked = sorted(counts, key=lambda token: (-counts[token], str(token), isinstance(token, str)))
        return cls(tuple(token for token in ranked if counts[token] >= least)[:most])

    @cached_property
    def _known(self) -> frozenset[Token]:
        return frozenset(self.words)

    def known(self, tokens: Iterable[Token]) -> tuple[Token, ...]:
        """The tokens with `<unk>` in place of those that are not known."""
        return tuple(token if token in self._known else self.unknown for token in tokens)

    def share_known(self, inputs: Iterable[Sequence[Token]]) -> float:
        """Share of all tokens that are known, in 0..1."""
        found = [token in self._known for tokens in inputs for token in tokens]
        return sum(found) / max(1, len(found))
