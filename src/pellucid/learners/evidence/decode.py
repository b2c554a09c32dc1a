"""The hard model of evidence as assignments of the language, one per variable; and beside the program read off it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, among
from pellucid.language.nodes import Aggregate, Assign, Delay, Evidence, Input, Let, Node, Select, Vote
from pellucid.language.program import Program
from pellucid.learners.columns import answered
from pellucid.learners.evidence.model import (
    END,
    NONE,
    START,
    Counted,
    EvidenceModel,
    Kinds,
    Nearest,
    Pairs,
    Shifted,
    Variable,
)
from pellucid.learners.stored import opened as opened_model
from pellucid.learners.stored import packed
from pellucid.semantics.reading import Columns

OUTPUT = "output"


@dataclass(frozen=True)
class EvidenceFiles:
    """The model that a program was read off. `columns`: names of the columns that it reads."""

    model: EvidenceModel
    program: Program
    columns: Sequence[str]

    def predict(self, inputs: Sequence) -> list:
        """Outputs for the user's inputs."""

        def answers(rows: Sequence[Columns]) -> list:
            return self.model.predict([[row[name] for row in rows] for name in self.columns])  # pyright: ignore[reportArgumentType]

        return answered(self.program, inputs, answers)

    def described(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Configuration, and arrays by name."""
        config, arrays = packed(self.model)
        return {"model": config, "columns": list(self.columns)}, arrays


def opened(config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], program: Program, where: str) -> EvidenceFiles:
    """The model that `described` described.

    Raises:
        PellucidError: naming `where`, for anything that is not such a description.
    """
    parts = (Kinds, Shifted, Nearest, Pairs, Counted)
    model = opened_model(config.get("model"), arrays, EvidenceModel, parts, where, "a model of evidence")
    return EvidenceFiles(model, program, config["columns"])


def decode(model: EvidenceModel, columns: Sequence[str]) -> tuple[Assign, ...]:
    """The assignments that compute what the model computes; the last one is the output.

    Args:
        model: any.
        columns: the user's names of its columns.
    """
    inputs = ["word"] if len(columns) == 1 else [f"word_{i}" for i in range(1, len(columns) + 1)]
    names = [*inputs, *(v.name for v in model.variables)]
    made = [Assign(name, Input(column)) for name, column in zip(inputs, columns, strict=True)]
    made += [Assign(v.name, _node(v, model, names)) for v in model.variables]
    return (*made, Assign(OUTPUT, _vote(model, names)))


def _node(variable: Variable, model: EvidenceModel, names: Sequence[str]) -> Node:
    match variable:
        case Kinds(_, codes, kinds, column):
            domain = model.domains[column]
            known = model.counts is not None and not column
            order = np.argsort(-model.counts, kind="stable").tolist() if known else range(len(codes))  # pyright: ignore[reportOptionalOperand]
            return Let(Table((Var(names[column]),), tuple(((domain[i],), kinds[codes[i]]) for i in order), kinds[0]))
        case Shifted(_, value, offset):
            return Delay(names[value], -offset, Const(START if offset < 0 else END))
        case Nearest(value=value, before=before):
            how, reach = ("last", "before") if before else ("first", "after")
            return Aggregate(_select(variable, model, names, reach), how, names[value], Const(NONE))
        case Counted():
            return Aggregate(_select(variable, model, names, "any"), "count")
        case Pairs():
            return Let(_table(variable, model, names))


def _select(head: Nearest | Counted, model: EvidenceModel, names: Sequence[str], reach) -> Select:
    keys = model.names_of(head.key)
    rows = [tuple(keys[j] for j in np.flatnonzero(row).tolist()) for row in head.truth]
    if head.query is None or len(set(rows)) == 1:
        return Select(among(Var("k"), rows[0]), (), (names[head.key],), reach)
    default = max(set(rows), key=lambda row: (rows.count(row), -len(row), row))
    pairs = zip(model.names_of(head.query), rows, strict=True)
    tests: list[tuple[Expression, Expression]] = [
        (Apply("==", (Var("q"), Const(q))), among(Var("k"), row)) for q, row in pairs if row != default
    ]
    return Select(Cases(tuple(tests), among(Var("k"), default)), (names[head.query],), (names[head.key],), reach)


def _table(table: Pairs, model: EvidenceModel, names: Sequence[str]) -> Table:
    first, second = model.names_of(table.first), model.names_of(table.second)
    cases = [
        ((first[a], second[b]), table.names[c])
        for (a, b), c in zip(table.cells.tolist(), table.codes.tolist(), strict=True)
        if c
    ]
    if table.first == table.second:
        same = tuple(((a,), outcome) for (a, b), outcome in cases if a == b)
        return Table((Var(names[table.first]),), same, table.names[0])
    return Table((Var(names[table.first]), Var(names[table.second])), tuple(cases), table.names[0])


def _vote(model: EvidenceModel, names: Sequence[str]) -> Vote:
    none: tuple[int, ...] = (0,) * len(model.labels)
    evidence, scaled = [], []
    for number, weight in sorted(model.weights.items()):
        if not weight.any():
            continue
        if weight.ndim == 1:
            scaled.append((names[number], tuple(weight.tolist())))
            continue
        pairs = zip(model.names_of(number), weight.tolist(), strict=True)
        evidence.append(Evidence(names[number], tuple((v, tuple(row)) for v, row in pairs if any(row)), none))
    return Vote(model.labels, tuple(model.bias.tolist()), tuple(evidence), tuple(scaled), model.pooled)
