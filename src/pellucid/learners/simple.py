"""What anything else must be better than: one answer for all inputs, and the usual label of each symbol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pellucid import candidates
from pellucid.data.schema import Field
from pellucid.language.expressions import Const, Expression, Table, Var
from pellucid.language.nodes import Assign, Input, Let
from pellucid.language.types import Value, order
from pellucid.learners.base import Found, Run, Steps
from pellucid.learners.columns import program_of
from pellucid.problem import Problem


@dataclass(frozen=True)
class Simple:
    """Constants (the commonest label, the mean of real numbers), and a table of one column of symbols."""

    name: str = candidates.SIMPLE
    settings: Mapping[str, type] = field(default_factory=dict)

    def refuses(self, problem: Problem) -> str | None:
        """None: it takes every problem."""

    def learn(self, problem: Problem, run: Run) -> Steps:
        """The constants, then the best table."""
        wanted = {f.name: problem.train.flat(f.name) for f in problem.schema.outputs}
        yield self._found(problem, {name: Const(_usual(values)) for name, values in wanted.items()})
        tables = [_table(problem, column, wanted) for column in _columns(problem)]
        if tables:
            yield self._found(problem, max(tables, key=lambda table: table[0])[1])

    def _found(self, problem: Problem, answers: Mapping[str, Expression]) -> Found:
        inputs = [Assign(f"in_{f.name}", Input(f.name)) for f in problem.schema.inputs]
        results = [Assign(f"out_{name}", Let(answer)) for name, answer in answers.items()]
        return Found(program_of(problem, [*inputs, *results], [a.name for a in results]), self.name)


def _columns(problem: Problem) -> list[Field]:
    """Input columns of few values, where every position has labels."""
    schema = problem.schema
    labelled = schema.when == "every" and all(f.values is not None for f in schema.outputs)
    return [f for f in schema.inputs if f.values is not None and f.words is None] if labelled else []


def _table(problem: Problem, column: Field, wanted: Mapping[str, list[Value]]) -> tuple[int, dict[str, Expression]]:
    """How many outputs a table of the column has right, and the table of each output."""
    right, tables = 0, dict[str, Expression]()
    given = problem.train.flat(column.name)
    for name, values in wanted.items():
        counts: dict[Value, Counter[Value]] = {}
        for key, value in zip(given, values, strict=True):
            counts.setdefault(key, Counter())[value] += value is not None
        best = {key: _commonest(count) for key, count in counts.items()}
        right += sum(count[best[key]] for key, count in counts.items())
        default = _usual(values)
        cases = tuple(((key,), best[key]) for key in order(best) if best[key] != default)
        tables[name] = Table((Var(f"in_{column.name}"),), cases, default) if cases else Const(default)
    return right, tables


def _usual(values: Iterable[Value]) -> Value:
    """The mean of real numbers, of others the commonest."""
    told = [v for v in values if v is not None]
    return float(np.mean(told)) if any(isinstance(v, float) for v in told) else _commonest(Counter(told))  # type: ignore[arg-type]


def _commonest(counts: Counter[Value]) -> Value:
    """The first of the commonest, in order."""
    most = max(counts.values())
    return order(v for v, n in counts.items() if n == most)[0]


SIMPLE = Simple()
