"""From terms to a program: what is used twice, or looks at other steps, becomes a variable."""

from __future__ import annotations

import builtins
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from keyword import kwlist

from pellucid.language.expressions import Apply, Const, Expression, Var, choice
from pellucid.language.expressions import Table as Lookup
from pellucid.language.nodes import Aggregate, Assign, Delay, Input, Let, Node, Select
from pellucid.language.operators import apply
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.learners.columns import program_of
from pellucid.learners.formulas.terms import (
    Carry,
    Col,
    Constant,
    Op,
    Over,
    Past,
    Pos,
    Self,
    Shift,
    Table,
    Term,
    children,
)  # fmt: skip
from pellucid.problem import Problem

Labels = Mapping[str, tuple[str, str]]


def build(answers: Mapping[str, Term], problem: Problem, labels: Labels) -> Program:
    """The program with one term for each output column of a problem.

    labels: of outputs whose term gives 1 or 0, the labels that stand for these.

    Raises:
        ProgramError: the terms cannot be put into the language.
    """
    return _Builder(answers, problem, labels).program()


class _Builder:
    """Assignments made so far; `state` is the name of the state before this step inside a carry."""

    def __init__(self, answers: Mapping[str, Term], problem: Problem, labels: Labels) -> None:
        self.answers, self.problem, self.labels = answers, problem, labels
        self.assignments: list[Assign] = []
        self.known: dict[tuple[Term, str | None], str] = {}
        self.states: dict[tuple[Carry, str | None], tuple[str, str]] = {}
        self.names: set[str] = set()
        self.uses = Counter(part for term in answers.values() for part in _uses(term))
        self.results = {name: self._reserved(f"is_{labels[name][0]}" if name in labels else name) for name in answers}

    def program(self) -> Program:
        """All outputs, one after the other."""
        made = program_of(self.problem, self.assignments, [self._output(f.name) for f in self.problem.schema.outputs])
        when = "every" if made.when == "every" else "last"
        return replace(made, when=when, longest=self.problem.train.longest, empty=self._empty())

    def _output(self, output: str) -> str:
        """The variable of an output, which is assigned."""
        name = self.results[output]
        self.assignments.append(Assign(name, self._final(self.answers[output])))
        if output not in self.labels:
            return name
        yes, no = self.labels[output]
        return self._assigned(output, Let(choice(Var(name), Const(yes), Const(no))))

    def _final(self, term: Term) -> Node:
        """The node of an output itself."""
        return self._node(term, None) if isinstance(term, Shift | Over) else Let(self.expression(term, None))

    def _empty(self) -> tuple[Value, ...] | None:
        """What comes out for an empty sequence: as the data has it, else what the terms are before the first step."""
        train, width = self.problem.train, len(self.answers)
        if train.schema.when == "every":
            return None
        seen = Counter(y if width > 1 else (y,) for x, y in zip(train.inputs, train.outputs, strict=True) if not len(x))
        if seen:
            return seen.most_common(1)[0][0]
        try:
            return tuple(self._at_start(name, self.answers[name]) for name in self.answers)
        except LookupError:
            return None

    def _at_start(self, output: str, term: Term) -> Value:
        value = at_start(term)
        return value if output not in self.labels else self.labels[output][0 if value else 1]

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
        once = self.uses[term] < 2
        match term:
            case Const():
                return constant(term.value)
            case Carry() if once:
                return self._carried(term, state)
            case Op() | Table() if once or _is_small(term):
                return self._inside(term, state)
            case Pos(start) if start:
                return Apply("+", (Var(self.variable(Pos(0), state)), Const(start)))
        return Var(self.variable(term, state))

    def _inside(self, term: Op | Table, state: str | None) -> Expression:
        args = tuple(self.expression(part, state) for part in term.args)
        return Apply(term.operator, args) if isinstance(term, Op) else Lookup(args, term.cases, term.default)

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
            case Op() | Table():
                inside = self._inside(term, state)
            case Carry():
                inside = self._carried(term, state)
            case Const() | Pos(1):
                inside = self.expression(term, state)
            case _:
                return self._assigned(called(term), self._node(term, state))
        return inside.name if isinstance(inside, Var) else self._assigned(called(term), Let(inside))

    def _node(self, term: Term, state: str | None) -> Node:
        match term:
            case Col():
                return Input(term.name)
            case Pos():
                return Input("", "position")
            case Past():
                start = term.start
                default = Var(self.variable(start, state)) if isinstance(start, Col) else constant(start)
                return Delay(self.results[term.name], term.amount, default)
            case Shift():
                name = self.variable(term.term, state)
                return Delay(name, term.amount, Var(name) if term.same else constant(term.default))
            case Over():
                parts = (term.term, term.where, term.by)
                name, mask, by = (None if t is None else self.variable(t, state) for t in parts)
                select = Select(reach="before" if term.before else "upto", window=term.window, mask=mask)
                some = mask is None and not term.before and term.how != "ranked"  # something is always picked
                default = Const(None) if some else constant(term.default)
                return Aggregate(select, term.how, name, default, by)
        raise TypeError(f"no node for {term}")

    def _carried(self, term: Carry, outer: str | None) -> Expression:
        """What a carry reads; its state is read as it was before the step, then set for the next one."""
        before, after = self._state(term, outer)
        return Var(after) if term.read == term.update else self.expression(term.read, before)

    def _state(self, term: Carry, outer: str | None) -> tuple[str, str]:
        """Names of a carry's state before and after the step."""
        key = (Carry(term.init, term.update, term.update), outer)
        if key not in self.states:
            after = self._reserved("state")
            before = self._assigned(f"{after}_before", Delay(after, 1, constant(term.init)))
            self.assignments.append(Assign(after, Let(self.expression(term.update, before))))
            self.states[key] = before, after
        return self.states[key]


def at_start(term: Term) -> Value:
    """A term's value where no step has come yet.

    Raises:
        LookupError: it has none.
    """
    match term:
        case Const(value) if not isinstance(value, Fraction):
            return value
        case Carry(init, update, read) if update == read and not isinstance(init, Fraction):
            return init
        case Over(how="sum"):
            return 0
        case Op(name, args):
            return apply(name, [at_start(arg) for arg in args])
        case Table(terms, cases, default):
            return dict(cases).get(tuple(map(at_start, terms)), default)
    raise LookupError(term)


def _is_small(term: Op | Table) -> bool:
    """Whether it is an operator so small that naming it would not help."""
    return isinstance(term, Op) and len(term.args) == 1 and isinstance(term.args[0], Const | Col | Self)


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
    """A name for a variable that holds a term's values."""
    inner = [called(child) for child in children(term) if not isinstance(child, Const)]
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
        case Over(by=None):
            return f"{term.how}_{what}" + ("" if term.window is None else f"_of_{term.window}")
        case Over():
            return f"{what}_at_{'largest' if term.how == 'argmax' else 'smallest'}"
        case Carry():
            return "state"
    return "value"


TAKEN = frozenset([*kwlist, *dir(builtins), "value", "sequence", "outputs", "run", "main", "math", "sys", "json"])


def constant(value: Constant) -> Const:
    """A constant; a whole fraction as an int."""
    return Const(int(value) if isinstance(value, Fraction) and value.denominator == 1 else value)
