"""One statement of `run` per assignment."""

from __future__ import annotations

from pellucid.program import formula
from pellucid.program.ir import (
    Aggregate,
    Assign,
    Embed,
    Evidence,
    Formula,
    Input,
    Lookup,
    Readout,
    Select,
)
from pellucid.program.literals import LINE, literal, one_of
from pellucid.program.predicates import Compare, Match, OneOf, Predicate
from pellucid.program.writer import Writer


def write_assignment(writer: Writer, assign: Assign, inlined: set[str]) -> None:
    """Write one assignment and its constants; `inlined` selections are written where they are used."""
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
            writer.statement(f"{name} = list(range(len({program.tokens})))")
        case Input():
            writer.statement(f"{name} = [1] * len({program.tokens})")
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
            loop = _loop([*letters.values()], names) if names else f"for _ in {program.tokens}"
            writer.line(name, formula.text(formula.rename_in(expression, letters)), loop)
        case Readout():
            _readout(writer, name, node)


def _loop(letters: list[str], names: list[str]) -> str:
    if len(names) == 1:
        return f"for {letters[0]} in {names[0]}"
    return f"for {', '.join(letters)} in zip({', '.join(names)})"


def _lookup(writer: Writer, name: str, node: Lookup) -> None:
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


def _aggregate(writer: Writer, name: str, node: Aggregate, inline: bool) -> None:
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


def _closest(writer: Writer, name: str, node: Select) -> str:
    """Call that gives the position each query picks."""
    upto = "_upto" if node.reach == "upto" else ""
    wanted = _wanted(writer, name, node)
    if wanted is None:
        test = _test(writer, name, node.predicate)
        return f"{writer.call(f'closest{upto}_where')}(lambda q, k: {test}, {node.query}, {node.key})"
    return f"{writer.call(f'closest{upto}')}({_asked(writer, node, wanted)}, {node.key})"


def _asked(writer: Writer, node: Select, wanted: str) -> str:
    """Name of the list of wanted keys, one per query: a line of its own unless that is the query itself."""
    if wanted == "q":
        return node.query
    if isinstance(node.predicate, OneOf):
        writer.statement(f"wanted = [{wanted}] * len({node.query})")
    else:
        writer.line("wanted", wanted, f"for q in {node.query}")
    return "wanted"


def _wanted(writer: Writer, name: str, node: Select) -> str | None:
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


def _test(writer: Writer, name: str, predicate: Predicate) -> str:
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


def _readout(writer: Writer, name: str, node: Readout) -> None:
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
    loop = _votes_loop(names or [writer.program.tokens])
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


def _otherwise(writer: Writer, upper: str, default: tuple[int, ...]) -> str:
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
