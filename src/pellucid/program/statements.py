"""One statement of `run` per assignment; the others are in `aggregate_text`, `rule_text`, `readout_text`."""

from __future__ import annotations

from collections.abc import Mapping

from pellucid.program import formula
from pellucid.program.aggregate_text import write_aggregate, write_selection
from pellucid.program.elementwise import Types
from pellucid.program.ir import (
    PREVIOUS,
    Aggregate,
    Assign,
    Categorical,
    Embed,
    Formula,
    Input,
    Integer,
    Lookup,
    Readout,
    Rules,
    Scan,
    Select,
    Selection,
    constant_types,
    reads,
)
from pellucid.program.literals import LINE, literal, one_of, settled
from pellucid.program.readout_text import write_readout
from pellucid.program.rule_text import RuleText
from pellucid.program.writer import Writer

UNKNOWN = 2**40  # an end of a range that grows with the length of the input


def write_assignment(writer: Writer, assign: Assign, inlined: set[str], plain: set[str]) -> None:
    """Write one assignment, its constants and functions.

    Args:
        writer: collects the text.
        assign: the assignment.
        inlined: selections that are written where they are used.
        plain: variables that must hold 1 and 0, not `True` and `False`, since the output may be one of them.
    """
    name, node, program = assign.name, assign.node, writer.program
    match node:
        case Input(which):
            _input(writer, name, which)
        case Embed(variable, cases):
            writer.line(name, f"{writer.constant(name.upper(), cases)}[v]", f"for v in {writer.list(variable)}")
        case Select():
            if node.kind == "closest" and name not in inlined:
                write_selection(writer, name, node)
        case Aggregate(selector):
            select = program[selector]
            assert isinstance(select, Select)
            write_aggregate(writer, name, node, select, selector in inlined, name in plain)
        case Lookup() | Rules() | Formula():
            called, loop = writer.loop(reads(node))
            if name in writer.once:
                called = {read: writer.at_end(read) for read in reads(node)}
            writer.line(name, local_text(writer, name, node, called, program.types), loop)
        case Scan():
            _scan(writer, name, node)
        case Readout():
            write_readout(writer, name, node)


def _input(writer: Writer, name: str, which: str) -> None:
    program = writer.program
    if which == "tokens":
        _tokens(writer, name)
        return
    value = {"positions": f"list(range({writer.size}))", "ones": f"[1] * {writer.size}"}.get(which)
    writer.inputs[name] = f"    {name} = {value or f'[{writer.scalar(name)}] * {writer.size}'}"
    if name == program.output:
        writer.list(name)


def _tokens(writer: Writer, name: str) -> None:
    program = writer.program
    labels = program.vocab.kind == "classification"
    if labels:
        writer.body.append('    if len(sequence) == 0:\n        raise ValueError("an empty sequence has no label")')
    if not program.markers:
        writer.statement(f"{name} = read(sequence)")
        return
    if not labels and any(a.node == Input("length") for a in program):
        writer.body.append("    if len(sequence) == 0:\n        return []")
    end = [] if program.vocab.end is None else [literal(program.vocab.end)]
    writer.statement(f"{name} = [{', '.join([literal(program.vocab.begin), '*read(sequence)', *end])}]")


def local_text(
    writer: Writer, name: str, node: Lookup | Rules | Formula, called: Mapping[str, str], types: Types
) -> str:
    """The value at one position, where each variable is called as given."""
    match node:
        case Lookup():
            return _lookup(writer, name, node, called)
        case Rules():
            flags = frozenset(n for n in reads(node) if _is_flag(writer, name, n, types))
            return RuleText(writer, name, flags, called).write(node)
        case Formula(expression):
            ranges = {called[n]: _range_at_any_length(writer, n, types) for n in reads(node)}
            return formula.text(formula.rename_in(expression, called), ranges)


def _is_flag(writer: Writer, reader: str, name: str, types: Types) -> bool:
    """Whether what a variable reads is 0 or 1, and nothing else, on any input the program takes."""
    kind, program = types[name], writer.program
    if isinstance(kind, Selection) or len(kind.values) > 2 or not set(kind.values) <= {0, 1}:
        return False
    return not program.unbounded or (reader if name == PREVIOUS else name) in constant_types(program)


def _range_at_any_length(writer: Writer, name: str, types: Types) -> tuple[int, int]:
    """Smallest and largest value of a whole-number variable on any input the program takes."""
    kind, program = types[name], writer.program
    assert isinstance(kind, Integer | Categorical)
    low, high = (kind.low, kind.high) if isinstance(kind, Integer) else (min(kind.domain), max(kind.domain))
    assert isinstance(low, int)
    assert isinstance(high, int)
    if not program.unbounded or name in constant_types(program):
        return low, high
    match None if name == PREVIOUS else program[name]:
        case Input() | Aggregate(_, "count"):
            return low, UNKNOWN
    return -UNKNOWN, UNKNOWN


def _lookup(writer: Writer, name: str, node: Lookup, called: Mapping[str, str]) -> str:
    letters = [called[variable] for variable in node.variables]
    key = letters[0] if len(letters) == 1 else f"({', '.join(letters)})"
    cases = [(k[0] if len(k) == 1 else k, out) for k, out in node.cases]
    if not cases:
        return literal(node.default)
    outputs = {out for _, out in cases}
    if len(outputs) == 1 and len(inside := one_of([k for k, _ in cases])) < LINE - 20:
        if len(cases) == 1:
            test = " and ".join(f"{a} == {literal(b)}" for a, b in zip(letters, node.cases[0][0], strict=True))
        else:
            test = f"{key} in {inside}"
        return f"{literal(cases[0][1])} if {test} else {literal(node.default)}"
    return f"{writer.constant(name.upper(), cases)}.get({key}, {literal(node.default)})"


def _scan(writer: Writer, name: str, node: Scan) -> None:
    """A loop that carries the state."""
    program = writer.program
    called, loop = writer.loop(reads(node))
    types = {**program.types, PREVIOUS: program.types[name]}
    step = local_text(writer, name, node.step, {**called, PREVIOUS: PREVIOUS}, types)
    body = (f"{PREVIOUS} = {step}", f"{name}.append({PREVIOUS})")
    head = (f"{name} = []", f"{PREVIOUS} = {literal(node.initial)}", f"{loop}:")
    writer.body += [settled(f"    {line}") for line in head] + [settled(f"        {line}") for line in body]
