"""What the classifier and the tagger share: tokens or texts in, labels out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.data import Dataset, Token, split
from pellucid.data.texts import texts_of
from pellucid.data.tokens import show, sort_tokens
from pellucid.data.words import Words
from pellucid.errors import PellucidError
from pellucid.estimator_base import ProgramEstimator, paired, rows
from pellucid.given import fitting

REFUSED = ("error", "majority")


class SymbolEstimator(ProgramEstimator):
    """Programs on tokens; subclasses say what their outputs are.

    Args:
        model, budget, seed, seeds, steps, simplify, settings: as for `pellucid.learn`.
        words: how raw texts are split.
        refused: what `predict` does with an input that the program does not take, because a token is unknown to it or
            there are too many: `error`, or `majority`, the most frequent label.
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
        self.refused = refused

    def _fit(self, X: Any, y: Any, kind: str) -> Dataset:
        """Learn; what validates is returned."""
        if self.refused not in REFUSED:
            raise PellucidError(f"refused is {show(self.refused)}; expected {' or '.join(REFUSED)}")
        data = texts_of(*paired(X, y), self._words).data
        if data.kind != kind:
            form, other = ("one label", "a list") if kind == "classification" else ("a list of labels", "one")
            raise PellucidError(f"y has {other} for each input; {type(self).__name__} needs {form}")
        splits = split(data, self.seed)
        self.learned_ = self._learned(splits)
        self.majority_ = _commonest(data)
        self.labels_ = sort_tokens(data.labels())
        return splits.valid

    def _input(self, x: Any) -> tuple[Token, ...]:
        return tuple(fitting(self.learned_.vocab, self._words.tokens(x), self._unbounded))

    @property
    def _words(self) -> Words:
        return self.words or Words()

    @property
    def _unbounded(self) -> bool:
        program = self.learned_.program
        return program is not None and program.unbounded

    def _answers(self, X: Any, majority: Callable[[Any], Any]) -> list[Any]:
        """Outputs in order; `majority` of an input that the program does not take, where so asked."""
        learned, given, taken = self._fitted(), rows(X), dict[int, Any]()
        for i, x in enumerate(given):
            try:
                taken[i] = self._input(x)
            except PellucidError as error:
                if self.refused == "error":
                    hint = "; or use refused='majority'"
                    raise PellucidError(f"input {i + 1}: {error}{hint}") from None
        found = dict(zip(taken, learned.outputs(list(taken.values())), strict=True)) if taken else {}
        return [found[i] if i in found else majority(x) for i, x in enumerate(given)]

    def _state(self) -> dict[str, Any]:
        return {"majority": self.majority_, "labels": list(self.labels_)}

    def _restore(self, state: dict[str, Any]) -> None:
        self.majority_, self.labels_ = state["majority"], tuple(state["labels"])

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
