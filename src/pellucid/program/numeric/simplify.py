"""Passes over numeric programs that change how they are written and not what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pellucid.program.numeric.expression import Apply, Const, Expression, Var, size, substitute
from pellucid.program.numeric.facts import Fact, about, facts
from pellucid.program.numeric.nodes import Formula, Lookup, Node, Route, Running, reads, renamed
from pellucid.program.numeric.program import Assign, NumericProgram
from pellucid.program.numeric.slice import without_unused
from pellucid.program.numeric.tidy import is_number, tidy

SHORT = 12  # size of a formula that may be written inside another


def simplify(program: NumericProgram) -> NumericProgram:
    """All passes until none changes anything. Results are the same numbers; floats are added in the same order."""
    while (changed := _round(program)) != program:
        program = changed
    return program


def _round(program: NumericProgram) -> NumericProgram:
    for step in (tidied, with_plain_keys, without_copies, without_equal, with_longer_lags, inlined, without_unused):
        program = step(program)
    return program


def tidied(program: NumericProgram) -> NumericProgram:
    """Every formula tidied, tables without cases and of one outcome made constants, and known facts used."""
    known = facts(program)
    return _mapped(program, lambda a: _tidy_node(a.node, known))


def _tidy_node(node: Node, known: Mapping[str, Fact]) -> Node:
    match node:
        case Formula(expression):
            return Formula(tidy(with_facts(expression, known)))
        case Lookup(variables, cases, default):
            kept = tuple(case for case in cases if case[1] != default or type(case[1]) is not type(default))
            return Lookup(variables, kept, default) if kept else Formula(Const(default))
        case Running("count", str()):
            return replace(node, variable=None)
    return node


def with_facts(expression: Expression, known: Mapping[str, Fact]) -> Expression:
    """What the ranges of the variables make shorter: `floor` of whole numbers, `abs` of what is not negative."""
    if not isinstance(expression, Apply):
        return expression
    expression = Apply(expression.op, tuple(with_facts(arg, known) for arg in expression.args))
    fact = about(expression.args[0], known)
    match expression:
        case Apply("floor", (arg,)) if fact.whole:
            return arg
        case Apply("abs", (arg,)) if fact.low >= 0:
            return arg
        case Apply("!=" | "==" as op, (arg, number)) if fact.truth and is_number(number, 0 if op == "!=" else 1):
            return arg
        case Apply("//", (arg, number)) if fact.whole and is_number(number, 1):
            return arg
    return expression


def with_plain_keys(program: NumericProgram) -> NumericProgram:
    """A table over `x + 2`, for whole numbers, is one over `x`."""
    known = facts(program)

    def change(a: Assign) -> Node:
        if not isinstance(a.node, Lookup) or len(a.node.variables) != 1:
            return a.node
        match program[a.node.variables[0]]:
            case Formula(Apply("+" | "-" as op, (Var(name), Const(int() as by)))) if known[name].whole:
                back = -by if op == "+" else by
                return replace(a.node, variables=(name,), cases=tuple(((k[0] + back,), out) for k, out in a.node.cases))
        return a.node

    return _mapped(program, change)


def without_copies(program: NumericProgram) -> NumericProgram:
    """A variable that is another one is that one."""
    names: dict[str, str] = {}
    for a in program:
        if isinstance(a.node, Formula) and isinstance(a.node.expression, Var):
            names[a.name] = names.get(a.node.expression.name, a.node.expression.name)
    return _called(program, names)


def without_equal(program: NumericProgram) -> NumericProgram:
    """Variables defined by the same node are one."""
    first: dict[str, str] = {}
    names: dict[str, str] = {}
    for a in program:
        node = repr(renamed(a.node, names))  # tells 1 from 1.0, which compare as equal
        if first.setdefault(node, a.name) != a.name:
            names[a.name] = first[node]
    return _called(program, names)


def with_longer_lags(program: NumericProgram) -> NumericProgram:
    """The value one step ago of the value two steps ago is that of three steps ago, if the defaults are equal."""

    def longer(a: Assign) -> Node:
        node, seen = a.node, {a.name}
        while isinstance(node, Route) and node.rule == "offset" and node.variable not in seen:
            inner = program[node.variable]
            if not isinstance(inner, Route) or inner.rule != "offset" or inner.default != node.default:
                return node
            seen.add(node.variable)
            node = replace(node, variable=inner.variable, amount=node.amount + inner.amount)
        return a.node  # no lag, or a ring of them

    return _mapped(program, longer)


def inlined(program: NumericProgram) -> NumericProgram:
    """A short formula that one other formula reads once becomes part of it; so do constants."""
    uses: dict[str, int] = {}
    for name in [*program.results, *(name for a in program for name in reads(a.node))]:
        uses[name] = uses.get(name, 0) + 1
    held = {name for a in program if not isinstance(a.node, Formula) for name in reads(a.node)} | {*program.results}
    values: dict[str, Expression] = {}
    assigns = []
    for a in program:
        node = a.node
        if isinstance(node, Formula):
            node = Formula(substitute(node.expression, values))
            constant = isinstance(node.expression, Const)
            if constant or (a.name not in held and uses.get(a.name) == 1 and size(node.expression) <= SHORT):
                values[a.name] = node.expression
        assigns.append(Assign(a.name, node))
    return replace(program, assignments=tuple(assigns))


def _mapped(program: NumericProgram, change: Callable[[Assign], Node]) -> NumericProgram:
    return replace(program, assignments=tuple(Assign(a.name, change(a)) for a in program))


def _called(program: NumericProgram, names: Mapping[str, str]) -> NumericProgram:
    """Variables replaced by others that are defined before them."""
    changed = _mapped(program, lambda a: renamed(a.node, names))
    return replace(changed, results=tuple(names.get(name, name) for name in program.results))
