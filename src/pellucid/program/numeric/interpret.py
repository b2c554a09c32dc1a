"""What numeric programs mean: every variable at every step, for many sequences at once.

Nodes that no cycle goes through are computed for all steps together, the others step by step. `exact` computes with
Python's own numbers and functions, operator by operator, as the emitted text does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pellucid.errors import PellucidError
from pellucid.program.numeric.arrays import (
    SAFE,
    apply,
    as_objects,
    choose,
    constant,
    join,
    largest,
    ratio,
    running_sum,
    settled,
    truth,
)
from pellucid.program.numeric.arrays import evaluate as evaluate_expression
from pellucid.program.numeric.components import components
from pellucid.program.numeric.nodes import Column, Formula, Lookup, Node, Position, Route, Running
from pellucid.program.numeric.program import NumericProgram
from pellucid.program.numeric.runtime import number
from pellucid.program.numeric.steps import Step, stepper

Env = dict[str, np.ndarray]
FEW = 64  # cases of a table that are compared one by one


def evaluate_batch(program: NumericProgram, inputs: np.ndarray, exact: bool = False) -> Env:
    """Every variable's values.

    Args:
        program: any program.
        inputs: [sequences, steps, columns]; whole numbers if the program wants them.
        exact: with Python numbers and the emitted text's own functions; slower.

    Returns:
        Name to [sequences, steps], int64 where all values are whole and fit, float64, or objects where neither does.
    """
    batch = _Batch(program, inputs, exact)
    for names, cyclic in components(program):
        if cyclic:
            batch.step_by_step(names)
        else:
            batch.whole(names[0])
    return {name: settled(batch.env[name]) for name in program.nodes}


def evaluate(program: NumericProgram, inputs: Sequence[np.ndarray], exact: bool = False) -> dict[str, list[np.ndarray]]:
    """Every variable's values for sequences of any lengths: name to one array [steps] per sequence."""
    found: dict[str, list[np.ndarray]] = {name: [np.empty(0)] * len(inputs) for name in program.nodes}
    for places in _by_length([len(sequence) for sequence in inputs]):
        env = evaluate_batch(program, np.stack([inputs[i] for i in places]), exact)
        for name, values in env.items():
            for i, row in zip(places, values, strict=True):
                found[name][i] = row
    return found


def outputs(program: NumericProgram, inputs: Sequence[np.ndarray], exact: bool = False) -> list[np.ndarray]:
    """What the program gives: per sequence [steps, output columns]; with `last` [1, output columns]."""
    env = evaluate(program, inputs, exact)
    first = -1 if program.last else 0
    return [join([env[name][i][first:] for name in program.results]) for i in range(len(inputs))]


def predict(program: NumericProgram, sequences: Iterable[Sequence], exact: bool = False) -> list:
    """Outputs in the user's form, for inputs in the user's form: numbers, or lists of numbers per step.

    Raises:
        PellucidError: where the emitted program raises `ValueError`.
    """
    rows = [as_rows(program, sequence) for sequence in sequences]
    filled = [np.array(r, object) for r in rows if r]
    shaped = [_narrow(r, program) for r in filled]
    env = evaluate(program, shaped, exact)
    place = iter(range(len(filled)))
    return [_user_form(program, env, next(place)) if r else [] for r in rows]


def as_rows(program: NumericProgram, sequence: Sequence) -> list[list[int | float]]:
    """The steps of a sequence in the user's form as rows of checked numbers."""
    rows, width = [], len(program.inputs)
    for place, step in enumerate(sequence, 1):
        row = list(step) if isinstance(step, list | tuple | np.ndarray) else [step]
        try:
            if len(row) != width:
                raise ValueError(f"expected {width} numbers, got {len(row)}")
            rows.append([number(value, program.whole_inputs) for value in row])
        except ValueError as error:
            raise PellucidError(f"step {place}: {error}") from None
    if program.last and not rows:
        raise PellucidError("an empty sequence has no last step")
    return rows


def _narrow(rows: np.ndarray, program: NumericProgram) -> np.ndarray:
    if not program.whole_inputs:
        return rows.astype(np.float64)
    return rows.astype(np.int64) if largest(rows) < SAFE else rows


def _user_form(program: NumericProgram, env: dict[str, list[np.ndarray]], place: int) -> object:
    columns = [env[name][place].tolist() for name in program.results]
    rows = columns[0] if len(columns) == 1 else [list(row) for row in zip(*columns, strict=True)]
    return rows[-1] if program.last else rows


def _by_length(lengths: Sequence[int]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for i, length in enumerate(lengths):
        groups.setdefault(length, []).append(i)
    return list(groups.values())


class _Batch:
    """Sequences of one length, and the values found so far."""

    def __init__(self, program: NumericProgram, inputs: np.ndarray, exact: bool) -> None:
        self.program, self.exact = program, exact
        self.count, self.steps = inputs.shape[:2]
        self.inputs = {name: self._input(inputs[:, :, i]) for i, name in enumerate(program.inputs)}
        self.env: Env = {}

    def _input(self, column: np.ndarray) -> np.ndarray:
        if column.dtype == object or self.exact:
            return as_objects(column)
        if not self.program.whole_inputs:
            return column.astype(np.float64)
        return as_objects(column) if largest(column) >= SAFE else column.astype(np.int64)

    def whole(self, name: str) -> None:
        """A variable at all steps at once, from variables found before."""
        node = self.program[name]
        found = self._elementwise(node, self.env) if isinstance(node, ELEMENTWISE) else self._remembering(node)
        self.env[name] = np.broadcast_to(found, (self.count, self.steps))

    def _elementwise(self, node: Node, env: Env, step: int | slice = slice(None)) -> np.ndarray:
        """Also for one step alone: `env` holds the vectors of that step then."""
        match node:
            case Column(name):
                return self.inputs[name][:, step]
            case Position(start):
                steps = np.broadcast_to(np.arange(start, start + self.steps)[step], self.inputs_shape(step))
                return as_objects(steps) if self.exact else steps
            case Formula(expression):
                found = evaluate_expression(expression, env)
                return as_objects(found) if self.exact else found
            case Lookup():
                found = look_up(node, [env[v] for v in node.variables])
                return as_objects(found) if self.exact else found
        raise ValueError(f"{node} remembers")

    def inputs_shape(self, step: int | slice) -> tuple[int, ...]:
        return (self.count,) if isinstance(step, int) else (self.count, self.steps)

    def _remembering(self, node: Node) -> np.ndarray:
        match node:
            case Route(variable, "offset", amount, default=default):
                before = np.broadcast_to(constant(default), (self.count, min(amount, self.steps)))
                return join([before, self.env[variable][:, : max(self.steps - amount, 0)]], 1)
            case Route(variable, "first"):
                return self.env[variable][:, :1]
            case Route(variable, "last where", amount, str(where), default):
                return self._last_where(self.env[variable], truth(self.env[where]), amount, default)
            case Running(how, _, None) if how != "mode":
                return self._running(node)
            case Route() | Running():
                return self._stepped(stepper(node))
        raise ValueError(f"unknown node {node}")

    def _stepped(self, step: Step) -> np.ndarray:
        blank = np.zeros(self.count, np.int64)
        found = [
            np.broadcast_to(step(lambda name, t=t: self.env[name][:, t] if name else blank), self.count)
            for t in range(self.steps)
        ]
        return join(found) if found else np.empty((self.count, 0), np.int64)

    def _last_where(self, values: np.ndarray, holds: np.ndarray, amount: int, default: int | float) -> np.ndarray:
        place = np.maximum.accumulate(np.where(holds, np.arange(self.steps), -1), axis=1)
        if amount:
            place = np.concatenate([np.full((self.count, 1), -1), place], 1)[:, : self.steps]
        found = np.take_along_axis(values, np.maximum(place, 0), 1) if self.steps else values
        return choose(place >= 0, found, constant(default))

    def _running(self, node: Running) -> np.ndarray:
        counts = np.ones((self.count, self.steps), bool) if node.where is None else truth(self.env[node.where])
        number_of = np.cumsum(counts, axis=1)
        if node.how == "count" or node.variable is None:
            return number_of
        values = self.env[node.variable]
        if node.how in ("sum", "mean"):
            total = running_sum(choose(counts, values, constant(0)))
            if node.how == "sum":
                return total
            return choose(number_of, ratio(total, np.maximum(number_of, 1)), constant(node.default))
        best = np.minimum if node.how == "min" else np.maximum
        if node.where is None:
            return best.accumulate(values, axis=1)
        place = np.maximum.accumulate(np.where(counts, np.arange(self.steps), -1), axis=1)
        first = np.argmax(counts, axis=1)[:, None] if self.steps else place
        # Before the first step that counts, and where one does not count, a value that changes nothing stands in.
        kept = choose(counts, values, np.take_along_axis(values, first, 1) if self.steps else values)
        return choose(place >= 0, best.accumulate(kept, axis=1), constant(node.default))

    def step_by_step(self, names: Sequence[str]) -> None:
        """Variables that need each other's earlier values."""
        nodes = {name: self.program[name] for name in names}
        memory = {
            name: stepper(node)
            for name, node in nodes.items()
            if isinstance(node, Route | Running) and not (isinstance(node, Route) and node.rule == "offset")
        }
        history: dict[str, list[np.ndarray]] = {name: [] for name in names}
        for t in range(self.steps):
            now = {name: values[:, t] for name, values in self.env.items()} | {"": np.zeros(self.count, np.int64)}
            for name, node in nodes.items():
                if isinstance(node, Route) and node.rule == "offset":
                    now[name] = self._delayed(node, t, history)
                elif name in memory:
                    now[name] = memory[name](now.__getitem__)
                else:
                    now[name] = self._elementwise(node, now, t)
                now[name] = np.broadcast_to(now[name], self.count)
                history[name].append(now[name])
        for name, found in history.items():
            self.env[name] = join(found) if found else np.empty((self.count, 0), np.int64)

    def _delayed(self, node: Route, step: int, history: dict[str, list[np.ndarray]]) -> np.ndarray:
        if step < node.amount:
            found = constant(node.default)
            return as_objects(found) if self.exact else found
        if node.variable in history:
            return history[node.variable][step - node.amount]
        return self.env[node.variable][:, step - node.amount]


ELEMENTWISE = (Column, Position, Formula, Lookup)


def look_up(node: Lookup, values: Sequence[np.ndarray]) -> np.ndarray:
    """The outcomes of a table."""
    if len(node.cases) > FEW:
        table = dict(node.cases)
        found = np.frompyfunc(lambda *row: table.get(row, node.default), len(values), 1)(*map(as_objects, values))
        return settled(np.asarray(found, object))
    result = constant(node.default)
    for wanted, outcome in node.cases:
        holds = np.ones((), bool)
        for value, want in zip(values, wanted, strict=True):
            holds = holds & truth(apply("==", value, constant(want)))
        result = choose(holds, constant(outcome), result)
    return result
