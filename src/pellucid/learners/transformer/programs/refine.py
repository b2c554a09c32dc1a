"""Discrete refinement after hardening: change one row, cell or gate, insert a module, keep what lowers the loss.

A hardened program is a point in a discrete space, and its neighbours are cheap to judge: only the sequences and modules
that a change touches are computed again. Three kinds of moves: one row of a predicate or one cell of a table (with the
readout as it is); one gate (with the weights of the changed variable refitted); an unused module put to a new use.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from pellucid.learners.transformer.marked import Arrays
from pellucid.learners.transformer.programs.hardened import Hardened, Module, contribution, live, predict
from pellucid.learners.transformer.programs.moves import View, edits, insertions, propagate, rewirings, view_of
from pellucid.learners.transformer.programs.readout import collect, drop_idle, solve

ROWS, WORK, HARD, EASY = 3000, 600_000, 150, 150
CLEAR, RARE = 0.05, 0.05
REFIT, JUDGE = 30, 2  # cost of fitting a readout, and one variable's weights, relative to judging a sequence


@dataclass
class State:
    """The program being refined: modules, float readout weights per variable, and views of the sequences.

    `used` = variables that the readout may use, `live` = variables the answer depends on.
    """

    base: Hardened
    modules: list[Module]
    used: set[int]
    weights: list[np.ndarray]
    bias: np.ndarray
    live: set[int]
    full: View
    quick: View
    loss: float
    quick_loss: float
    errors: int

    @property
    def program(self) -> Hardened:
        """The program with its modules as they are now."""
        return replace(self.base, modules=tuple(self.modules))


@dataclass
class Effort:
    """Work that may still be done, in sequences judged, so that the result does not depend on the machine's speed.

    `end` (monotonic seconds) is only a guard: where it cuts the work short, another run may give another program.
    """

    left: float
    end: float

    def spend(self, sequences: int) -> None:
        """Count sequences judged."""
        self.left -= sequences

    @property
    def spent(self) -> bool:
        """Is there nothing left?"""
        return self.left <= 0 or time.monotonic() > self.end


def refine(hardened: Hardened, train: Arrays, effort: Effort, seed: int) -> Hardened:
    """Improve a program with a fitted readout on (tokens, labels) as long as there is effort left.

    The readout of the result marks the variables to use; its weights are left to be fitted again.
    """
    rng = np.random.default_rng([seed, 99])
    data = _chosen(hardened, train, rng)
    state = _refit(hardened, set(hardened.marked), data, rng)
    while not effort.spent and state.errors:
        effort.spend(REFIT * len(data[0]))
        _sweep(state, edits(state.modules, state.live, state.quick, state.base.k, rng), effort)
        state = _refit(state.program, state.used, data, rng, state)
        if state.errors and not effort.spent and hardened.kind == "tagging":
            state = _rewire(state, data, rng, effort)
    return _mark(state.program, state.used)


def _chosen(h: Hardened, train: Arrays, rng: np.random.Generator) -> Arrays:
    """The sequences to work on: all of them if there are few, else those answered wrong (at most half) and others."""
    rows = max(200, min(ROWS, WORK // train[0].shape[1] ** 2))
    tokens, labels = train
    if len(tokens) > rows:
        wrong = (predict(h, tokens) != labels) & (labels >= 0)
        wrong = wrong.any(1) if wrong.ndim == 2 else wrong
        hard = rng.permutation(np.flatnonzero(wrong))[: rows // 2] if wrong.mean() < RARE else np.zeros(0, int)
        rest = rng.permutation(np.setdiff1d(np.arange(len(tokens)), hard))[: rows - len(hard)]
        picked = np.sort(np.concatenate([hard, rest]))
        tokens, labels = tokens[picked], labels[picked]
    return tokens, labels


def _mark(h: Hardened, used: set[int]) -> Hardened:
    """The program with weight 1 at every used variable and 0 elsewhere."""
    return replace(h, readout=tuple(np.full_like(old, v in used) for v, old in enumerate(h.readout)))


def _refit(h: Hardened, used: set[int], data: Arrays, rng: np.random.Generator, old: State | None = None) -> State:
    """Fit the readout to the used variables as they now are, and set up the views."""
    features = drop_idle(collect(h, data, sorted(used)))
    start = None if old is None else features.pack(old.weights, old.bias)
    solved = solve(features, start, steps=60, penalty=1e-5).astype(np.float32)
    weights, bias = features.unpack(solved, h.readout)
    used = set(features.sizes)
    full = view_of(h, *data, weights, bias)
    nats, wrong = losses(full.scores, full)
    hard, easy = np.flatnonzero(wrong), np.flatnonzero(~wrong)
    picked = np.concatenate([rng.permutation(hard)[:HARD], rng.permutation(easy)[:EASY]])
    return State(
        base=h,
        modules=list(h.modules),
        used=used,
        weights=weights,
        bias=bias,
        live=live(_mark(h, used)),
        full=full,
        quick=full.take(picked),
        loss=float(nats.sum()),
        quick_loss=float(nats[picked].sum()),
        errors=int(wrong.sum()),
    )


def losses(scores: np.ndarray, view: View) -> tuple[np.ndarray, np.ndarray]:
    """Cross entropy (nats) summed over each sequence, and whether any answer in it is wrong. scores [C, width, n]."""
    if view.labels.ndim == 1:
        scores = (scores * view.share).sum(1)
    top = scores.max(0)
    picked = np.take_along_axis(scores, np.maximum(view.labels, 0)[None], 0)[0]
    nats = np.log(np.exp(scores - top).sum(0)) + top - picked
    scored = view.labels >= 0
    wrong = (scores.argmax(0) != view.labels) & scored
    if view.labels.ndim == 1:
        return nats, wrong
    return np.where(scored, nats, 0.0).sum(0), wrong.any(0)


def _changed_scores(state: State, view: View, changed: dict[int, np.ndarray]) -> np.ndarray:
    scores = view.scores
    for variable, new in changed.items():
        weight = state.weights[variable]
        if weight.any():
            scores = scores + contribution(weight, new) - contribution(weight, view.values[variable])
    return scores


def _sweep(state: State, candidates: Iterator[tuple[int, Module]], effort: Effort) -> None:
    """Try edits with the readout as it is; first judged on the quick view, then on all sequences."""
    for at, module in candidates:
        if effort.spent:
            return
        quick = propagate(state.modules, state.live, state.quick, at, module)
        effort.spend(state.quick.size)
        if not quick:
            continue
        quick_scores = _changed_scores(state, state.quick, quick)
        quick_loss = losses(quick_scores, state.quick)[0].sum()
        if quick_loss >= state.quick_loss - 1e-3:
            continue
        full = propagate(state.modules, state.live, state.full, at, module)
        effort.spend(state.full.size)
        scores = _changed_scores(state, state.full, full)
        nats, wrong = losses(scores, state.full)
        if nats.sum() < state.loss - 1e-3 and wrong.sum() <= state.errors:
            state.modules[at] = module
            state.full, state.loss, state.errors = state.full.changed(full, scores), float(nats.sum()), int(wrong.sum())
            state.quick, state.quick_loss = state.quick.changed(quick, quick_scores), float(quick_loss)


def _rewire(state: State, data: Arrays, rng: np.random.Generator, effort: Effort, tries: int = 100) -> State:
    """Try gates and new modules, refitting the weights of the variables that change; clear gains are taken at once."""
    best_gain, best = 1e-3, None
    moves = [
        *rewirings(state.base, state.modules, state.live, rng, tries),
        *insertions(state.modules, state.live, state.full, state.base, rng, tries),
    ]
    for i in rng.permutation(len(moves)):
        if effort.spent:
            break
        effort.spend(JUDGE * state.full.size)
        gain = 1.0 - _judge(state, moves[i]) / state.loss
        if gain > best_gain:
            best_gain, best = gain, moves[i]
        if gain > CLEAR:
            break
    if best is None:
        return state
    modules = list(state.modules)
    for at, module in best:
        modules[at] = module
    used = state.used | {module.out for _, module in best if module.kind != "num" and module.out not in state.live}
    return _refit(replace(state.base, modules=tuple(modules)), used, data, rng, state)


def _judge(state: State, group: list[tuple[int, Module]]) -> float:
    """Loss after replacing modules, with the weights of all categorical variables that changed fitted afresh."""
    view, alive, modules, changed = state.full, set(state.live), list(state.modules), {}
    for at, module in group:
        alive.add(module.out)
        step = propagate(modules, alive, view.changed(changed, view.scores), at, module)
        modules[at] = module
        changed |= step
    if not changed:
        return np.inf
    scores, n_cat = view.scores, state.base.n_cat
    for variable, new in changed.items():
        if state.weights[variable].any():
            scores = scores - contribution(state.weights[variable], view.values[variable])
            if variable >= n_cat:
                scores = scores + contribution(state.weights[variable], new)
    for variable, new in changed.items():
        if variable < n_cat and (state.weights[variable].any() or any(variable == m.out for _, m in group)):
            scores = scores + contribution(fit_block(scores, new, view.labels, state.base.k), new)
    return float(losses(scores, view)[0].sum())


def fit_block(scores: np.ndarray, variable: np.ndarray, labels: np.ndarray, k: int, rounds: int = 4) -> np.ndarray:
    """Weights [k, C] of one categorical variable on top of `scores`, by iterative scaling (damped for rare values)."""
    scored = labels >= 0
    base, value, label = scores[:, scored], variable[scored], labels[scored]
    n_classes = len(scores)
    wanted = np.bincount(label * k + value, minlength=k * n_classes).reshape(n_classes, k) + 0.3
    block = np.zeros((n_classes, k))
    for _ in range(rounds):
        p = softmax(base + block[:, value], 0)
        given = np.stack([np.bincount(value, row, k) for row in p])
        block += np.log(wanted / (given + 0.3))
    return block.T.astype(np.float32)
