"""Hardened Transformer Program -> IR program, with the user's own tokens, before any simplification.

One assignment per module, in the order of the residual stream (Friedman et al. 2023, section 3). Names say layer and
index; `program.names` gives readable ones after simplification.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.data.vocab import Vocab
from pellucid.learners.transformer.programs.hardened import Hardened, HardLayer
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
from pellucid.program.predicates import Predicate, Value, table_predicate


class _Builder:
    """Assignments so far, and the residual stream: names and values of its variables in the model's order."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        self.assignments: list[Assign] = []
        self.categorical: list[tuple[str, Sequence[Value]]] = []
        self.numerical: list[tuple[str, int]] = []  # name, largest value

    def add(self, name: str, node: Node) -> str:
        self.assignments.append(Assign(name, node))
        return name


def extract(hardened: Hardened, vocab: Vocab) -> Program:
    """The IR program that computes what the hardened model computes.

    Args:
        hardened: discrete model whose symbol and label codes are those of `vocab`.
        vocab: the user's tokens and labels.
    """
    build = _Builder(vocab)
    _inputs(build, hardened)
    for number, layer in enumerate(hardened.layers, 1):
        _layer(build, layer, number, hardened.causal)
    _readout(build, hardened)
    return Program(vocab, tuple(build.assignments), "output")


def _inputs(build: _Builder, hardened: Hardened) -> None:
    symbols = build.vocab.symbols
    build.add("tokens", Input("tokens"))
    for i, clusters in enumerate(hardened.embedding):
        if np.array_equal(clusters, np.arange(len(symbols))):
            build.categorical.append(("tokens", symbols))
            continue
        cases = tuple((token, int(c)) for token, c in zip(symbols, clusters, strict=True))
        build.categorical.append((build.add(f"cluster_{i + 1}", Embed("tokens", cases)), range(hardened.k)))
    build.add("positions", Input("positions"))
    build.categorical.append(("positions", range(build.vocab.width)))
    build.add("ones", Input("ones"))
    build.numerical.append(("ones", 1))


def _layer(build: _Builder, layer: HardLayer, number: int, causal: bool) -> None:
    reach = "upto" if causal else "any"
    heads: list[tuple[str, Sequence[Value]]] = []
    for h in range(len(layer.cat_query)):
        query, key = build.categorical[layer.cat_query[h]], build.categorical[layer.cat_key[h]]
        value, values = build.categorical[layer.cat_value[h]]
        selector = build.add(
            f"select_{number}_{h + 1}",
            Select(query[0], key[0], _predicate(layer.cat_predicate[h], query[1], key[1]), "closest", reach),
        )
        heads.append((build.add(f"head_{number}_{h + 1}", Aggregate(selector, "take", value)), values))
    sums: list[tuple[str, int]] = []
    for h in range(len(layer.num_query)):
        query, key = build.categorical[layer.num_query[h]], build.categorical[layer.num_key[h]]
        value, most = build.numerical[layer.num_value[h]]
        selector = build.add(
            f"match_{number}_{h + 1}",
            Select(query[0], key[0], _predicate(layer.num_predicate[h], query[1], key[1]), "all", reach),
        )
        sums.append((build.add(f"sum_{number}_{h + 1}", Aggregate(selector, "sum", value)), most * build.vocab.width))
    build.categorical += heads
    build.numerical += sums
    tables = [_categorical_mlp(build, layer, number, m) for m in range(len(layer.cat_mlp_read))]
    tables += [_numerical_mlp(build, layer, number, m) for m in range(len(layer.num_mlp_read))]
    build.categorical += tables


def _predicate(truth: np.ndarray, queries: Sequence[Value], keys: Sequence[Value]) -> Predicate:
    return table_predicate(truth[: len(queries), : len(keys)], queries, keys)


def _categorical_mlp(build: _Builder, layer: HardLayer, number: int, m: int) -> tuple[str, Sequence[Value]]:
    args = [build.categorical[v] for v in layer.cat_mlp_read[m]]
    table = layer.cat_mlp_table[m]
    node = _lookup([name for name, _ in args], [values for _, values in args], table)
    return build.add(f"table_{number}_{m + 1}", node), range(table.shape[-1])


def _numerical_mlp(build: _Builder, layer: HardLayer, number: int, m: int) -> tuple[str, Sequence[Value]]:
    table = layer.num_mlp_table[m]
    names, domains = [], []
    for variable in layer.num_mlp_read[m]:
        name, most = build.numerical[variable]
        if most >= len(table):  # the model clips what its table does not reach
            most = len(table) - 1
            clipped = f"{name}_upto_{most}"
            if clipped not in {a.name for a in build.assignments}:
                build.add(clipped, Formula(Apply("min", Var(name), Const(most))))
            name = clipped
        names.append(name)
        domains.append(range(most + 1))
    return build.add(f"rule_{number}_{m + 1}", _lookup(names, domains, table)), range(int(table.max()) + 1)


def _lookup(names: list[str], domains: list[Sequence[Value]], table: np.ndarray) -> Lookup:
    """The table of two variables; a variable read twice is read once."""
    if names[0] == names[1]:
        cases = [((v,), int(table[i, i])) for i, v in enumerate(domains[0])]
        return Lookup((names[0],), tuple(cases), cases[0][1])
    cases = [((v, w), int(table[i, j])) for i, v in enumerate(domains[0]) for j, w in enumerate(domains[1])]
    return Lookup(tuple(names), tuple(cases), cases[0][1])


def _readout(build: _Builder, hardened: Hardened) -> None:
    labels = build.vocab.labels
    evidence = []
    for (name, values), weights in zip(build.categorical, hardened.readout_cat, strict=True):
        rows = tuple((v, tuple(map(int, weights[i]))) for i, v in enumerate(values) if weights[i].any())
        if rows:
            evidence.append(Evidence(name, rows, (0,) * len(labels)))
    scaled = [
        (name, tuple(map(int, weights)))
        for (name, _), weights in zip(build.numerical, hardened.readout_num, strict=True)
        if weights.any()
    ]
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
