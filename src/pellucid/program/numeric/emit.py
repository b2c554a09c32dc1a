"""NumericProgram -> Python text: one loop over the steps, as a person would write it; standard library only."""

from __future__ import annotations

import inspect
import re

from pellucid.errors import PellucidError
from pellucid.program.literals import container, docstring, literal
from pellucid.program.numeric import runtime
from pellucid.program.numeric.loop import Loop
from pellucid.program.numeric.names import usable
from pellucid.program.numeric.plan import Plan
from pellucid.program.numeric.program import NumericProgram
from pellucid.program.numeric.statements import TooLong
from pellucid.program.numeric.write import written


def emit(program: NumericProgram, certificate: str = "") -> str:
    """The standalone Python program.

    Args:
        program: any program whose variable names can stand in the text, as after `with_readable_names`.
        certificate: text of the module docstring; anything may stand in it.

    Raises:
        PellucidError: a variable has a name that the emitted text needs for something else.
    """
    for a in program:
        if not usable(a.name):
            raise PellucidError(f"variable {a.name!r}: an emitted program cannot have a variable of that name")
    loop, lines = _written(program)
    body = "\n".join(lines)
    helpers = ["read", "number", *(["divide"] if "divide(" in body else []), "main", "parsed"]
    columns = [literal(name) for name in program.inputs]
    named = f"COLUMNS = ({columns[0]},)" if len(columns) == 1 else container("COLUMNS = ", "(", columns, ")")
    parts = [
        docstring(certificate or "A program emitted by Pellucid."),
        _imports(body),
        "\n".join([named, f"WHOLE = {program.whole_inputs}", *loop.constants]),
        "\n" + "\n".join(["def run(sequence):", f'    """{_about(program)}"""', *lines]),
        "\n# Runtime, the same in every program.",
        *("\n" + inspect.getsource(getattr(runtime, name)).rstrip() for name in helpers),
        '\nif __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))',
    ]
    return "\n\n".join(parts) + "\n"


def _written(program: NumericProgram) -> tuple[Loop, list[str]]:
    """The text of `run`; a formula that makes its reader's line too long gets a line of its own."""
    forced: set[str] = set()
    while True:
        try:
            loop = written(Plan(program, set(forced)))
            return loop, loop.finish()
        except TooLong as error:
            forced.update(error.names)


def _imports(body: str) -> str:
    used = [name for name in ("Counter", "deque") if re.search(rf"\b{name}\(", body)]
    collections = [f"from collections import {', '.join(used)}"] if used else []
    return "\n".join(["import json", "import math", "import numbers", "import sys", *collections])


def _about(program: NumericProgram) -> str:
    one = program.outputs[0] if len(program.outputs) == 1 else "[" + ", ".join(program.outputs) + "]"
    shown = one if re.fullmatch(r"[\w\[\], ]{1,48}", one) else "The output"
    return f"{shown} after the last step." if program.last else f"{shown} at every step."
