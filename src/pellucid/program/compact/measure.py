"""What programs answer on encoded data: accuracies, and on how many outputs two programs differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.data.vocab import Encoded
from pellucid.program.facts import MAX_CELLS
from pellucid.program.interpret import own_tokens, predict_codes, user_positions, values_of
from pellucid.program.ir import Program
from pellucid.program.verify import EXHAUSTIVE, all_inputs, domain_size


@dataclass(frozen=True)
class Changes:
    """Outputs (labels of tokens; of whole inputs for a classifier) on which two programs differ, among how many."""

    outputs: int
    of: int

    @property
    def share(self) -> float:
        """Share of the outputs, in 0..1."""
        return self.outputs / max(1, self.of)


def answers(program: Program, tokens: np.ndarray) -> np.ndarray:
    """Label codes at the user's tokens, int [sequences, longest], -1 elsewhere; [sequences] for a classifier."""
    vocab = program.vocab
    codes = predict_codes(program, tokens)
    places = {label: i for i, label in enumerate(vocab.labels)}
    table = np.array([places.get(value, len(places)) for value in values_of(program, program.output)])
    user = user_positions(own_tokens(program, tokens), len(vocab.tokens))
    if codes.ndim == 1:
        return table[codes]
    told = np.where(user, table[codes], -1)
    if vocab.kind == "classification":
        last = user.sum(1) - 1 + int(program.markers)
        return told[np.arange(len(told)), last]
    return told[:, int(program.markers) :][:, : vocab.max_length]


def accuracies(program: Program, data: Encoded) -> tuple[float, float]:
    """Share of scored tokens, and of whole sequences, that the program gets right."""
    told = answers(program, data.tokens)
    if told.ndim == 1:
        share = float((told == data.labels).mean()) if len(told) else 0.0
        return share, share
    labels = data.labels[:, 1 : told.shape[1] + 1]
    scored, hit = labels >= 0, (told == labels) & (labels >= 0)
    counted = scored.any(1)
    whole = (hit == scored).all(1) & counted
    return float(hit.sum() / max(1, scored.sum())), float(whole.sum() / max(1, counted.sum()))


def differing(program: Program, other: Program, tokens: np.ndarray) -> Changes:
    """On how many outputs two programs differ."""
    ours, theirs = answers(program, tokens), answers(other, tokens)
    return Changes(int((ours != theirs).sum()), int((ours >= 0).sum()))


def whole_domain(program: Program) -> dict[str, np.ndarray]:
    """Every possible input as the one data set `domain`; nothing where there are too many to run."""
    size = domain_size(program.vocab)
    if size > EXHAUSTIVE or size * program.vocab.width > MAX_CELLS:
        return {}
    return {"domain": program.vocab.encode_inputs(list(all_inputs(program.vocab)))}
