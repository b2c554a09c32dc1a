"""Expressions of the language as Python: operators by their rows, tables as dictionaries, rules as functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from pellucid.emit import tree
from pellucid.emit.layout import WIDTH, rendered
from pellucid.emit.plan import Plan, written
from pellucid.emit.tree import Code, Kind, call, compared, conditional, display, formed, name, negated
from pellucid.emit.writer import Writer, constant, one_of
from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, names_in, renamed
from pellucid.language.forms import AND, COMPARISON, NOT, OR, PRODUCT, SUM, Form
from pellucid.language.inference import type_of
from pellucid.language.operators import OPERATORS
from pellucid.language.types import NOTHING, Type, Value

SHORT = 2  # rules that a conditional expression may have


class Scope(ABC):
    """What variables are called at one place of the text."""

    writer: Writer
    owner: str  # the variable that is written: constants are named after it

    @property
    def plan(self) -> Plan:
        """What is known about the program."""
        return self.writer.plan

    @abstractmethod
    def code(self, variable: str, letter: str = "") -> Code:
        """What a variable is called; `letter`: wanted, where it is a new one."""

    def origin(self, variable: str) -> str:
        """The program's variable that a name of this scope stands for."""
        return variable

    def type(self, variable: str) -> Type:
        """The variable's type."""
        return self.plan.types[self.origin(variable)]


@dataclass
class Parameters(Scope):
    """Inside a function: its parameters."""

    owner: str
    outer: Scope

    def __post_init__(self) -> None:
        self.writer = self.outer.writer

    def code(self, variable: str, letter: str = "") -> Code:
        """The parameter that has the variable's value."""
        return replace(name(self.writer.one(variable)), kind=self.outer.code(variable).kind)

    def origin(self, variable: str) -> str:
        """The program's variable."""
        return self.outer.origin(variable)


def typed(expression: Expression, scope: Scope) -> Type:
    """The type of an expression."""
    return type_of(expression, {variable: scope.type(variable) for variable in names_in(expression)})


def value(expression: Expression, scope: Scope) -> Code:
    """Text that gives the value, a 0 or 1 where that is a truth."""
    return exact(raw(expression, scope))


def loose(expression: Expression, scope: Scope) -> Code:
    """Text that gives the value, or a bool that is as good as 0 or 1."""
    code = raw(expression, scope)
    return exact(code) if code.kind == "test" else code


def exact(code: Code) -> Code:
    """The value of a truth."""
    match code.kind:
        case "truth":
            return call("int", code)
        case "test":
            return conditional(Code("1"), code, Code("0"))
    return code


def raw(expression: Expression, scope: Scope) -> Code:
    """Text that is true where the value is, and the value itself as far as its `kind` says."""
    match expression:
        case Var(variable):
            return scope.code(variable)
        case Const(constant_value):
            return constant(constant_value)
        case Apply("not", (inner,)):
            return negated(raw(inner, scope))
        case Apply("==" | "!=" as sign, (arg, Const(None))):
            return compared(value(arg, scope), sign, constant(None))
        case Apply("+" | "-") if not typed(expression, scope).nothing:
            return _sum(expression, scope)
        case Apply():
            return _applied(expression, scope)
        case Table():
            return _table(expression, scope)
        case Cases():
            return _cases(expression, scope)


# ---------------------------------------------------------------- operators


def _applied(expression: Apply, scope: Scope) -> Code:
    row, types = OPERATORS[expression.operator], [typed(arg, scope) for arg in expression.args]
    if row.strict and NOTHING in types:
        return constant(None)
    form, _ = written(expression.operator, types)
    operands = [_operand(form, i, arg, scope) for i, arg in enumerate(expression.args)]
    for helper in form.helpers:
        scope.writer.paste(helper)
    code = _raising(expression, form, operands, scope) if form.guard is not None else formed(form, operands)
    if form.passes:
        kinds = [_passed(code, t) for code, t in zip(operands, types, strict=True)]
        code = replace(code, kind=max(kinds, key=["value", "truth", "test"].index))
    elif form.level in (AND, NOT, COMPARISON):
        code = replace(code, kind="truth")
    absent = [operand for operand, t in zip(operands, types, strict=True) if t.nothing and row.strict]
    return _where_there(absent, exact(code)) if absent else code


def _operand(form: Form, place: int, arg: Expression, scope: Scope) -> Code:
    if place in form.tests:
        return raw(arg, scope)
    return loose(arg, scope) if form.loose else value(arg, scope)


def truth_kind(code: Code, t: Type) -> Kind:
    """How good a text is as a truth: a value of 0 or 1 is one."""
    return code.kind if code.kind != "value" else "truth" if t.is_flag else "test"


def _passed(code: Code, t: Type) -> Kind:
    return code.kind if code.kind != "value" or t.is_flag else "test"


def _where_there(absent: Sequence[Code], found: Code) -> Code:
    """Nothing where one of these is nothing."""
    tests = [compared(code, "is", constant(None)) for code in absent]
    return conditional(constant(None), tree.joined("or", OR, tests), found)


def _raising(expression: Apply, form: Form, operands: list[Code], scope: Scope) -> Code:
    """A call that Python may refuse: guarded, unless the arguments are certainly finite and the result is bounded."""
    if scope.plan.sure(renamed(expression, {v: scope.origin(v) for v in names_in(expression)})):
        return formed(form, operands)
    function = Code(form.template.partition("(")[0], names=frozenset(form.modules))
    assert form.guard is not None
    return call(scope.writer.paste(form.guard), function, *operands)


def _sum(expression: Apply, scope: Scope) -> Code:
    """Terms with their signs; one that is negative by its constant is taken off."""
    terms = list(_terms(expression, scope))
    operands = [loose(term, scope) for _, term, _ in terms]
    docs = [code.at(level) for code, (_, _, level) in zip(operands, terms, strict=True)]
    code = tree.infix(SUM, [sign for sign, _, _ in terms[1:]], docs, tree.names_of(operands))
    return replace(code, adds=(docs[0], terms[1][0], docs[1])) if len(docs) == 2 and not terms[0][0] else code


def _terms(expression: Expression, scope: Scope) -> Iterator[tuple[str, Expression, int]]:
    """(sign, term, level it needs); left to right, as they are computed."""
    match expression:
        case Apply("+", (first, *rest)):
            yield from _terms(first, scope)
            for term in rest:
                yield from _added(term, scope)
        case Apply("-", (left, right)):
            yield from _terms(left, scope)
            sign, term = _unsigned(right)
            yield ("+" if sign == "-" else "-"), term, PRODUCT
        case _:
            yield "", expression, SUM


def _added(term: Expression, scope: Scope) -> Iterator[tuple[str, Expression, int]]:
    match term:
        case Apply("+") if typed(term, scope).is_whole:  # whole numbers can be added in any order
            for place, (sign, part, level) in enumerate(_terms(term, scope)):
                yield (sign if place else "+"), part, level
        case Apply("neg", (arg,)):
            yield "-", arg, PRODUCT
        case _:
            sign, positive = _unsigned(term)
            yield sign, positive, PRODUCT


def _unsigned(term: Expression) -> tuple[str, Expression]:
    match term:
        case Const(int() | float() as number) if number < 0:
            return "-", Const(-number)
        case Apply("*", (Const(int() | float() as number), *rest)) if number < 0:
            if number == -1 and isinstance(number, int):
                return "-", rest[0] if len(rest) == 1 else Apply("*", tuple(rest))
            return "-", Apply("*", (Const(-number), *rest))
    return "+", term


# ---------------------------------------------------------------- tables


def same(a: Value, b: Value) -> bool:
    """Whether two values are one; 1 and 1.0 are not."""
    return type(a) is type(b) and a == b


def _table(table: Table, scope: Scope) -> Code:
    cases = [(key, out) for key, out in table.cases if not same(out, table.default)]
    if not cases:
        return constant(table.default)
    keys = [loose(arg, scope) for arg in table.args]
    first = cases[0][1]
    if all(same(out, first) for _, out in cases):
        types = [typed(arg, scope) for arg in table.args]
        return _two_way(_listed(keys, [key for key, _ in cases], types, scope), first, table.default)
    asked = keys[0] if len(keys) == 1 else display("(", keys, ")")
    covers = _covers(table, scope)
    entries = table.cases if covers else cases
    found = name(scope.writer.constant(scope.owner, [(k[0] if len(k) == 1 else k, out) for k, out in entries]))
    if covers:
        return tree.index(found, asked)
    default = [] if table.default is None else [constant(table.default)]
    return tree.method(found, "get", asked, *default)


def _covers(table: Table, scope: Scope) -> bool:
    """Whether a table of one argument lists all its values, so that it needs no default."""
    t = typed(table.args[0], scope)
    few = len(table.args) == 1 and t.values is not None and not t.nothing
    return few and all((v,) in table.outcomes for v in t.values or ())


def _two_way(test: Code, yes: Value, no: Value) -> Code:
    if same(yes, 1) and same(no, 0):
        return test
    if same(yes, 0) and same(no, 1):
        return negated(test)
    return conditional(constant(yes), test, constant(no))


def _listed(keys: list[Code], cases: list[tuple[Value, ...]], types: list[Type], scope: Scope) -> Code:
    """Whether the keys are one of the cases; of one key, the few values that are none may be told instead."""
    if len(keys) == 1:
        values = [key[0] for key in cases]
        if types[0].values is not None:
            every = [*types[0].values, *([None] if types[0].nothing else [])]
            rest = [v for v in every if v not in values]
            if len(rest) < len(values):
                return _among(keys[0], rest, scope, ("!=", "not in")) if rest else replace(constant(1), kind="truth")
        return _among(keys[0], values, scope)
    if len(cases) == 1:
        tests = [compared(key, "==", constant(v)) for key, v in zip(keys, cases[0], strict=True)]
        return replace(tree.both(tests), kind="truth")
    return _among(display("(", keys, ")"), cases, scope)


def _among(key: Code, values: Iterable, scope: Scope, signs: tuple[str, str] = ("==", "in")) -> Code:
    listed = list(values)
    if len(listed) == 1:
        return compared(key, signs[0], constant(listed[0]))
    short = one_of(listed)
    found = Code(short) if len(short) < WIDTH // 2 else name(scope.writer.one_of(scope.owner, listed))
    return compared(key, signs[1], found)


# ---------------------------------------------------------------- rules


def _cases(cases: Cases, scope: Scope) -> Code:
    match cases:
        case Cases((), default):
            return raw(default, scope)
        case Cases(((test, Const(1)),), Const(0)):
            return _as_truth(test, scope)
        case Cases(((test, Const(0)),), Const(1)):
            return negated(raw(test, scope))
    if len(cases.rules) <= SHORT and len(rendered(_chosen(cases, Parameters(scope.owner, scope)).doc)) < WIDTH:
        return _chosen(cases, scope)
    return _function(cases, scope)


def _chosen(cases: Cases, scope: Scope) -> Code:
    code = value(cases.default, scope)
    for test, outcome in reversed(cases.rules):
        code = conditional(value(outcome, scope), raw(test, scope), code)
    return code


def _as_truth(test: Expression, scope: Scope) -> Code:
    code = raw(test, scope)
    return replace(code, kind=_passed(code, typed(test, scope)))


def _function(cases: Cases, scope: Scope) -> Code:
    """A function of its own: one `if` after the other."""
    writer, variables = scope.writer, list(dict.fromkeys(names_in(cases)))
    called = writer.free(f"{scope.owner}_rule")
    inside = Parameters(called, scope)
    block: list[tree.Line] = []
    for outcome, rules in groupby(cases.rules, key=lambda rule: rule[1]):
        told = value(outcome, inside)
        block += [tree.when(test, [tree.returned(told)]) for test in _joined([raw(t, inside) for t, _ in rules])]
    block.append(tree.returned(value(cases.default, inside)))
    writer.functions[called] = tree.function(called, [writer.one(v) for v in variables], block)
    return call(called, *(scope.code(v) for v in variables))


def _joined(tests: list[Code]) -> list[Code]:
    """Tests with the same outcome as one, where that fits on a line."""
    either = Form(" or ".join(f"{{{i}}}" for i in range(len(tests))), OR, (NOT,) * len(tests))
    whole = formed(either, tests)
    short = "\n" not in rendered(("    if ", whole.doc, ":"))
    return [whole] if len(tests) > 1 and short else tests
