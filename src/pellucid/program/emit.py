"""Program -> Python text: standard library only, nothing at import, readable from top to bottom.

Each assignment becomes one statement of `run`; tables become constants named after their variable. Token strings reach
the text through `literals`, never raw. Runtime functions are pasted from `runtime.py`.
"""

from __future__ import annotations

import inspect

from pellucid.data.tokens import Token
from pellucid.errors import PellucidError
from pellucid.program import runtime
from pellucid.program.ir import (
    Aggregate,
    Program,
    Select,
)
from pellucid.program.literals import docstring, settled, table
from pellucid.program.names import usable
from pellucid.program.statements import write_assignment
from pellucid.program.writer import Writer

HELPERS = ("read", "closest", "closest_upto", "nearest", "closest_where", "closest_upto_where", "total", "total_upto",
           "winner", "main")  # fmt: skip


def emit(program: Program, certificate: str = "") -> str:
    """The standalone Python program.

    Args:
        program: a valid program whose variable names are Python identifiers.
        certificate: text of the module docstring; anything may stand in it.

    Raises:
        PellucidError: a variable has a name that the emitted text needs for something else.
    """
    for a in program:
        if not usable(a.name):
            raise PellucidError(f"variable {a.name!r}: an emitted program cannot have a variable of that name")
    writer = Writer(program)
    inlined = _used_once(program)
    for assign in program:
        write_assignment(writer, assign, inlined)
    writer.body.append(_return(program))
    vocab = program.vocab
    symbols = table("SYMBOLS", _symbols(vocab.tokens))
    parts = [
        docstring(certificate or "A program emitted by Pellucid."),
        "from __future__ import annotations\n\nimport json\nimport sys",
        "\n".join([symbols, f"MAX_LENGTH = {vocab.max_length}", *writer.constants]),
        "\n" + _run_function(writer),
        "\n# Runtime, the same in every program.",
        *("\n" + inspect.getsource(getattr(runtime, name)).rstrip() for name in HELPERS if name in writer.helpers),
        '\nif __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))',
    ]
    return "\n\n".join(parts) + "\n"


def _symbols(tokens: tuple[Token, ...]) -> list[tuple[Token, Token]]:
    """Each token by its text; an integer whose text is a token of its own, by itself."""
    texts = {token for token in tokens if isinstance(token, str)}
    return [(token if isinstance(token, int) and str(token) in texts else str(token), token) for token in tokens]


def _run_function(writer: Writer) -> str:
    what = (
        "The label of a sequence."
        if writer.program.vocab.kind == "classification"
        else "One label per token of a sequence."
    )
    return "\n".join(["def run(sequence):", f'    """{what}"""', *writer.body])


def _return(program: Program) -> str:
    if program.vocab.kind == "classification":
        return f"    return {program.output}"
    return settled(f"    return {program.output}[1 : len(sequence) + 1]")


def _used_once(program: Program) -> set[str]:
    """Closest selections that a single `take` uses: written inside it."""
    uses = [a.node.selector for a in program if isinstance(a.node, Aggregate)]
    return {a.name for a in program if isinstance(a.node, Select) and uses.count(a.name) == 1}
