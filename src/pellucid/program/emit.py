"""Program -> Python text: standard library only, nothing at import, readable from top to bottom.

Each assignment becomes one statement of `run`; tables become constants named after their variable. Token strings reach
the text through `literals`, never raw. Runtime functions are pasted from `runtime.py`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from dataclasses import dataclass, field

from pellucid.data.tokens import Token
from pellucid.errors import PellucidError
from pellucid.program import formula, runtime
from pellucid.program.ir import (
    Aggregate,
    Assign,
    Embed,
    Evidence,
    Formula,
    Input,
    Lookup,
    Program,
    Readout,
    Select,
)
from pellucid.program.literals import LINE, container, docstring, literal, one_of, settled, table
from pellucid.program.names import usable
from pellucid.program.predicates import Compare, Match, OneOf, Predicate

HELPERS = ("read", "closest", "closest_upto", "nearest", "closest_where", "closest_upto_where", "total", "total_upto",
           "winner", "main")  # fmt: skip
NEEDS = {"closest_where": ("nearest",), "closest_upto_where": ("nearest",)}


@dataclass
class _Writer:
    """Collects the parts of one program's text."""

    program: Program
    constants: list[str] = field(default_factory=list)
    otherwise: dict[tuple[int, ...], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=lambda: {"SYMBOLS", "MAX_LENGTH"})
    body: list[str] = field(default_factory=list)
    helpers: set[str] = field(default_factory=lambda: {"read", "main"})

    def free(self, name: str) -> str:
        """The name of a new constant."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def constant(self, name: str, entries: Iterable[tuple[object, object]]) -> str:
        name = self.free(name)
        self.constants.append(table(name, entries))
        return name

    def row(self, name: str, values: Iterable[object]) -> str:
        name, items = self.free(name), [*map(literal, values)]
        if len(items) == 1:
            self.constants.append(settled(f"{name} = ({items[0]},)"))
        else:
            self.constants.append(container(f"{name} = ", "(", items, ")"))
        return name

    def statement(self, text: str) -> None:
        self.body.append(settled(f"    {text}"))

    def line(self, target: str, element: str, loop: str) -> None:
        """`target = [element loop]`, on three lines where one is too long."""
        flat = f"    {target} = [{element} {loop}]"
        if len(flat) > LINE:
            inner = f"        {element} {loop}"
            flat = f"    {target} = [\n{inner}\n    ]"
            if len(inner) > LINE:
                flat = f"    {target} = [\n        {element}\n        {loop}\n    ]"
        self.body.append(settled(flat))

    def call(self, helper: str) -> str:
        self.helpers |= {helper, *NEEDS.get(helper, ())}
        return helper


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
    writer = _Writer(program)
    inlined = _used_once(program)
    for assign in program:
        _assign(writer, assign, inlined)
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


def ast_nodes(source: str) -> int:
    """Size of an emitted program: nodes of `run` and of the tables it uses, runtime helpers aside."""
    tree = ast.parse(source)
    kept = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run"]
    used = {node.id for node in ast.walk(kept[0]) if isinstance(node, ast.Name)}
    tables = [
        n
        for n in tree.body
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and n.targets[0].id in used
    ]
    bodies = [*kept[0].body[_has_docstring(kept[0]) :], *tables]
    return sum(1 for node in bodies for _ in ast.walk(node))


def code_lines(source: str) -> int:
    """Lines of `run` and the constants above it, without blank lines and comments."""
    body = ast.parse(source).body
    last = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == "run")
    kept = [node for node in body[: body.index(last) + 1] if isinstance(node, ast.Assign | ast.FunctionDef)]
    lines = source.split("\n")
    text = [line.strip() for node in kept for line in lines[node.lineno - 1 : node.end_lineno]]
    return sum(1 for line in text if line and not line.startswith("#"))


def _has_docstring(function: ast.FunctionDef) -> bool:
    return ast.get_docstring(function) is not None


def _run_function(writer: _Writer) -> str:
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


# ---------------------------------------------------------------- one statement per assignment


def _assign(writer: _Writer, assign: Assign, inlined: set[str]) -> None:
    name, node, program = assign.name, assign.node, writer.program
    match node:
        case Input("tokens"):
            end = [] if program.vocab.end is None else [literal(program.vocab.end)]
            parts = ", ".join([literal(program.vocab.begin), "*read(sequence)", *end])
            if program.vocab.kind == "classification":
                writer.body.append(
                    '    if len(sequence) == 0:\n        raise ValueError("an empty sequence has no label")'
                )
            writer.statement(f"{name} = [{parts}]")
        case Input("positions"):
            writer.statement(f"{name} = list(range(len({_tokens(program)})))")
        case Input():
            writer.statement(f"{name} = [1] * len({_tokens(program)})")
        case Embed(variable, cases):
            writer.line(name, f"{writer.constant(name.upper(), cases)}[v]", f"for v in {variable}")
        case Select(kind="closest") if name not in inlined:
            writer.statement(f"{name} = {_closest(writer, name, node)}")
        case Select():
            pass
        case Aggregate():
            _aggregate(writer, name, node, node.selector in inlined)
        case Lookup():
            _lookup(writer, name, node)
        case Formula(expression):
            names = list(dict.fromkeys(formula.names_in(expression)))
            letters = {n: "abcdefgh"[i] if len(names) <= 8 else f"v{i}" for i, n in enumerate(names)}
            loop = _loop([*letters.values()], names) if names else f"for _ in {_tokens(program)}"
            writer.line(name, formula.text(formula.rename_in(expression, letters)), loop)
        case Readout():
            _readout(writer, name, node)


def _tokens(program: Program) -> str:
    return next(a.name for a in program if a.node == Input("tokens"))


def _loop(letters: list[str], names: list[str]) -> str:
    if len(names) == 1:
        return f"for {letters[0]} in {names[0]}"
    return f"for {', '.join(letters)} in zip({', '.join(names)})"


def _lookup(writer: _Writer, name: str, node: Lookup) -> None:
    letters = ["a", "b", "c"][: len(node.variables)]
    key = letters[0] if len(letters) == 1 else f"({', '.join(letters)})"
    cases = [(k[0] if len(k) == 1 else k, out) for k, out in node.cases]
    loop = _loop(letters, list(node.variables))
    outputs = {out for _, out in cases}
    if not cases:
        writer.line(name, literal(node.default), f"for _ in {node.variables[0]}")
    elif len(outputs) == 1 and len(inside := one_of([k for k, _ in cases])) < LINE - 20:
        test = f"{key} == {literal(cases[0][0])}" if len(cases) == 1 else f"{key} in {inside}"
        writer.line(name, f"{literal(cases[0][1])} if {test} else {literal(node.default)}", loop)
    else:
        writer.line(name, f"{writer.constant(name.upper(), cases)}.get({key}, {literal(node.default)})", loop)


def _aggregate(writer: _Writer, name: str, node: Aggregate, inline: bool) -> None:
    select = writer.program[node.selector]
    assert isinstance(select, Select)
    if node.how == "take":
        writer.line(name, f"{node.value}[j]", f"for j in {_closest(writer, name, select) if inline else node.selector}")
        return
    upto = "_upto" if select.reach == "upto" else ""
    keys = f"{select.key}[: i + 1]" if upto else select.key
    wanted = _wanted(writer, name, select)
    if node.how == "sum" and wanted is not None:
        asked = _asked(writer, select, wanted)
        writer.statement(f"{name} = {writer.call(f'total{upto}')}({asked}, {select.key}, {node.value})")
        return
    if wanted is not None:
        element = f"{keys}.count({wanted})"
    elif node.how == "count":
        element = f"sum({_test(writer, name, select.predicate)} for k in {keys})"
    else:
        element = f"sum(v for k, v in zip({keys}, {node.value}) if {_test(writer, name, select.predicate)})"
    if isinstance(select.predicate, OneOf) and not upto:
        writer.statement(f"{name} = [{element}] * len({select.query})")
        return
    query = "_" if isinstance(select.predicate, OneOf) else "q"
    writer.line(
        name, element, f"for i, {query} in enumerate({select.query})" if upto else f"for {query} in {select.query}"
    )


def _closest(writer: _Writer, name: str, node: Select) -> str:
    """Call that gives the position each query picks."""
    upto = "_upto" if node.reach == "upto" else ""
    wanted = _wanted(writer, name, node)
    if wanted is None:
        test = _test(writer, name, node.predicate)
        return f"{writer.call(f'closest{upto}_where')}(lambda q, k: {test}, {node.query}, {node.key})"
    return f"{writer.call(f'closest{upto}')}({_asked(writer, node, wanted)}, {node.key})"


def _asked(writer: _Writer, node: Select, wanted: str) -> str:
    """Name of the list of wanted keys, one per query: a line of its own unless that is the query itself."""
    if wanted == "q":
        return node.query
    if isinstance(node.predicate, OneOf):
        writer.statement(f"wanted = [{wanted}] * len({node.query})")
    else:
        writer.line("wanted", wanted, f"for q in {node.query}")
    return "wanted"


def _wanted(writer: _Writer, name: str, node: Select) -> str | None:
    """Expression of `q` for the one key value a query matches; None where it may match several."""
    match node.predicate:
        case Compare("==", offset):
            return "q" if not offset else f"q {'+' if offset > 0 else '-'} {abs(offset)}"
        case OneOf((value,)):
            return literal(value)
        case Match(cases, default) if all(len(row) <= 1 for _, row in cases) and len(default) <= 1:
            constant = writer.constant(f"WANTED_BY_{name.upper()}", [(q, row[0] if row else None) for q, row in cases])
            return f"{constant}.get(q{f', {literal(default[0])}' if default else ''})"
    return None


def _test(writer: _Writer, name: str, predicate: Predicate) -> str:
    """Condition on `q` and `k`."""
    match predicate:
        case Compare(op, offset):
            return f"k {op} q" + (f" {'+' if offset > 0 else '-'} {abs(offset)}" if offset else "")
        case OneOf((value,)):
            return f"k == {literal(value)}"
        case OneOf(values):
            return f"k in {one_of(values)}" if values else "False"
        case Match(cases, default):
            constant = writer.constant(f"WANTED_BY_{name.upper()}", cases)
            return f"k in {constant}.get(q, {literal(default)})"


def _readout(writer: _Writer, name: str, node: Readout) -> None:
    upper = name.upper()
    writer.constants.append("# Evidence of each value for these labels, in this order.")
    labels, names, rows = writer.row(f"{upper}_LABELS", node.labels), [], []
    if any(node.bias) or not (node.evidence or node.scaled):
        rows.append(writer.row(f"{upper}_BIAS", node.bias))
    reads = [*node.evidence, *node.scaled]
    letters = _letters(len(reads))
    for letter, part in zip(letters, reads, strict=True):
        if isinstance(part, Evidence):
            names.append(part.variable)
            constant = writer.constant(f"{upper}_BY_{part.variable.upper()}", part.rows)
            rows.append(f"{constant}.get({letter}, {_otherwise(writer, upper, part.default)})")
        else:
            names.append(part[0])
            constant = writer.row(f"{upper}_PER_{part[0].upper()}", part[1])
            rows.append(f"[{letter} * w for w in {constant}]")
    loop = _votes_loop(names or [_tokens(writer.program)])
    writer.call("winner")
    if node.pooled:
        inner = "".join(f"            {row},\n" for row in rows)
        writer.body.append("    # Every token adds its evidence; the label with the largest sum wins.")
        if len(rows) == 1:
            writer.line("votes", rows[0], loop.strip())
        else:
            writer.statement(f"votes = [\n        row\n{loop}\n        for row in (\n{inner}        )\n    ]")
        writer.statement(f"{name} = winner({labels}, votes[{len(rows)} : {len(rows)} * (len(sequence) + 1)])")
        return
    inner = "".join(f"                {row},\n" for row in rows)
    writer.body.append("    # The label with the largest sum of evidence wins.")
    call = f"        winner(\n            {labels},\n            [\n{inner}            ],\n        )\n"
    writer.statement(f"{name} = [\n{call}{loop}\n    ]")


def _otherwise(writer: _Writer, upper: str, default: tuple[int, ...]) -> str:
    """Evidence of the values not listed."""
    if default not in writer.otherwise:
        writer.otherwise[default] = writer.row(f"{upper}_OTHERWISE" if any(default) else "NO_EVIDENCE", default)
    return writer.otherwise[default]


def _letters(count: int) -> list[str]:
    """Loop variables, one per variable read; parts of one where the loop would not fit on a line."""
    return [f"v{i}" if count <= 16 else f"v[{i}]" for i in range(count)]


def _votes_loop(names: list[str]) -> str:
    """`for v0, v1 in zip(a, b)`, its arguments on lines of their own where it is long."""
    letters = "v" if len(names) > 16 else ", ".join(_letters(len(names)))
    if len(names) == 1:
        return f"        for {letters} in {names[0]}"
    flat = f"        for {letters} in zip({', '.join(names)})"
    if len(flat) <= LINE:
        return flat
    return f"        for {letters} in zip(\n" + "".join(f"            {name},\n" for name in names) + "        )"
