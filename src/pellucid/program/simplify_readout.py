"""Exact passes for the readout: fewer variables, fewer rows, smaller weights, and a plain table where one is as short.

A weight vector added to every row of a piece of evidence and taken off the bias, or one number added to all the weights
of a row, changes no decision; that freedom is used to make the commonest row zero, and zero rows are not written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from pellucid.program.facts import Facts
from pellucid.program.interpret import evidence_table, numbers_of, values_of
from pellucid.program.ir import Evidence, Program, Readout
from pellucid.program.predicates import Value
from pellucid.program.rewrite import lookup_from, where_valid

MAX_TABLE = 200  # cases above which a readout is not worth a table
SCALES = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128)


def shrink_readout(program: Program, facts: Facts) -> Program:
    """Drop evidence, rows and digits that change no decision on the domain. Preserves the output."""
    node = program[program.output]
    if not isinstance(node, Readout):
        return program
    node = _canonical(program, node, facts)
    if not node.pooled and (decisions := _decisions(program, node, facts)) is not None:
        node = decisions.minimised().readout(node)
    return program.map(lambda a: node if a.name == program.output else a.node)


def readout_to_lookup(program: Program, facts: Facts) -> Program:
    """A readout over at most three variables becomes a table, where that takes no more rows. Preserves the output."""
    node = program[program.output]
    if not isinstance(node, Readout) or node.pooled:
        return program
    names = [e.variable for e in node.evidence] + [name for name, _ in node.scaled]
    variables = tuple(dict.fromkeys(names)) or (program.tokens,)
    tuples = facts.tuples(program, variables, "user") if len(variables) <= 3 else None
    if tuples is None or len(tuples) > MAX_TABLE:
        return program
    totals = _totals(program, node, variables, tuples)
    outputs = [node.labels[c] for c in totals.argmax(1)]
    table = lookup_from(variables, [values_of(program, v) for v in variables], tuples, outputs)
    rows = sum(len(e.rows) for e in node.evidence) + 8 * len(node.scaled)
    if len(table.cases) > rows + 4 and len(variables) > 1:
        return program
    return where_valid(program, program.map(lambda a: table if a.name == program.output else a.node))


def _totals(program: Program, node: Readout, variables: tuple[str, ...], tuples: np.ndarray) -> np.ndarray:
    """Class scores of each tuple of codes, int64 [n, class]."""
    column = dict(zip(variables, tuples.T, strict=True))
    total = np.tile(np.array(node.bias, np.int64), (len(tuples), 1))
    for i, evidence in enumerate(node.evidence):
        total += evidence_table(node, i, values_of(program, evidence.variable))[column[evidence.variable]]
    for name, weights in node.scaled:
        total += numbers_of(program.types[name], column[name])[:, None] * np.array(weights, np.int64)
    return total


def _canonical(program: Program, node: Readout, facts: Facts) -> Readout:
    """Rows of occurring values only, the commonest row zero, every smallest weight zero, nothing that is all zero."""
    bias = np.array(node.bias, np.int64)
    merged: dict[str, np.ndarray] = {}
    for i, evidence in enumerate(node.evidence):
        table = evidence_table(node, i, values_of(program, evidence.variable))
        merged[evidence.variable] = merged.get(evidence.variable, 0) + table
    kept = []
    for name, table in merged.items():
        found = facts.tuples(program, (name,), "user")
        codes = range(len(table)) if found is None else np.sort(found[:, 0])
        rows = {int(c): _lowered(table[c]) for c in codes}
        common = np.array(Counter(rows.values()).most_common(1)[0][0], np.int64)
        bias = bias + common
        values = values_of(program, name)
        left = [(values[c], _lowered(np.array(row) - common)) for c, row in rows.items()]
        if rows := tuple((v, row) for v, row in left if any(row)):
            kept.append(Evidence(name, rows, (0,) * len(bias)))
    slopes: dict[str, np.ndarray] = {}
    for name, weights in node.scaled:
        slopes[name] = slopes.get(name, 0) + np.array(weights, np.int64)
    scaled = []
    for name, weights in slopes.items():
        found = facts.tuples(program, (name,), "user")
        if found is not None and len(found) == 1:
            bias = bias + int(numbers_of(program.types[name], found[0])[0]) * weights
        elif any(_lowered(weights)):
            scaled.append((name, tuple(map(int, weights))))
    return replace(node, bias=_lowered(bias), evidence=tuple(kept), scaled=tuple(scaled))


def _lowered(weights: np.ndarray) -> tuple[int, ...]:
    return tuple(int(w) for w in weights - weights.min())


@dataclass
class _Decisions:
    """A readout on the distinct combinations of its variables: pieces of evidence as code tables."""

    tables: list[np.ndarray]  # int64 [value, class] each
    columns: list[np.ndarray]  # int [combination] each: which row of its table applies
    bias: np.ndarray
    values: list  # values behind the rows of each table
    names: list[str]
    numeric: list[bool]  # scaled variables: their weights stay a multiple of the value

    def total(self) -> np.ndarray:
        parts = (table[column] for table, column in zip(self.tables, self.columns, strict=True))
        return sum(parts, np.tile(self.bias, (len(self.columns[0]), 1)))

    def minimised(self) -> _Decisions:
        """Greedily zero whole tables, then rows, then take the smallest integer weights that decide alike."""
        total = self.total()
        winners = total.argmax(1)
        for i in sorted(range(len(self.tables)), key=lambda i: -np.count_nonzero(self.tables[i])):
            without = total - self.tables[i][self.columns[i]]
            if (without.argmax(1) == winners).all():
                total, self.tables[i] = without, np.zeros_like(self.tables[i])
        for i, table in enumerate(self.tables):
            for row in [] if self.numeric[i] else np.flatnonzero(table.any(1)):
                here = self.columns[i] == row
                if ((total[here] - table[row]).argmax(1) == winners[here]).all():
                    total[here] -= table[row]
                    table[row] = 0
        return self._rescaled(winners)

    def _rescaled(self, winners: np.ndarray) -> _Decisions:
        largest = max(int(abs(t).max(initial=0)) for t in (*self.tables, self.bias))
        for scale in SCALES:
            if scale >= largest:
                break
            tables = [t if n else _rounded(t, scale / largest) for t, n in zip(self.tables, self.numeric, strict=True)]
            if any(self.numeric):
                break
            smaller = replace(self, tables=tables, bias=_rounded(self.bias, scale / largest))
            if (smaller.total().argmax(1) == winners).all():
                return smaller
        return self

    def readout(self, node: Readout) -> Readout:
        evidence, scaled = [], []
        weights = dict(node.scaled)
        for name, table, values, numeric in zip(self.names, self.tables, self.values, self.numeric, strict=True):
            if numeric and table.any():
                scaled.append((name, weights[name]))
            elif not numeric:
                rows = tuple((v, tuple(map(int, row))) for v, row in zip(values, table, strict=True) if row.any())
                evidence += [Evidence(name, rows, (0,) * len(self.bias))] if rows else []
        return replace(node, bias=_lowered(self.bias), evidence=tuple(evidence), scaled=tuple(scaled))


def _rounded(table: np.ndarray, factor: float) -> np.ndarray:
    return np.rint(table * factor).astype(np.int64)


def _decisions(program: Program, node: Readout, facts: Facts) -> _Decisions | None:
    names = [e.variable for e in node.evidence] + [name for name, _ in node.scaled]
    tuples = facts.tuples(program, names, "user") if names else None
    if tuples is None:
        return None
    tables = [evidence_table(node, i, values_of(program, e.variable)) for i, e in enumerate(node.evidence)]
    for name, weights in node.scaled:
        numbers = numbers_of(program.types[name], np.arange(len(values_of(program, name))))
        tables.append(numbers[:, None] * np.array(weights, np.int64))
    numeric = [False] * len(node.evidence) + [True] * len(node.scaled)
    values: list[list[Value]] = [list(values_of(program, name)) for name in names]
    return _Decisions(tables, list(tuples.T), np.array(node.bias, np.int64), values, names, numeric)
