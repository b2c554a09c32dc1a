"""An exact pass for the linear readout: a table or rules over few variables, where those decide everything alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from pellucid.program.closed_forms import LONGER, MAX_ROWS, ROW, Table, rule_columns, text_size
from pellucid.program.facts import Facts
from pellucid.program.interpret import scores, values_of
from pellucid.program.ir import Program, Readout
from pellucid.program.rewrite import drop_unused, lookup_from, where_valid
from pellucid.program.rules import decision_list

SAMPLE = 4000
MOST = 12  # variables whose subsets are tried


def readout_closed(program: Program, facts: Facts) -> Program:
    """A readout that up to three of its variables decide becomes a table or rules. Preserves the output."""
    node = program[program.output]
    if not isinstance(node, Readout) or node.pooled:
        return program
    names = tuple(dict.fromkeys([*(e.variable for e in node.evidence), *(name for name, _ in node.scaled)]))
    tuples = facts.tuples(program, names, "user") if names else None
    if tuples is None:
        return program
    columns = dict(zip(names, tuples.T, strict=True))
    winners = scores(node, columns, program, (len(tuples),)).argmax(1)
    best, size = program, text_size(program)
    for changed in _closed(program, node, names, tuples, winners):
        changed = drop_unused(where_valid(program, changed))
        if changed is not program and text_size(changed) < size:
            best, size = changed, text_size(changed)
    return best


def _closed(program: Program, node: Readout, names: tuple[str, ...], tuples: np.ndarray, winners: np.ndarray):
    """Programs with the readout replaced."""
    for chosen in deciding(tuples, winners):
        rows, first = np.unique(tuples[:, chosen], axis=0, return_index=True)
        if len(rows) > MAX_ROWS:
            continue
        variables = tuple(names[i] for i in chosen)
        outputs = [node.labels[c] for c in winners[first]]
        domains = [values_of(program, v) for v in variables]
        table = lookup_from(variables, domains, rows, outputs)
        yield program.map(lambda a, table=table: table if a.name == program.output else a.node)
        yield from _by_rules(program, variables, rows, outputs)
    if len(tuples) <= MAX_ROWS:
        yield from _by_rules(program, names, tuples, [node.labels[c] for c in winners])


def _by_rules(program: Program, variables: tuple[str, ...], rows: np.ndarray, outputs: list):
    domains = [values_of(program, v) for v in variables]
    found = zip(variables, domains, rows.T.tolist(), strict=True)
    columns = {v: tuple(domain[c] for c in column) for v, domain, column in found}
    table = rule_columns(program, program.output, Table(variables, columns, tuple(outputs)))
    found = decision_list(table, outputs, ROW * len(outputs) + LONGER)
    if found is not None:
        yield program.map(lambda a: found if a.name == program.output else a.node)


def deciding(tuples: np.ndarray, winners: np.ndarray) -> list[list[int]]:
    """The smallest sets of up to three columns that determine the winner in every row."""
    sample = np.random.default_rng(0).permutation(len(tuples))[:SAMPLE]
    for size in (1, 2, 3):
        found = []
        for chosen in combinations(range(min(MOST, tuples.shape[1])), size):
            if _determined(tuples[sample][:, chosen], winners[sample]) and _determined(tuples[:, chosen], winners):
                found.append(list(chosen))
        if found:
            return found
    return []


def _determined(rows: np.ndarray, winners: np.ndarray) -> bool:
    return len(np.unique(rows, axis=0)) == len(np.unique(np.column_stack([rows, winners]), axis=0))
