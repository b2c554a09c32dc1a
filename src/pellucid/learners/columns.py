"""From assignments that a learner made to a program for a problem; and what a model beside it says of inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from pellucid.data.schema import Field
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
    schema, closed = problem.schema, _closed(assignments)
    columns = tuple(f.closed() if f.name in closed else f.open() for f in schema.inputs)
    outputs = tuple(
        Output(field.name, name, field.values if field.type.texts else None)
        for field, name in zip(schema.outputs, results, strict=True)
    )
    made = Program(columns, tuple(assignments), outputs, schema.when, problem.longest)
    return made.pruned()


def opened(program: Program, problem: Problem) -> Program:
    """The program with those columns open that no table reads any more, and of which there is more than the data shows.

    There is where a number was seen once only (Good, 1953: what was not seen is about as frequent as that).
    """
    closed = _closed(program.assignments)
    columns = tuple(
        column if field.name in closed or not _partial(problem, field) else field.open()
        for column, field in zip(program.inputs, problem.schema.inputs, strict=True)
    )
    return program if columns == program.inputs else replace(program, inputs=columns)


def _partial(problem: Problem, field: Field) -> bool:
    seen = problem.train.flat(field.name) if field.type.is_number and field.values is not None else []
    return 1 in Counter(seen).values()


def _closed(assignments: Sequence[Assign]) -> set[str]:
    """Columns that a table reads."""
    listed = {name for a in assignments for name in _listed(a.node)}
    return {a.node.column for a in assignments if isinstance(a.node, Input) and a.name in listed}


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
