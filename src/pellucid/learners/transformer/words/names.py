"""Names of the values of a hardened model: kinds after typical words, cases after the label they speak for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import EvidenceModel, Kinds, Pairs, Variable

TYPICAL = 3
PLAIN = re.compile(r"[a-z0-9_]+")
LONGEST = 12


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
