"""What a numeric program did on one input: every variable at every step, and what each variable is, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.program.numeric import text
from pellucid.program.numeric.expression import Number
from pellucid.program.numeric.facts import facts
from pellucid.program.numeric.interpret import as_rows, evaluate, predict
from pellucid.program.numeric.nodes import Column, Formula, Lookup, Node, Position, Route, Running
from pellucid.program.numeric.program import NumericProgram

WIDEST = 18  # columns of a number in the table
NAMES = {"sum": "sum", "mean": "mean", "min": "smallest", "max": "largest", "mode": "most frequent value"}


@dataclass(frozen=True)
class Variable:
    """A variable: what it is in words, and its values at the steps."""

    name: str
    meaning: str
    values: tuple[Number, ...]


@dataclass(frozen=True)
class Trace:
    """One run of a program."""

    sequence: tuple
    output: Any
    variables: tuple[Variable, ...]
    results: tuple[str, ...]

    def __str__(self) -> str:
        """The meaning of every variable, then a table with a row for each step."""
        wide = max((len(v.name) for v in self.variables), default=0)
        words = [f"{v.name:{wide}}  {v.meaning}" for v in self.variables]
        return "\n".join([*words, "", *self._table(), "", f"output: {_shown(self.output)}"])

    def _table(self) -> list[str]:
        columns = [["step", *map(str, range(1, len(self.sequence) + 1))]]
        for v in self.variables:
            columns.append([v.name + ("*" if v.name in self.results else ""), *map(_short, v.values)])
        widths = [max(map(len, column)) for column in columns]
        rows = zip(*columns, strict=True)
        return ["  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True)) for row in rows]

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "input": list(self.sequence),
            "output": self.output,
            "results": list(self.results),
            "variables": [{"name": v.name, "meaning": v.meaning, "values": list(v.values)} for v in self.variables],
        }


def explain(program: NumericProgram, sequence: Sequence) -> Trace:
    """The trace of a program on one input in the user's form.

    Raises:
        PellucidError: where the program would refuse the input.
    """
    (output,) = predict(program, [sequence], exact=True)
    rows = as_rows(program, sequence)
    shaped = np.array(rows, object).reshape(len(rows), len(program.inputs))
    env = evaluate(program, [shaped], exact=True)
    variables = (Variable(a.name, in_words(program, a.name), tuple(env[a.name][0].tolist())) for a in program)
    return Trace(tuple(sequence), output, tuple(variables), program.results)


def in_words(program: NumericProgram, name: str) -> str:
    """What a variable is."""
    node = program[name]
    match node:
        case Formula(expression):
            return text.value(expression, facts(program))
        case Lookup(variables, cases, default):
            return f"by {', '.join(variables)}: a table of {len(cases)} cases, else {default}"
    return _remembered(node)


def _remembered(node: Node) -> str:
    match node:
        case Column(name):
            return f"input {name}"
        case Position(start):
            return f"number of the step, from {start}"
        case Route(variable, "offset", amount, default=default):
            return f"{variable} {_steps(amount)} before ({default} before the start)"
        case Route(variable, "first"):
            return f"{variable} at the first step"
        case Route(variable, "last where", amount, where, default):
            reach = "before this one " if amount else ""
            return f"{variable} at the last step {reach}where {where} (else {default})"
        case Route(variable, rule, where=key, window=window):
            best = "largest" if rule == "argmax" else "smallest"
            return f"{variable} at the first step with the {best} {key}{_among(window)}"
        case Running("count", _, window, where):
            return f"number of steps{f' where {where}' if where else ''}{_among(window)}"
        case Running(how, variable, window, where):
            return f"{NAMES[how]} of {variable}{f' where {where}' if where else ''}{_among(window)}"
    raise ValueError(f"unknown node {node}")


def _steps(count: int) -> str:
    return "one step" if count == 1 else f"{count} steps"


def _among(window: int | None) -> str:
    return " so far" if window is None else f" among the last {window}"


def _short(value: Number) -> str:
    shown = str(value)
    return shown if len(shown) <= WIDEST else f"{value:.8g}" if isinstance(value, float) else shown


def _shown(output: Any) -> str:
    return " ".join(map(str, output)) if isinstance(output, list) else str(output)
