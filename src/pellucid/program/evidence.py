"""The scores by which a program with a readout decides, and probabilities made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from pellucid.program.direct import direct_heads
from pellucid.program.interpret import evaluate, own_tokens, scores, text_batches, user_positions
from pellucid.program.ir import Program, Readout, stretched
from pellucid.program.predicates import Value

LARGEST = 1e3  # factor that turns scores into logarithms of odds, at most


def decides_by_scores(program: Program) -> bool:
    """Whether a classifier adds up evidence for each label; one made of rules says its label and nothing else."""
    node = program[program.output]
    return isinstance(node, Readout) and node.pooled


def label_scores(program: Program, sequences: Sequence[Sequence[Value]]) -> np.ndarray:
    """The sums that a classifier compares, int64 [sequences, labels of the readout].

    Raises:
        PellucidError: for an unknown token or a too long sequence.
    """
    node = program[program.output]
    assert isinstance(node, Readout)
    if program.unbounded:
        program = stretched(program, max(map(len, sequences)))
    if program.vocab.text is not None:
        return _text_scores(program, node, sequences)
    found = []
    for sequence in sequences:  # one by one: a batch would need all variables of all positions at once
        tokens = program.vocab.encode_inputs([sequence])
        env = evaluate(program, tokens, wanted={a.name for a in program if a.name != program.output})
        own = own_tokens(program, tokens)
        inside = user_positions(own, len(program.vocab.tokens))[..., None]
        found.append((scores(node, env, program, own.shape) * inside).sum(1)[0])
    return np.array(found, np.int64).reshape(len(sequences), len(node.labels))


def _text_scores(program: Program, node: Readout, texts: Sequence[Sequence[Value]]) -> np.ndarray:
    """As `label_scores`, several texts at a time."""
    found = np.zeros((len(texts), len(node.labels)), np.int64)
    wanted, direct = {a.name for a in program if a.name != program.output}, direct_heads(program)
    for numbers, tokens in text_batches(program, texts):
        env, own = evaluate(program, tokens, wanted=wanted, direct=direct), own_tokens(program, tokens)
        found[numbers] = (scores(node, env, program, own.shape) * (own >= 0)[..., None]).sum(1)
    return found


def probabilities(totals: np.ndarray, factor: float) -> np.ndarray:
    """Softmax of scores [n, labels] times a factor."""
    logits = totals * factor
    logits = logits - logits.max(1, keepdims=True)
    shares = np.exp(logits)
    return shares / shares.sum(1, keepdims=True)


def calibrated(totals: np.ndarray, wanted: np.ndarray) -> float:
    """The factor under which the right labels are most probable (temperature scaling; Guo et al., 2017).

    The scores of a program are integers on a scale of their own; on held-out data this one number makes them mean
    what probabilities mean.

    Args:
        totals: scores [n, labels]. wanted: index of the right label; -1 where the program never says it.
    """
    known = wanted >= 0
    rows, right = totals[known].astype(np.float64), wanted[known]
    largest = float(np.abs(rows).max(initial=0.0))
    if not largest:
        return 1.0

    def loss(log_factor: float) -> float:
        shares = probabilities(rows, float(np.exp(log_factor)))
        logs = np.log(np.maximum(shares, 1e-12))
        # one more example, of which every label is as probable: few ones, all right, would make the factor endless
        return float(-(logs[np.arange(len(rows)), right].sum() + logs.mean()) / (len(rows) + 1))

    result = minimize_scalar(loss, bounds=(np.log(1e-3 / largest), np.log(LARGEST)), method="bounded")
    return float(np.exp(result.x))
