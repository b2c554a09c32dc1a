"""From assignments that a learner made to a program for a problem; and what a model beside it says of inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pellucid.language.expressions import Expression, Table, Var, walk
from pellucid.language.nodes import Aggregate, Assign, Input, Let, Node, Output, Vote
from pellucid.language.program import Program
from pellucid.problem import Problem
from pellucid.semantics.reading import Columns, columns_of
from pellucid.verify.outputs import ABSENT


def program_of(problem: Problem, assignments: Sequence[Assign], results: Sequence[str]) -> Program:
    """The program without what it does not need.

    A column of whole numbers is open, so that any number is taken, unless a table reads it: then a number that the data
    does not have is unknown.

    Args:
        problem: what was learned.
        assignments: the variables.
        results: the variable of each output column.
    """
    schema = problem.schema
    listed = {name for a in assignments for name in _listed(a.node)}
    closed = {a.node.column for a in assignments if isinstance(a.node, Input) and a.name in listed}
    columns = tuple(f.closed() if f.name in closed else f.open() for f in schema.inputs)
    outputs = tuple(
        Output(field.name, name, field.values if field.type.texts else None)
        for field, name in zip(schema.outputs, results, strict=True)
    )
    made = Program(columns, tuple(assignments), outputs, schema.when, problem.longest)
    return made.pruned()


def _listed(node: Node) -> Iterator[str]:
    """Variables that a node looks up in a table."""
    match node:
        case Let(expression):
            yield from _tables(expression)
        case Vote(evidence=evidence):
            yield from (part.variable for part in evidence)
        case Aggregate(select):
            if select.match is not None and any(_tables(select.match)):
                yield from (*select.query, *select.key)


def _tables(expression: Expression) -> Iterator[str]:
    for part in walk(expression):
        if isinstance(part, Table):
            yield from (arg.name for arg in part.args if isinstance(arg, Var))


def answered(
    program: Program,
    inputs: Sequence,
    answers: Callable[[list[Columns]], list],
    takes: Callable[[Columns], bool] = lambda columns: True,
) -> list:
    """What a model beside its program says of the user's inputs, of any length.

    Args:
        program: says how inputs are read, and what comes out for an empty one.
        answers: outputs of the model for inputs, none empty, by column.
        takes: whether the model knows all of an input; ABSENT stands in place of the output for others.
    """
    rows = [columns_of(program.inputs, sequence) for sequence in inputs]
    lengths = [len(next(iter(row.values()))) for row in rows]
    empty = [] if program.when == "every" else (program.empty or (None,))[0]
    found: list[Any] = [ABSENT if length else empty for length in lengths]
    full = [i for i, length in enumerate(lengths) if length and takes(rows[i])]
    if full:
        for i, output in zip(full, answers([rows[i] for i in full]), strict=True):
            found[i] = output
    return found
