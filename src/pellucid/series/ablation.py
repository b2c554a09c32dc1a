"""What breaks when a variable of a numeric program is held at one value."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.data import Series
from pellucid.errors import PellucidError
from pellucid.program.numeric import Assign, Column, Const, Formula, NumericProgram, evaluate, outputs
from pellucid.series.learned import LearnedSeries
from pellucid.series.scores import score


def ablated(learned: LearnedSeries, names: tuple[str, ...], data: Series | None) -> list[dict[str, Any]]:
    """Figures with each of the variables (all that are computed where none is named) at its commonest value.

    `data` None: the inputs the folder knows, with the program's own outputs as what is right.

    Raises:
        PellucidError: no such variable.
    """
    program = learned.program
    known = [a.name for a in program if not isinstance(a.node, Column)]
    for name in names:
        if name not in program.nodes:
            raise PellucidError(f"--ablate {name}: no such variable; there are {', '.join(program.nodes)}")
    if data is None:
        found = tuple(outputs(program, learned.known))
        data = Series(tuple(learned.known), found, program.inputs, program.outputs, program.last)
    env = evaluate(program, data.inputs)
    rows = []
    for name in names or known:
        value = Counter(np.concatenate([np.ravel(v) for v in env[name]]).tolist()).most_common(1)[0][0]
        figures = score(outputs(held(program, name, value), data.inputs), data)
        rows.append({"variable": name, "without": f"held at {value:g}", **figures})
    return rows


def held(program: NumericProgram, name: str, value: float) -> NumericProgram:
    """The program with a variable at one value."""
    constant = Formula(Const(value))
    return replace(program, assignments=tuple(Assign(a.name, constant) if a.name == name else a for a in program))
