"""One statement of `run` per variable that is a list, or one value for the whole sequence; and votes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pellucid.emit import tree
from pellucid.emit.attention import Head
from pellucid.emit.expressions import exact, raw, value
from pellucid.emit.lists import LETTERS, Lists, Sweep
from pellucid.emit.plan import gives_one
from pellucid.emit.tree import Code, call, conditional, display, name, plus
from pellucid.emit.writer import constant
from pellucid.language.expressions import Const, Expression, Var
from pellucid.language.nodes import Aggregate, Delay, Evidence, Input, Let, Select, Vote


@dataclass
class End(Sweep):
    """The scope of the last position."""

    at_end: bool = True

    def code(self, variable: str, letter: str = "") -> Code:
        """What a variable is called; what is needed there alone is worked out there."""
        node = self.writer.plan.program[variable]
        if variable in self.writer.plan.once and isinstance(node, Aggregate):
            return Head(self.lists, replace(node, select=replace(node.select, reach="any")), self, None).code()
        return super().code(variable, letter)


def write(lists: Lists, variable: str) -> list[tree.Line]:
    """The statements that make a variable's list, or its one value."""
    plan = lists.writer.plan
    node = plan.program[variable]
    if isinstance(node, Input) or variable in plan.inlined or variable in plan.once:
        return []
    code = _code(lists, variable, node, variable in plan.scalars)
    return [tree.returned(code) if plan.returns(variable) else tree.assign(variable, code)]


def _code(lists: Lists, variable: str, node: Let | Delay | Aggregate | Vote, scalar: bool) -> Code:
    match node:
        case Let(expression) if scalar:
            return value(expression, Sweep(lists, variable))
        case Let(expression):
            words = variable in lists.writer.plan.words
            return _kinds(lists, variable) if words else mapped(lists, variable, [expression])
        case Delay():
            return _shifted(lists, variable, node)
        case Aggregate() if scalar:
            return _kept(lists, variable, Head(lists, node, Sweep(lists, variable), None).code())
        case Aggregate():
            return attended(lists, variable, node)
        case Vote():
            ballot = Ballot(lists, variable, node)
            return ballot.pooled() if scalar else ballot.each()


def _kept(lists: Lists, variable: str, code: Code) -> Code:
    """The element of a variable's list: a bool stays one where nothing asks for more."""
    if code.kind == "truth" and lists.writer.plan.is_loose(variable):
        lists.kinds[variable] = "truth"
        return code
    return exact(code)


def _kinds(lists: Lists, variable: str) -> Code:
    """What a table of words says of each word, or of several together."""
    writer = lists.writer
    table, (called, between) = writer.plan.words[variable], writer.word_table(variable)
    sweep = Sweep(lists, variable)
    codes = [sweep.code(arg.name) for arg in table.args if isinstance(arg, Var)]
    if len(codes) == 1:
        element = codes[0]
    elif between is None:
        element = display("(", codes, ")")
    else:
        inside = between.join(f"{{{code.doc}}}" for code in codes)
        element = Code(f'f"{inside}"', names=tree.names_of(codes))
    default = [] if table.default is None else [constant(table.default)]
    return call(writer.helper("kinds"), name(called), comprehended(lists, sweep, element), *default)


def mapped(lists: Lists, variable: str, expressions: Sequence[Expression], comes_out=False) -> Code:
    """The list of what one expression gives, or of lists of several, at each position."""
    sweep = Sweep(lists, variable)
    codes = [raw(e, sweep) for e in expressions]
    if len(codes) == 1:
        element = _kept(lists, variable, codes[0]) if not comes_out else exact(codes[0])
    else:
        element = display("[", [exact(code) for code in codes], "]")
    return comprehended(lists, sweep, element)


def comprehended(lists: Lists, sweep: Sweep, element: Code) -> Code:
    """`[element for ...]`; a list of the same values without it."""
    target, source = sweep.clause(element.names)
    if element.doc == target.doc:
        return source if sweep.bound else call("list", source)
    if target.doc == "_" and not sweep.bound and element.simple:
        return tree.copies(element, lists.size())
    return tree.comprehension("[", element, target, source, [], "]")


def attended(lists: Lists, variable: str, node: Aggregate) -> Code:
    """The list of an aggregate at each position, by an idiom where there is one for all of it."""
    sweep = Sweep(lists, variable, "q")
    head = Head(lists, node, sweep, sweep.place)
    if (found := _idiom(lists, node, head)) is not None:
        return found
    return comprehended(lists, sweep, _kept(lists, variable, head.code()))


def _idiom(lists: Lists, node: Aggregate, head: Head) -> Code | None:
    plan, select = lists.writer.plan, node.select
    if node.value is None or plan.types[node.value].nothing or node.value in plan.inlined:
        return None
    every = select == Select()
    if node.how == "ranked" and every and node.by is not None and plan.is_position(node.by):
        return call("sorted", lists.list(node.value))
    one = head.wanted_expression()
    if one is None or select.mask is not None or select.ties or select.window is not None or select.reach != "any":
        return None
    if plan.is_position(select.key[0]):
        mirrored = plan.linear(one, select.queries) == (-1, 1, -1) and gives_one(node, plan.types)
        listed = lists.list(node.value)
        return Code((listed.doc, "[::-1]"), names=listed.names) if mirrored else None
    numbers = plan.types[select.key[0]].numbers
    listed = [select.queries[one.name]] if isinstance(one, Var) else [] if isinstance(one, Const) else None
    fixed = isinstance(node.default, Const) or node.default.name in plan.scalars
    if node.how != "nearest" or listed is None or not fixed or (numbers is not None and not numbers.whole):
        return None
    if any(v in plan.inlined or v in plan.scalars for v in (*listed, select.key[0], node.value)):
        return None
    wanted = lists.list(listed[0]) if listed else tree.copies(value(one, head.here), lists.size())
    default = [] if node.default == Const(None) else [head.default]
    return call(lists.writer.helper("closest"), wanted, lists.list(select.key[0]), lists.list(node.value), *default)


def _shifted(lists: Lists, variable: str, node: Delay) -> Code:
    """The list moved by some places."""
    back, amount = node.amount > 0, abs(node.amount)
    plan = lists.writer.plan
    if isinstance(node.default, Var) or node.variable in plan.scalars or plan.is_position(node.variable):
        return _by_place(lists, variable, node)
    listed, missing = lists.list(node.variable), constant(node.default.value)
    if amount == 1:
        star = Code(("*", listed.doc), names=listed.names)
        whole = display("[", [missing, star] if back else [star, missing], "]")
    else:
        many = tree.copies(missing, Code(str(amount)))
        pair = [many, listed] if back else [listed, many]
        joined = tree.infix(8, ["+"], [c.at(8) for c in pair], tree.names_of(pair))
        whole = Code(("(", joined.doc, ")"), names=joined.names)
    return tree.sliced(whole, None, Code(f"-{amount}")) if back else tree.sliced(whole, Code(str(amount)), None)


def _by_place(lists: Lists, variable: str, node: Delay) -> Code:
    sweep = Sweep(lists, variable)
    place = plus(sweep.place, -node.amount)
    there = exact(Sweep(lists, variable, place=place, by_index=True).code(node.variable))
    if node.amount > 0:
        inside = tree.compared(sweep.place, ">=", Code(str(node.amount)))
    else:
        inside = tree.compared(place, "<", lists.size())
    return comprehended(lists, sweep, conditional(there, inside, value(node.default, sweep)))


def result(lists: Lists, variables: Sequence[str]) -> list[tree.Line]:
    """The `return` of a program whose outputs are not made in a loop."""
    plan, program = lists.writer.plan, lists.writer.plan.program
    if any(map(plan.returns, variables)):
        return []
    if program.when == "every":
        return [tree.returned(mapped(lists, variables[0], [Var(v) for v in variables], comes_out=True))]
    codes = [exact(End(lists, variable).code(variable)) for variable in variables]
    return [tree.returned(codes[0] if len(codes) == 1 else display("[", codes, "]"))]


# ---------------------------------------------------------------- votes

Scored = Callable[[Code], Code]  # the evidence of a value


@dataclass
class Ballot:
    """How one vote is written."""

    lists: Lists
    variable: str
    node: Vote

    def __post_init__(self) -> None:
        writer, node, upper = self.lists.writer, self.node, self.variable.upper()
        parts = [*((part.variable, part) for part in node.evidence), *node.scaled]
        self.labels = name(writer.row(f"{upper}_LABELS", node.labels))
        self.bias = name(writer.row(f"{upper}_BIAS", node.bias)) if any(node.bias) or not parts else None
        self.scored = [(variable, self._row(variable, part)) for variable, part in parts]

    def _row(self, variable: str, part: Evidence | tuple[int, ...]) -> Scored:
        writer, owner = self.lists.writer, f"{variable}_evidence"
        if isinstance(part, Evidence):
            rows = name(writer.evidence(owner, part.rows))
            other = name(writer.otherwise(part.default))
            return lambda v: tree.method(rows, "get", v, other)
        weights, w = name(writer.row(owner, part)), writer.letter("w")
        nothing = writer.plan.types[variable].nothing

        def scaled(v: Code) -> Code:
            counted = tree.formed(tree.Form("({0} or 0)", tree.ATOM, (tree.OR,)), [v]) if nothing else v
            return tree.comprehension("[", tree.times(counted, w), w, weights, [], "]")

        return scaled

    def _won(self, rows: Code) -> Code:
        return call(self.lists.writer.helper("winner"), self.labels, rows)

    def here(self, code: Callable[[str], Code]) -> Code:
        """The winner at one position, given what variables are called there."""
        rows = [*([self.bias] if self.bias else []), *(scored(_number(code(v))) for v, scored in self.scored)]
        return self._won(display("[", rows, "]"))

    def each(self) -> Code:
        """The list of the winners."""
        sweep = Sweep(self.lists, self.variable, LETTERS)
        element = self.here(sweep.code)
        return sweep.each(element)

    def pooled(self) -> Code:
        """The winner of all positions together."""
        parts = [self._everywhere(v, scored) for v, scored in self.scored]
        if self.bias is not None:
            some = tree.copies(self.bias, self.lists.size())
            if not parts:
                return self._won(some)
            parts.insert(0, some)
        if len(parts) == 1:
            return self._won(parts[0])
        return self._won(display("[", [Code(("*", part.at(5)), names=part.names) for part in parts], "]"))

    def _everywhere(self, variable: str, scored: Scored) -> Code:
        sweep = Sweep(self.lists, self.variable, "v")
        element = scored(_number(sweep.code(variable)))
        return sweep.each(element)


def _number(code: Code) -> Code:
    """A value that is counted or looked up, for which a bool will do."""
    return exact(code) if code.kind == "test" else code
