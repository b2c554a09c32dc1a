"""Program -> Python text: standard library only, nothing at import, readable from top to bottom.

Each assignment becomes one statement of `run`; tables become constants named after their variable. Token strings reach
the text through `literals`, never raw. Runtime functions are pasted from `runtime.py`.
"""

from __future__ import annotations

import inspect

from pellucid.data.tokens import Token
from pellucid.errors import PellucidError
from pellucid.program import formula, runtime
from pellucid.program.formula import Apply, Var
from pellucid.program.ir import PREVIOUS, Aggregate, Formula, Node, Program, Readout, Rules, Scan, Select
from pellucid.program.literals import docstring, settled, table
from pellucid.program.names import usable
from pellucid.program.statements import write_assignment
from pellucid.program.writer import Writer

HELPERS = ("read", "closest", "closest_upto", "nearest", "total", "total_upto", "winner", "main")


def emit(program: Program, certificate: str = "") -> str:
    """The standalone Python program.

    Args:
        program: a valid program whose variable names are Python identifiers.
        certificate: text of the module docstring; anything may stand in it.

    Raises:
        PellucidError: a variable has a name that the emitted text needs for something else.
    """
    if program.vocab.text is not None:
        from pellucid.program.text.emit import emit_text

        return emit_text(program, certificate)
    for a in program:
        if not usable(a.name):
            raise PellucidError(f"variable {a.name!r}: an emitted program cannot have a variable of that name")
    writer = Writer(program)
    inlined, plain = used_once(program), shown(program)
    for assign in program:
        write_assignment(writer, assign, inlined, plain)
    vocab = program.vocab
    symbols = table("SYMBOLS", _symbols(vocab.tokens))
    parts = [
        docstring(certificate or "A program emitted by Pellucid."),
        "from __future__ import annotations\n\nimport json\nimport sys",
        "\n".join([symbols, f"MAX_LENGTH = {None if program.unbounded else vocab.max_length}", *writer.constants]),
        *("\n" + function for function in writer.functions),
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
    program = writer.program
    labels = program.vocab.kind == "classification"
    what = "The label of a sequence." if labels else "One label per token of a sequence."
    # Inputs that are read as lists stand right after the tokens.
    first = next(place for place, line in enumerate(writer.body) if "read(sequence)" in line) + 1
    body = [*writer.body[:first], *writer.needed, *writer.body[first:]]
    assigned = f"    {program.output} = "
    if program.output in writer.once and body[-1].startswith(assigned):
        body.append(settled("    return " + body.pop().removeprefix(assigned)))
    else:
        body.append(_return(program))
    return "\n".join(["def run(sequence):", f'    """{what}"""', *body])


def _return(program: Program) -> str:
    if program.vocab.kind == "classification":
        node = program[program.output]
        pooled = isinstance(node, Readout) and node.pooled
        return f"    return {program.output}" + ("" if pooled else "[-1]")
    return settled(f"    return {program.output}" + ("[1 : len(sequence) + 1]" if program.markers else ""))


def used_once(program: Program) -> set[str]:
    """Selections that are written where they are used: all but closest ones that several aggregates use."""
    uses = [a.node.selector for a in program if isinstance(a.node, Aggregate)]
    return {a.name for a in program if isinstance(a.node, Select) and (a.node.kind == "all" or uses.count(a.name) == 1)}


def shown(program: Program) -> set[str]:
    """Variables whose value may be the output, as it is: it must be 1 there, not `True`."""
    found = {program.output}
    for a in reversed(program.assignments):
        if a.name in found:
            found.update(_passed_on(a.node))
    return found


def _passed_on(node: Node) -> set[str]:
    match node:
        case Aggregate(_, _, str(value)):
            return {value}
        case Rules(rules, default):
            outcomes = (*(rule.outcome for rule in rules), default)
            return {outcome.name for outcome in outcomes if isinstance(outcome, Var)} - {PREVIOUS}
        case Scan(_, step):
            return _passed_on(step)
        case Formula(expression):
            return _unchanged(expression) - {PREVIOUS}
    return set()


def _unchanged(expression: formula.Expression) -> set[str]:
    """Variables that an expression may give as they are."""
    match expression:
        case Var(name):
            return {name}
        case Apply("min" | "max", left, right):
            return _unchanged(left) | _unchanged(right)
    return set()
