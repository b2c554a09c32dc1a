"""Element-wise expressions: what is computed at one position from the variables there. Data only; see `operators`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from pellucid.language.types import Value

DEEPEST = 50  # Python's own parser, and every recursion over expressions, takes that


@dataclass(frozen=True)
class Var:
    """A variable of the program, by name."""

    name: str


@dataclass(frozen=True)
class Const:
    """A text, a whole number, a finite number, or nothing; a fraction means the float nearest to it."""

    value: str | int | float | Fraction | None


@dataclass(frozen=True)
class Apply:
    """An operator, by its name in `operators.OPERATORS`, applied to expressions."""

    operator: str
    args: tuple[Expression, ...]


@dataclass(frozen=True)
class Table:
    """The outcome listed for the values of the arguments, else the default; over symbols and whole numbers."""

    args: tuple[Expression, ...]
    cases: tuple[tuple[tuple[Value, ...], Value], ...]
    default: Value

    @cached_property
    def outcomes(self) -> dict[tuple[Value, ...], Value]:
        """The outcome for each case."""
        return dict(self.cases)


@dataclass(frozen=True)
class Cases:
    """The outcome of the first rule (test, outcome) whose test is true (not 0, not nothing), else the default."""

    rules: tuple[tuple[Expression, Expression], ...]
    default: Expression


Expression = Var | Const | Apply | Table | Cases
Atom = Var | Const


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that it is made of, left to right."""
    match expression:
        case Apply(_, args) | Table(args):
            return args
        case Cases(rules, default):
            return (*(part for rule in rules for part in rule), default)
    return ()


def with_parts(expression: Expression, new: Iterable[Expression]) -> Expression:
    """The same expression made of other parts, as many as `parts` gives."""
    found = tuple(new)
    match expression:
        case Apply(operator):
            return Apply(operator, found)
        case Table(_, cases, default):
            return Table(found, cases, default)
        case Cases():
            return Cases(tuple(zip(found[:-1:2], found[1::2], strict=True)), found[-1])
    return expression


def mapped(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """Every part changed, innermost first, the whole last."""
    old = parts(expression)
    new = tuple(mapped(part, change) for part in old)
    return change(expression if new == old else with_parts(expression, new))


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything in it, outermost first, left to right."""
    yield expression
    for part in parts(expression):
        yield from walk(part)


def names_in(expression: Expression) -> Iterator[str]:
    """Names of the variables read, left to right, with repeats."""
    return (e.name for e in walk(expression) if isinstance(e, Var))


def substitute(expression: Expression, values: Mapping[str, Expression]) -> Expression:
    """The expression with variables replaced by expressions."""
    return mapped(expression, lambda e: values.get(e.name, e) if isinstance(e, Var) else e)


def renamed(expression: Expression, names: Mapping[str, str]) -> Expression:
    """The expression with its variables renamed where the mapping has them."""
    return substitute(expression, {old: Var(new) for old, new in names.items()})


def size(expression: Expression) -> int:
    """Number of variables, constants, operators, and entries of tables."""
    return sum(1 + (len(e.cases) if isinstance(e, Table) else 0) for e in walk(expression))


def depth(expression: Expression) -> int:
    """Levels of nesting: 1 for a variable."""
    return 1 + max(map(depth, parts(expression)), default=0)


def among(expression: Expression, values: Iterable[Value]) -> Table:
    """1 where the expression has one of the values, else 0."""
    return Table((expression,), tuple(((value,), 1) for value in values), 0)


def values_among(expression: Expression) -> tuple[Value, ...] | None:
    """The values of a test made by `among`; None for anything else."""
    match expression:
        case Table((_,), cases, 0) if cases and all(type(out) is int and out == 1 for _, out in cases):
            return tuple(key[0] for key, _ in cases)
    return None


def conjunction(tests: Iterable[Expression]) -> Expression:
    """All tests at once; 1 for none."""
    found = tuple(tests)
    return found[0] if len(found) == 1 else Apply("and", found) if found else Const(1)


def choice(test: Expression, then: Expression, otherwise: Expression) -> Cases:
    """`then` where the test is true, else `otherwise`."""
    return Cases(((test, then),), otherwise)
