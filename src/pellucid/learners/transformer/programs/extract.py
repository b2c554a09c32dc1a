"""Hardened Transformer Program -> IR program, with the user's own tokens, before any simplification.

One assignment per module, in the order of the residual stream (Friedman et al. 2023, section 3). Names say layer and
index; `program.names` gives readable ones after simplification.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from pellucid.data.vocab import Vocab
from pellucid.learners.transformer.programs.hardened import Hardened, Module
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.ir import (
    Aggregate,
    Assign,
    Embed,
    Evidence,
    Formula,
    Input,
    Lookup,
    Node,
    Program,
    Readout,
    Select,
)
from pellucid.program.predicates import Value, table_predicate


class _Builder:
    """Assignments so far, and the variables of the model by number: name, and values or largest value."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        self.assignments: list[Assign] = []
        self.categorical: dict[int, tuple[str, Sequence[Value]]] = {}
        self.numerical: dict[int, tuple[str, int]] = {}

    def add(self, name: str, node: Node) -> str:
        self.assignments.append(Assign(name, node))
        return name


def extract(hardened: Hardened, vocab: Vocab) -> Program:
    """The IR program that computes what the hardened model computes.

    Args:
        hardened: discrete model whose symbol and label codes are those of `vocab`.
        vocab: the user's tokens and labels.
    """
    build, met = _Builder(vocab), Counter[tuple[int, str]]()
    _inputs(build, hardened)
    for module in hardened.modules:
        met[module.layer, module.kind] += 1
        place = f"{module.layer + 1}_{met[module.layer, module.kind]}"
        (_head if module.kind in ("cat", "num") else _mlp)(build, module, place, "upto" if hardened.causal else "any")
    _readout(build, hardened)
    return Program(vocab, tuple(build.assignments), "output")


def _inputs(build: _Builder, hardened: Hardened) -> None:
    symbols = build.vocab.symbols
    build.add("tokens", Input("tokens"))
    for i, clusters in enumerate(hardened.embedding):
        if np.array_equal(clusters, np.arange(len(symbols))):
            build.categorical[i] = ("tokens", symbols)
            continue
        cases = tuple((token, int(c)) for token, c in zip(symbols, clusters, strict=True))
        build.categorical[i] = (build.add(f"cluster_{i + 1}", Embed("tokens", cases)), range(hardened.k))
    build.categorical[len(hardened.embedding)] = (build.add("positions", Input("positions")), range(build.vocab.width))
    build.numerical[hardened.n_cat] = (build.add("ones", Input("ones")), 1)


def _head(build: _Builder, m: Module, place: str, reach: Literal["any", "upto"]) -> None:
    (query, queries), (key, keys) = (build.categorical[v] for v in m.reads[:2])
    predicate = table_predicate(m.table[: len(queries), : len(keys)], queries, keys)
    if m.kind == "cat":
        value, values = build.categorical[m.reads[2]]
        selector = build.add(f"select_{place}", Select(query, key, predicate, "closest", reach))
        build.categorical[m.out] = (build.add(f"head_{place}", Aggregate(selector, "take", value)), values)
    else:
        number, most = build.numerical[m.reads[2]]
        selector = build.add(f"match_{place}", Select(query, key, predicate, "all", reach))
        summed = build.add(f"sum_{place}", Aggregate(selector, "sum", number))
        build.numerical[m.out] = (summed, most * build.vocab.width)


def _mlp(build: _Builder, m: Module, place: str, reach: str) -> None:
    if m.kind == "cat_mlp":
        read = [build.categorical[v] for v in m.reads]
        name, values = f"table_{place}", range(len(m.table))
    else:
        read = [_clipped(build, v, len(m.table) - 1) for v in m.reads]
        name, values = f"rule_{place}", range(int(m.table.max()) + 1)
    node = _lookup([name for name, _ in read], [domain for _, domain in read], m.table)
    build.categorical[m.out] = (build.add(name, node), values)


def _clipped(build: _Builder, variable: int, top: int) -> tuple[str, range]:
    """A numerical variable and its values; what a table does not reach is clipped, as in the model."""
    name, most = build.numerical[variable]
    if most > top:
        name, clipped, most = f"{name}_upto_{top}", Formula(Apply("min", Var(name), Const(top))), top
        if name not in {a.name for a in build.assignments}:
            build.add(name, clipped)
    return name, range(most + 1)


def _lookup(names: list[str], domains: list[Sequence[Value]], table: np.ndarray) -> Lookup:
    """The table of two variables; a variable read twice is read once."""
    if names[0] == names[1]:
        cases = [((v,), int(table[i, i])) for i, v in enumerate(domains[0])]
        return Lookup((names[0],), tuple(cases), cases[0][1])
    cases = [((v, w), int(table[i, j])) for i, v in enumerate(domains[0]) for j, w in enumerate(domains[1])]
    return Lookup(tuple(names), tuple(cases), cases[0][1])


def _readout(build: _Builder, hardened: Hardened) -> None:
    labels = build.vocab.labels
    evidence, scaled = [], []
    for variable in hardened.marked:
        weights = hardened.readout[variable]
        if variable >= hardened.n_cat:
            scaled.append((build.numerical[variable][0], tuple(map(int, weights))))
            continue
        name, values = build.categorical[variable]
        rows = tuple((v, tuple(map(int, weights[i]))) for i, v in enumerate(values) if weights[i].any())
        if rows:
            evidence.append(Evidence(name, rows, (0,) * len(labels)))
    bias = tuple(map(int, hardened.bias))
    pooled = hardened.kind == "classification"
    build.add("output", Readout(labels, bias, _merged(evidence), tuple(scaled), pooled))


def _merged(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    """One piece of evidence per variable: learnt embeddings may bring in the same variable twice."""
    merged: dict[str, Evidence] = {}
    for e in evidence:
        if e.variable not in merged:
            merged[e.variable] = e
            continue
        left, right = dict(merged[e.variable].rows), dict(e.rows)
        rows = {
            v: tuple(map(sum, zip(left.get(v, e.default), right.get(v, e.default), strict=True)))
            for v in {**left, **right}
        }
        merged[e.variable] = Evidence(e.variable, tuple(rows.items()), e.default)
    return tuple(merged.values())
