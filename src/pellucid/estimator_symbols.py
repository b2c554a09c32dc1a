"""What the classifier and the tagger share: tokens or texts in, labels out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np

from pellucid.data import Dataset, Token, split
from pellucid.data.texts import Texts, split_texts, texts_of
from pellucid.data.tokens import sort_tokens
from pellucid.errors import PellucidError
from pellucid.estimator_base import ProgramEstimator, paired, rows
from pellucid.first.given import fitting, reading
from pellucid.language.words import Words
from pellucid.settings import TEXT_DATA
from pellucid.text.learners import SEARCH_SETTINGS
from pellucid.values import as_token, show

REFUSED = ("error", "majority")
MANY = 200  # different words above which lists of words are learned as texts


class SymbolEstimator(ProgramEstimator):
    """Programs on tokens, or on texts; subclasses say what their outputs are.

    Data are learned as texts, to which no word is unknown and none too long, where one of the inputs is a string, where
    `words` or `vectors` is given, and where the inputs are lists of words with more than 200 different ones.

    Args:
        model, budget, seed, seeds, steps, simplify, settings: as for `pellucid.learn`.
        words: how raw texts are split, and whether capitals and numbers in lists of words are kept.
        vectors: file of word vectors in GloVe text format, from which the gradient learner of texts may start.
        refused: what `predict` does with an input that the program does not take, because a token is unknown to it or
            there are too many (of texts: because there is no word): `error`, or `majority`, the most frequent label.
    """

    def __init__(
        self,
        model: str = "auto",
        *,
        budget: float | None = None,
        seed: int = 0,
        seeds: int | None = None,
        steps: int | None = None,
        simplify: str = "exact",
        settings: Mapping[str, Any] | None = None,
        words: Words | None = None,
        vectors: str | PathLike[str] | None = None,
        refused: str = "error",
    ) -> None:
        self.model = model
        self.budget = budget
        self.seed = seed
        self.seeds = seeds
        self.steps = steps
        self.simplify = simplify
        self.settings = settings
        self.words = words
        self.vectors = vectors
        self.refused = refused

    def _fit(self, X: Any, y: Any, kind: str) -> Dataset:
        """Learn; held-out data is returned, to which nothing was fitted, with inputs as the program takes them."""
        if self.refused not in REFUSED:
            raise PellucidError(f"refused is {show(self.refused)}; expected {' or '.join(REFUSED)}")
        inputs, outputs = paired(X, y)
        found = texts_of(inputs, outputs, self._words)
        if found.data.kind != kind:
            form, other = ("one label", "a list") if kind == "classification" else ("a list of labels", "one")
            raise PellucidError(f"y has {other} for each input; {type(self).__name__} needs {form}")
        held = self._fit_texts(found) if self._as_texts(found.data, inputs) else self._fit_symbols(found.data)
        self.majority_, self.scheme_ = _commonest(found.data), found.scheme
        self.labels_ = sort_tokens(found.data.labels())
        return held

    def _as_texts(self, data: Dataset, inputs: Sequence[Any]) -> bool:
        """Whether the inputs are texts, and not sequences of a few symbols."""
        asked = {*(self.settings or {})} & {*TEXT_DATA, *SEARCH_SETTINGS}
        if self.words is not None or self.vectors is not None or asked or any(isinstance(x, str) for x in inputs):
            return True
        tokens = {token for sequence in data.inputs for token in sequence}
        return len(tokens) > MANY and all(isinstance(token, str) for token in tokens)

    def _fit_texts(self, found: Texts) -> Dataset:
        """A program for texts. In the end it is fitted to all but the test part, so that this is what is held out."""
        found = found if self.words is None else replace(found, words=self.words)
        self.learned_ = self._learned(found, vectors=self.vectors)
        return self.learned_.vocab.match_dataset(split_texts(found, self.seed).splits.test)

    def _fit_symbols(self, data: Dataset) -> Dataset:
        splits = split(data, self.seed)
        self.learned_ = self._learned(splits)
        return splits.valid

    def explain(self, x: Any) -> Any:
        """What the program did on one input; printed, it is the text of `pellucid explain`."""
        learned = self._fitted()
        if learned.vocab.text is None:
            return super().explain(x)
        self._input(x)
        return learned.explain(str(x) if isinstance(x, str) else [as_token(word) for word in x])

    def _input(self, x: Any) -> tuple[Token, ...]:
        vocab = self.learned_.vocab
        if vocab.text is not None:
            return reading(vocab, x)
        return tuple(fitting(vocab, self._words.tokens(x), self._unbounded))

    @property
    def _words(self) -> Words:
        return self.words or Words()

    @property
    def _unbounded(self) -> bool:
        program = self.learned_.program
        return program is not None and program.unbounded

    def _answers(self, X: Any, majority: Callable[[Any], Any]) -> list[Any]:
        """Outputs in order; `majority` of an input that the program does not take, where so asked."""
        learned, given = self._fitted(), rows(X)
        taken = self._taken(given)
        found = dict(zip(taken, learned.outputs(list(taken.values())), strict=True)) if taken else {}
        return [found[i] if i in found else majority(x) for i, x in enumerate(given)]

    def _taken(self, given: Sequence[Any]) -> dict[int, tuple[Token, ...]]:
        """The inputs that the program takes, by number.

        Raises:
            PellucidError: there are others, and they are not to have the most frequent label.
        """
        taken = {}
        for i, x in enumerate(given):
            try:
                taken[i] = self._input(x)
            except PellucidError as error:
                if self.refused == "error":
                    raise PellucidError(f"input {i + 1}: {error}; or use refused='majority'") from None
        return taken

    def _state(self) -> dict[str, Any]:
        return {"majority": self.majority_, "labels": list(self.labels_), "scheme": self.scheme_}

    def _restore(self, state: dict[str, Any]) -> None:
        self.majority_, self.labels_ = state["majority"], tuple(state["labels"])
        self.scheme_ = state["scheme"]

    @classmethod
    def _params_from_json(cls, params: dict[str, Any]) -> dict[str, Any]:
        words = None if params["words"] is None else Words.from_json(params["words"])
        return {**params, "words": words}


def _commonest(data: Dataset) -> Token:
    """The most frequent label, the first of those as frequent."""
    classes = data.kind == "classification"
    counts = Counter(data.outputs if classes else (y for row in data.outputs for y in row if y is not None))
    return min(sort_tokens(counts), key=lambda label: -counts[label])


def as_array(labels: Sequence[Token]) -> np.ndarray:
    """Labels as an array of numbers, of text, or of objects where both occur."""
    kinds = {type(label) for label in labels}
    return np.array(labels) if len(kinds) == 1 else np.array(labels, dtype=object)
