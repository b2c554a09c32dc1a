"""From relaxed parameters to variables of the hard model: argmax of every choice, MLPs as tables of pairs; names.

Kinds are named after typical words, cases after the label they speak for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from pellucid.language.types import Plain
from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import (
    Corpus,
    Counted,
    EvidenceModel,
    Kinds,
    Nearest,
    Pairs,
    Shifted,
    Variable,
    evaluate,
    missing_name,
)
from pellucid.learners.transformer.config import ProgramsConfig
from pellucid.learners.transformer.programs.hardened import table_of
from pellucid.learners.transformer.training import Tree
from pellucid.learners.transformer.words.readout import columns_of

TYPICAL = 3
PLAIN = re.compile(r"[a-z0-9_]+")
LONGEST = 12


def harden(
    params: Tree,
    config: ProgramsConfig,
    words: tuple[Plain, ...],
    labels: tuple[Plain, ...],
    corpus: Corpus | None = None,
) -> EvidenceModel:
    """The hard model of one seed's parameters (NumPy arrays), without weights and with provisional names.

    Args:
        params, config: as trained.
        words, labels: of the vocabulary.
        corpus: texts; tables then list only pairs that occur there, all others having the usual outcome. None: all.
    """
    made = _Builder(config, words, labels, corpus)
    for v in range(config.variables):
        kinds = Kinds(f"word_{v + 1}", params["embed"][v].argmax(0).astype(np.int64), _numbered("kind", config.k))
        made.add(kinds, np.arange(config.k))
    for number, layer in enumerate(params["layers"], 1):
        order = list(made.order)
        for h in range(config.heads_cat):
            made.head(layer["cat"], h, f"head_{number}_{h + 1}", order)
        for h in range(config.heads_num):
            made.count(layer["num"], h, f"count_{number}_{h + 1}", order)
        order = list(made.order)
        for t in range(config.mlps_cat):
            made.table(layer["cat_mlp"], t, f"table_{number}_{t + 1}", order)
    return made.model()


def _numbered(name: str, size: int) -> tuple[str, ...]:
    return tuple(f"{name}_{i}" for i in range(size))


@dataclass
class _Builder:
    """Variables so far.

    meaning: by number, the code in training of each code. order: numbers of the categorical ones, as in training.
    """

    config: ProgramsConfig
    words: tuple[Plain, ...]
    labels: tuple[Plain, ...]
    corpus: Corpus | None
    variables: list[Variable] = field(default_factory=list)
    meaning: dict[int, np.ndarray] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)

    def model(self) -> EvidenceModel:
        """What there is so far."""
        nothing = np.zeros(len(self.labels), np.int64)
        return EvidenceModel((self.words,), self.labels, self.config.pooled, tuple(self.variables), {}, nothing)

    def add(self, variable: Variable, meaning: np.ndarray | None) -> None:
        """One more variable; `meaning` None for a number."""
        if self.corpus is not None:
            self.values = self.values or [self.corpus.columns[0]]
            self.values.append(evaluate(variable, self.values, self.corpus, self.model()))
        self.variables.append(variable)
        if meaning is not None:
            self.order.append(len(self.variables))
            self.meaning[len(self.variables)] = meaning

    def head(self, head: Tree, h: int, name: str, order: list[int]) -> None:
        """A categorical head: by position where any word matches, else by content."""
        query, key, value = (order[int(head[g][h].argmax())] if g in head else None for g in ("query", "key", "value"))
        assert key is not None
        assert value is not None
        wanted = head["predicate"][h].argmax(-1)[slice(None) if query is None else self.meaning[query]]
        truth = (wanted[:, None] == self.meaning[key]) | (wanted[:, None] == self.config.codes)
        before = self.config.before(h)
        made: Nearest | Shifted = Nearest(name, query, key, truth, value, before)
        if truth.all():
            made = Shifted(name, value, -1 if before else 1)
        elif (truth == truth[0]).all():
            made = Nearest(name, None, key, truth[:1], value, before)
        shared = missing_name(made) in self.model().names_of(value)
        self.add(made, self.meaning[value] if shared else np.append(self.meaning[value], self.config.k))

    def count(self, head: Tree, h: int, name: str, order: list[int]) -> None:
        """A numerical head."""
        query, key = (order[int(head[gate][h].argmax())] for gate in ("query", "key"))
        truth = (head["predicate"][h] > 0)[self.meaning[query]][:, self.meaning[key]]
        self.add(Counted(name, query, key, truth), None)

    def table(self, mlp: Tree, t: int, name: str, order: list[int]) -> None:
        """An MLP as a table; code 0 is the usual outcome in the texts, so that it need not be listed."""
        k = self.config.k
        first, second = (order[int(i)] for i in mlp["read"][t].argmax(-1))
        outcome = table_of(mlp, t, np.eye(self.config.codes, dtype=np.float32))
        outcome = outcome[self.meaning[first]][:, self.meaning[second]]
        swap = np.arange(k)
        if self.corpus is None:
            cells = np.argwhere(np.ones_like(outcome, bool))
        else:
            pairs = np.stack([self.values[first], self.values[second]], 1)
            cells, times = np.unique(pairs, axis=0, return_counts=True)
            usual = int(np.bincount(outcome[cells[:, 0], cells[:, 1]], times).argmax())
            swap[[0, usual]] = usual, 0
        codes = swap[outcome[cells[:, 0], cells[:, 1]]]
        self.add(Pairs(name, first, second, cells, codes, _numbered("case", k)), swap)


def soft_weights(model: EvidenceModel, params: Tree, config: ProgramsConfig) -> np.ndarray:
    """Trained readout as weights of the hard model's columns: float [columns + 1, classes]."""
    cat, num = iter(params["readout"]["cat"]), iter(params["readout"]["num"])
    rows = [
        next(num)[None]
        if isinstance(variable, Counted)
        else next(cat)[np.minimum(np.arange(c.stop - c.start), config.k)]
        for variable, c in zip(model.variables, columns_of(model).values(), strict=True)
    ]
    return np.concatenate([*rows, params["readout"]["bias"][None]])


def named(model: EvidenceModel, train: Judge) -> EvidenceModel:
    """The model with names for the values of its kinds and tables; nothing else changes."""
    counts = np.bincount(train.corpus.columns[0], minlength=len(model.domains[0]))
    return replace(model, variables=tuple(_named(model, i, v, counts) for i, v in enumerate(model.variables, 1)))


def _named(model: EvidenceModel, number: int, variable: Variable, counts: np.ndarray) -> Variable:
    if isinstance(variable, Kinds):
        words = [_typical(model, np.flatnonzero(variable.codes == code), counts) for code in range(len(variable.names))]
        return replace(variable, names=_unique(words, "kind"))
    if isinstance(variable, Pairs):
        weight = model.weights.get(number, np.zeros((len(variable.names), len(model.labels)), np.int64))
        return replace(variable, names=_unique(("-", *_spoken_for(model, weight)[1:]), "case"))
    return variable


def _typical(model: EvidenceModel, members: np.ndarray, counts: np.ndarray) -> str:
    """The most frequent plain words among the members, joined."""
    found = []
    for i in members[np.argsort(-counts[members], kind="stable")].tolist():
        word = str(model.domains[0][i]).lower()
        if PLAIN.fullmatch(word) and len(word) <= LONGEST and word not in found:
            found.append(word)
        if len(found) == TYPICAL:
            break
    return "_".join(found)


def _spoken_for(model: EvidenceModel, weight: np.ndarray) -> list[str]:
    """The label that each value speaks for most, where it stands out."""
    centred = weight - weight.mean(1, keepdims=True)
    plain = [re.sub(r"\W+", "_", str(label).lower()).strip("_") for label in model.labels]
    return [plain[row.argmax()] if row.max() > 0 else "" for row in centred]


def _unique(names: Iterable[str], otherwise: str) -> tuple[str, ...]:
    """Names made different: a number after one that is taken, `otherwise` and the code for an empty one."""
    found: list[str] = []
    for code, name in enumerate(names):
        chosen, number = name or f"{otherwise}_{code}", 1
        while chosen in found:
            number += 1
            chosen = f"{name or f'{otherwise}_{code}'}_{number}"
        found.append(chosen)
    return tuple(found)
