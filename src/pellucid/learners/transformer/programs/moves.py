"""Candidate changes for the refinement of a hardened program, and views on which they are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from pellucid.learners.transformer.programs.hardened import (
    SIMPLE_FORMS,
    Hardened,
    Module,
    Places,
    contribution,
    places_of,
    run_module,
    simple_predicate,
    variables,
)

Group = list[tuple[int, Module]]


@dataclass(frozen=True)
class View(Places):
    """Sequences with the values of the current program; the batch is the innermost axis, for speed.

    labels int [width, n], or [n] for classification; values int [width, n] each; scores float [C, width, n]; share
    float [width, n] = weight of a position in the pooled scores (classification).
    """

    labels: np.ndarray
    values: Sequence[np.ndarray]
    scores: np.ndarray
    share: np.ndarray

    @property
    def size(self) -> int:
        """Number of sequences."""
        return self.real.shape[-1]

    def take(self, rows: np.ndarray) -> View:
        """The same for some of the sequences."""
        labels, scores, share, real = (a[..., rows] for a in (self.labels, self.scores, self.share, self.real))
        return View(self.order, real, labels, [v[:, rows] for v in self.values], scores, share)

    def changed(self, values: Mapping[int, np.ndarray], scores: np.ndarray) -> View:
        """The same with other values of some variables, and the scores that these give."""
        return replace(self, values=[values.get(i, old) for i, old in enumerate(self.values)], scores=scores)


def view_of(
    h: Hardened, tokens: np.ndarray, labels: np.ndarray, weights: Sequence[np.ndarray], bias: np.ndarray
) -> View:
    """Evaluate a program with float readout weights (per variable [k, C], numerical [C]) on some sequences."""
    values = variables(h, tokens)
    scores = np.zeros((len(bias), *values[0].shape), np.float32) + bias[:, None, None]
    for variable, weight in zip(values, weights, strict=True):
        if weight.any():
            scores += contribution(weight, variable)
    own = h.own(tokens).T
    share = (own / np.maximum(own.sum(0), 1)).astype(np.float32)
    places = places_of(h, tokens)
    return View(places.order, places.real, np.ascontiguousarray(labels.T), values, scores, share)


def propagate(modules: Sequence[Module], live: set[int], view: View, at: int, module: Module) -> dict[int, np.ndarray]:
    """New values of the variables that change when `modules[at]` becomes `module`; only live modules are followed."""
    values, changed = list(view.values), {}
    for m in (module, *modules[at + 1 :]):
        if m is module or (m.out in live and any(r in changed for r in m.reads)):
            new = run_module(m, values, view)
            if not np.array_equal(new, values[m.out]):
                values[m.out] = changed[m.out] = new
            elif m is module:
                break
    return changed


def edits(
    modules: list[Module], live: set[int], view: View, k: int, rng: np.random.Generator
) -> Iterator[tuple[int, Module]]:
    """Every single change of a predicate row or a table cell that occurs in `view`, in random order.

    Reads `modules` as it goes, so accepted changes are built upon.
    """
    places: list[tuple[int, int, int, int]] = []
    for at, m in enumerate(modules):
        if m.out not in live:
            continue
        if m.kind in ("cat", "num"):
            rows, keys = np.unique(view.values[m.reads[0]]), np.unique(view.values[m.reads[1]])
            places += [(at, int(r), int(c), 0) for r in rows for c in keys]
        else:
            cells = np.unique([np.minimum(view.values[r], len(m.table) - 1).ravel() for r in m.reads], axis=1)
            values = np.unique(m.table)
            spare = np.setdiff1d(np.arange(k), values)[:1]  # one of 0..k-1 that the table does not give yet
            places += [(at, int(a), int(b), int(v)) for a, b in cells.T for v in (*values, *spare)]
    for i in rng.permutation(len(places)):
        at, row, column, value = places[i]
        m = modules[at]
        if m.kind in ("cat", "num"):
            yield from ((at, replace(m, table=table)) for table in _row_changes(m.table, row, column))
        elif m.table[row, column] != value:
            table = m.table.copy()
            table[row, column] = value
            yield at, replace(m, table=table)


def _row_changes(table: np.ndarray, row: int, column: int) -> Iterator[np.ndarray]:
    moved = table.copy()
    moved[row] = False
    moved[row, column] = True
    if not np.array_equal(moved, table):
        yield moved
    flipped = table.copy()
    flipped[row, column] ^= True
    if not np.array_equal(flipped, moved):
        yield flipped


def rewirings(
    h: Hardened, modules: list[Module], live: set[int], rng: np.random.Generator, tries: int
) -> Iterator[Group]:
    """Random changes of one gate of a live module."""
    alive = [at for at, m in enumerate(modules) if m.out in live]
    for _ in range(tries if alive else 0):
        at = int(rng.choice(alive))
        m = modules[at]
        slot = int(rng.integers(len(m.reads)))
        if m.kind == "num" and slot == 2:
            continue
        reads = list(m.reads)
        reads[slot] = int(rng.choice(readable(h, modules, m)[m.kind == "num_mlp"]))
        if tuple(reads) != m.reads:
            yield [(at, replace(m, reads=tuple(reads)))]


def readable(h: Hardened, modules: list[Module], m: Module) -> tuple[list[int], list[int]]:
    """Categorical and numerical variables that a module may read."""
    cat, num = list(range(len(h.embedding) + 1)), [h.n_cat]
    for x in modules:
        heads_too = m.kind in ("cat_mlp", "num_mlp") and x.layer == m.layer and x.kind in ("cat", "num")
        if x.layer < m.layer or heads_too:
            (num if x.kind == "num" else cat).append(x.out)
    return cat, num


def insertions(
    modules: list[Module], live: set[int], view: View, h: Hardened, rng: np.random.Generator, tries: int
) -> Iterator[Group]:
    """Unused modules put to a new use: a head with a simple predicate, or a table of the current residuals."""
    dead = {
        kind: [at for at, m in enumerate(modules) if m.kind == kind and m.out not in live]
        for kind in ("cat", "num", "cat_mlp", "num_mlp")
    }
    usable = [kind for kind in ("cat", "cat_mlp", "num_mlp") if dead[kind]]
    residual = residuals(view)
    for _ in range(tries if usable else 0):
        at = int(rng.choice(dead[str(rng.choice(usable))]))
        m = modules[at]
        cat, _ = readable(h, modules, m)
        if m.kind == "cat":
            yield [(at, _random_head(m, cat, cat, view, h, rng))]
        elif m.kind == "cat_mlp":
            reads = tuple(int(v) for v in rng.choice(cat, 2))
            yield [(at, residual_table(replace(m, reads=reads), view.values, residual, h.k))]
        else:
            yield _counted(at, m, modules, dead["num"], live, view, h, residual, rng)


def _counted(at: int, m: Module, modules, dead_heads: list[int], live, view: View, h: Hardened, residual, rng) -> Group:
    """A numerical MLP, half the time with a new numerical head as its first input."""
    _, num = readable(h, modules, m)
    alive = [u for u in num if u in live or u == num[0]]
    heads = [i for i in dead_heads if modules[i].out in num]
    group, values, first = [], list(view.values), int(rng.choice(alive))
    if heads and rng.random() < 0.7:
        i = int(rng.choice(heads))
        cat, _ = readable(h, modules, modules[i])
        head = _random_head(modules[i], cat, [num[0]], view, h, rng)
        values[head.out] = run_module(head, values, view)
        group, first = [(i, head)], head.out
    reads = (first, int(rng.choice(alive)))
    return [*group, (at, residual_table(replace(m, reads=reads), values, residual, h.k))]


def _random_head(
    m: Module, cat: list[int], value: list[int], view: View, h: Hardened, rng: np.random.Generator
) -> Module:
    query, key = int(rng.choice(cat)), int(rng.choice(cat))
    if rng.random() < 0.5:
        query = key
    reads = (query, key, int(rng.choice(value)))
    keys = np.unique(view.values[key])
    return replace(m, reads=reads, table=simple_predicate(h.k, str(rng.choice(SIMPLE_FORMS)), int(rng.choice(keys))))


def residuals(view: View) -> np.ndarray:
    """Label minus predicted probability, [C, width, n]; zero where not scored."""
    p = softmax(view.scores, 0)
    target = view.labels[None] == np.arange(len(p))[:, None, None]
    return np.where(view.labels >= 0, target - p, 0.0)


def residual_table(m: Module, values, residual: np.ndarray, k: int) -> Module:
    """Each cell gives the class whose score is most too low there (0 = none stands out, class c as c + 1)."""
    side = len(m.table)
    a, b = (np.clip(values[r], 0, side - 1) for r in m.reads)
    cell = (a * side + b).ravel()
    sums = np.stack([np.bincount(cell, row.ravel(), side * side) for row in residual], 1)
    best = np.where(sums.max(1) > 0.3, sums.argmax(1) + 1, 0)
    return replace(m, table=np.minimum(best, k - 1).reshape(side, side).astype(m.table.dtype))
