"""The hard text model as an IR program: one assignment per variable, with its names, before any simplification."""

from __future__ import annotations

import numpy as np

from pellucid.data.tokens import Token
from pellucid.data.vocab import Vocab
from pellucid.program.ir import Aggregate, Assign, Embed, Evidence, Input, Lookup, Node, Program, Readout, Select
from pellucid.program.predicates import Compare, Match, OneOf, Predicate
from pellucid.text.model import END, NONE, START, Counted, Kinds, Nearest, Pairs, Shifted, TextModel

OUTPUT = "output"


def decode(model: TextModel, vocab: Vocab) -> Program:
    """The program that computes what the model computes, with the variables it needs.

    Args:
        model: its words and labels are those of `vocab`.
        vocab: a vocabulary of texts.
    """
    live = _live(model)
    assigns = [Assign("words", Input("tokens"))]
    if any(isinstance(v, Shifted) for i, v in enumerate(model.variables, 1) if i in live):
        assigns.append(Assign("positions", Input("positions")))
    names = ["words", *(v.name for v in model.variables)]
    for number, variable in enumerate(model.variables, 1):
        if number in live:
            assigns += _assigned(variable, model, names)
    assigns.append(Assign(OUTPUT, _readout(model, names)))
    return Program(vocab, tuple(assigns), OUTPUT, markers=False, unbounded=True)


def _live(model: TextModel) -> set[int]:
    """Numbers of the variables that the answer depends on."""
    live = {number for number, weight in model.weights.items() if weight.any()}
    for number in range(len(model.variables), 0, -1):
        if number in live:
            match model.variables[number - 1]:
                case Shifted(_, value):
                    live.add(value)
                case Nearest(_, query, key, _, value):
                    live |= {key, value} | (set() if query is None else {query})
                case Pairs(_, first, second):
                    live |= {first, second}
                case Counted(_, query, key):
                    live |= {key} | (set() if query is None else {query})
    return live


def _assigned(
    variable: Kinds | Shifted | Nearest | Pairs | Counted, model: TextModel, names: list[str]
) -> list[Assign]:
    name = variable.name
    match variable:
        case Kinds(_, codes, kinds):
            order = range(len(codes)) if model.counts is None else np.argsort(-model.counts, kind="stable").tolist()
            cases = tuple((model.words[i], kinds[codes[i]]) for i in order)
            return [Assign(name, Embed("words", cases))]
        case Shifted(_, value, offset):
            select = Select("positions", "positions", Compare("==", offset), "all")
            how, missing = ("last", START) if offset < 0 else ("first", END)
            return _head(name, select, Aggregate(f"select_{name}", how, names[value], missing))
        case Nearest(_, query, key, _, value, before):
            asks = names[key if query is None else query]
            reach = "before" if before else "after"
            select = Select(asks, names[key], _predicate(variable, model), "all", reach)
            return _head(name, select, Aggregate(f"select_{name}", "last" if before else "first", names[value], NONE))
        case Pairs():
            return [Assign(name, _table(variable, model, names))]
        case Counted(_, query, key):
            asks = names[key if query is None else query]
            select = Select(asks, names[key], _predicate(variable, model), "all")
            return _head(name, select, Aggregate(f"select_{name}", "count"))


def _head(name: str, select: Select, aggregate: Aggregate) -> list[Assign]:
    return [Assign(f"select_{name}", select), Assign(name, aggregate)]


def _predicate(head: Nearest | Counted, model: TextModel) -> Predicate:
    keys = model.names_of(head.key)
    rows = [tuple(keys[j] for j in np.flatnonzero(row).tolist()) for row in head.truth]
    if head.query is None or len(set(rows)) == 1:
        return OneOf(rows[0])
    default = max(set(rows), key=lambda row: (rows.count(row), -len(row), row))
    queries = model.names_of(head.query)
    return Match(tuple((q, row) for q, row in zip(queries, rows, strict=True) if row != default), default)


def _table(table: Pairs, model: TextModel, names: list[str]) -> Node:
    first, second = model.names_of(table.first), model.names_of(table.second)
    cases = [
        ((first[a], second[b]), table.names[c])
        for (a, b), c in zip(table.cells.tolist(), table.codes.tolist(), strict=True)
        if c
    ]
    if table.first == table.second:
        cases = [((a,), outcome) for (a, b), outcome in cases if a == b]
        return Lookup((names[table.first],), tuple(cases), table.names[0])
    return Lookup((names[table.first], names[table.second]), tuple(cases), table.names[0])


def _readout(model: TextModel, names: list[str]) -> Readout:
    none: tuple[int, ...] = (0,) * len(model.labels)
    evidence, scaled = [], []
    for number, weight in sorted(model.weights.items()):
        if not weight.any():
            continue
        if weight.ndim == 1:
            scaled.append((names[number], tuple(weight.tolist())))
            continue
        values: tuple[Token, ...] = model.names_of(number)
        rows = tuple((value, tuple(row)) for value, row in zip(values, weight.tolist(), strict=True) if any(row))
        evidence.append(Evidence(names[number], rows, none))
    bias = tuple(np.asarray(model.bias).tolist())
    return Readout(model.labels, bias, tuple(evidence), tuple(scaled), model.pooled)
