"""The part of a numeric program that one output needs."""

from __future__ import annotations

from dataclasses import replace

from pellucid.errors import PellucidError
from pellucid.program.numeric.nodes import reads
from pellucid.program.numeric.program import NumericProgram


def slice_program(program: NumericProgram, output: str) -> NumericProgram:
    """The program for one output column alone, with no variable that it does not need.

    Raises:
        PellucidError: no such output.
    """
    if output not in program.outputs:
        raise PellucidError(f"no output {output!r:.60}; there are {', '.join(program.outputs)}")
    result = program.results[program.outputs.index(output)]
    return without_unused(replace(program, outputs=(output,), results=(result,)))


def without_unused(program: NumericProgram) -> NumericProgram:
    """The program without variables that no result depends on."""
    kept: set[str] = set()
    pending = list(program.results)
    while pending:
        name = pending.pop()
        if name not in kept:
            kept.add(name)
            pending += reads(program[name])
    return replace(program, assignments=tuple(a for a in program if a.name in kept))
