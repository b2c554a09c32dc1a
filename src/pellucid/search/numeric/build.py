"""From terms to a program: parts that are used twice, or look at other steps, become variables with telling names."""

from __future__ import annotations

import builtins
import re
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from keyword import kwlist

from pellucid.data.series import Series
from pellucid.program.numeric import (
    Apply,
    Assign,
    Column,
    Const,
    Expression,
    Formula,
    Lookup,
    Node,
    NumericProgram,
    Position,
    Route,
    Running,
    Var,
)  # fmt: skip
from pellucid.search.numeric.terms import (
    Carry,
    Col,
    Extreme,
    First,
    LastWhere,
    Num,
    Op,
    Past,
    Pos,
    Run,
    Self,
    Shift,
    Table,
    Term,
    Value,
    children,
)  # fmt: skip


def build(answers: Mapping[str, Term], series: Series) -> NumericProgram:
    """The program with one term for each output column of a data set."""
    return _Builder(answers, series).program()


class _Builder:
    """Assignments made so far; `state` is the name of the state before this step inside a carry."""

    def __init__(self, answers: Mapping[str, Term], series: Series) -> None:
        self.answers, self.series = answers, series
        self.assignments: list[Assign] = []
        self.known: dict[tuple[Term, str | None], str] = {}
        self.states: dict[tuple[Carry, str | None], tuple[str, str]] = {}
        self.names: set[str] = set()
        self.uses = Counter(part for term in answers.values() for part in _uses(term))
        self.results = {name: self._reserved(name) for name in answers}

    def program(self) -> NumericProgram:
        """All outputs, one after the other."""
        results = tuple(self._result(name, term) for name, term in self.answers.items())
        data = self.series
        return NumericProgram(
            data.input_names, data.output_names, tuple(self.assignments), results, data.whole_inputs, data.last
        )

    def _result(self, output: str, term: Term) -> str:
        name = self.results[output]
        self.assignments.append(Assign(name, self._final(term)))
        return name

    def _final(self, term: Term) -> Node:
        """The node of an output itself."""
        if isinstance(term, Op | Num | Col | Pos | Past | Self | Carry):
            return Formula(self.expression(term, None))
        return self._node(term, None)

    # ------------------------------------------------------------ names

    def _reserved(self, wanted: str) -> str:
        name = re.sub(r"\W", "_", wanted).strip("_") or "v"
        name = name if not name[0].isdigit() else f"v{name}"
        name = f"{name}_value" if name in TAKEN else name
        number, fresh = 2, name
        while fresh in self.names:
            fresh, number = f"{name}_{number}", number + 1
        self.names.add(fresh)
        return fresh

    def _assigned(self, wanted: str, node: Node) -> str:
        name = self._reserved(wanted)
        self.assignments.append(Assign(name, node))
        return name

    # ------------------------------------------------------------ terms

    def expression(self, term: Term, state: str | None) -> Expression:
        """A term as an expression over variables; new variables are assigned on the way."""
        if isinstance(term, Num):
            return Const(term.value)
        if isinstance(term, Carry) and self.uses[term] < 2:
            return self._carried(term, state)
        if isinstance(term, Op) and (self.uses[term] < 2 or _tiny(term)):
            return Apply(term.op, tuple(self.expression(arg, state) for arg in term.args))
        return Var(self.variable(term, state))

    def variable(self, term: Term, state: str | None = None) -> str:
        """The name of the variable that holds a term's values."""
        if isinstance(term, Self):
            if state is None:
                raise ValueError("a state outside of its carry")
            return state
        key = (term, state)
        if key not in self.known:
            self.known[key] = self._made(term, state)
        return self.known[key]

    def _made(self, term: Term, state: str | None) -> str:
        match term:
            case Op(op, args):
                inside = Apply(op, tuple(self.expression(arg, state) for arg in args))
                return self._assigned(called(term), Formula(inside))
            case Num():
                return self._assigned("constant", Formula(Const(term.value)))
            case Carry():
                found = self._carried(term, state)
                return found.name if isinstance(found, Var) else self._assigned("reading", Formula(found))
        node = self._node(term, state)
        return self._assigned(called(term), node)

    def _node(self, term: Term, state: str | None) -> Node:
        match term:
            case Col():
                return Column(term.name)
            case Pos():
                return Position(term.start)
            case Past():
                return Route(self.results[term.name], "offset", term.amount, default=plain(term.start))
            case Shift():
                return Route(self.variable(term.term, state), "offset", term.amount, default=plain(term.default))
            case First():
                return Route(self.variable(term.term, state), "first")
            case Extreme():
                value, key = self.variable(term.term, state), self.variable(term.key, state)
                return Route(value, term.rule, where=key, window=term.window)
            case LastWhere():
                value, where = self.variable(term.term, state), self.variable(term.where, state)
                return Route(value, "last where", term.reach, where, plain(term.default))
            case Run():
                return Running(term.how, self.variable(term.term, state), term.window)
            case Table():
                names = tuple(self.variable(t, state) for t in term.terms)
                cases = tuple((tuple(plain(v) for v in key), plain(value)) for key, value in term.cases)
                return Lookup(names, cases, plain(term.default))
        raise TypeError(f"no node for {term}")

    def _carried(self, term: Carry, outer: str | None) -> Expression:
        """What a carry reads; its state is read as it was before the step, then set for the next one."""
        before, after = self._state(term, outer)
        if term.read == term.update:
            return Var(after)
        if isinstance(term.read, Table):
            return Var(self.variable(term.read, before))
        return self.expression(term.read, before)

    def _state(self, term: Carry, outer: str | None) -> tuple[str, str]:
        """Names of a carry's state before and after the step."""
        if (term, outer) not in self.states:
            after = self._reserved("state")
            before = self._assigned(f"{after}_before", Route(after, "offset", 1, default=plain(term.init)))
            self.assignments.append(Assign(after, self._stated(term.update, before)))
            self.states[term, outer] = before, after
        return self.states[term, outer]

    def _stated(self, term: Term, before: str) -> Node:
        if isinstance(term, Table):
            return self._node(term, before)
        return Formula(self.expression(term, before))


def _tiny(term: Op) -> bool:
    """Whether an operator is so small that naming it would not help."""
    return all(isinstance(arg, Num | Col | Self) for arg in term.args) and len(term.args) == 1


def _uses(term: Term) -> list[Term]:
    """Each part as often as it would be written out, a part used twice counted inside once."""
    found: list[Term] = []
    seen: set[Term] = set()

    def visit(part: Term) -> None:
        found.append(part)
        if part not in seen:
            seen.add(part)
            for child in children(part) if not isinstance(part, Carry) or part.read != part.update else (part.update,):
                visit(child)

    visit(term)
    return found


def called(term: Term) -> str:
    """A telling name for a variable that holds a term's values."""
    inner = [called(child) for child in children(term) if not isinstance(child, Num)]
    what = inner[0] if inner and len(inner[0]) <= 16 else "it"
    match term:
        case Col():
            return term.name
        case Pos():
            return "step" if term.start else "position"
        case Past():
            return f"{term.name}_before" if term.amount == 1 else f"{term.name}_{term.amount}_before"
        case Shift():
            return f"{what}_before" if term.amount == 1 else f"{what}_{term.amount}_before"
        case First():
            return f"first_{what}"
        case LastWhere():
            return f"last_{what}"
        case Extreme():
            return f"{what}_at_{'largest' if term.rule == 'argmax' else 'smallest'}"
        case Run():
            return f"{RUNS[term.how]}_{what}" if term.window is None else f"{RUNS[term.how]}_{what}_of_{term.window}"
        case Op():
            return OPERATORS.get(term.op, "value")
        case Carry():
            return "state"
    return "value"


TAKEN = frozenset(
    [*kwlist, *dir(builtins), "value", "sequence", "outputs", "run", "main", "math", "sys", "json"]
)  # names a program may not use
RUNS = {"sum": "total", "mean": "mean", "min": "least", "max": "largest", "mode": "most_frequent"}
OPERATORS = {
    "+": "together", "-": "difference", "*": "product", "/": "ratio", "//": "quotient", "%": "rest", "==": "equal",
    "!=": "differs", "<": "less", "<=": "at_most", ">": "more", ">=": "at_least", "and": "both", "or": "either",
    "not": "opposite", "abs": "size", "sqrt": "root", "square": "square", "min": "smaller", "max": "larger",
}  # fmt: skip


def plain(value: Value) -> int | float:
    """A constant as an int or a float."""
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return value
