"""Random small programs of the language: every node, all reaches, masks, ties, state; and short ways to write some."""

from dataclasses import replace

import numpy as np

from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Apply, Cases, Const, Table, Var
from pellucid.language.nodes import (
    Aggregate,
    Assign,
    Column,
    Delay,
    Evidence,
    Input,
    Let,
    Output,
    ProgramError,
    Select,
    Vote,
)
from pellucid.language.program import Program
from pellucid.language.types import real, symbol

DOMAINS = [("a", "b"), (0, 1, 2), (-1, 5, "x"), (1, 2)]
SEARCHED = ["+", "-", "*", "//", "%", "min", "max", "==", "<", ">=", "and", "or", "^"]
REACHES = ["any", "upto", "before", "after", "from"]


def expression(what):
    """An expression from nested tuples: text is a variable, anything else a constant."""
    if isinstance(what, tuple):
        return Apply(what[0], tuple(map(expression, what[1:])))
    return Var(what) if isinstance(what, str) else Const(what)


def let(*what):
    """A variable that is such an expression."""
    return Let(expression(what if len(what) > 1 else what[0]))


def program(*pairs, inputs=None, longest=None, when="every", results=None, types=None):
    """A program of the pairs (name, node); a column for each input that is not given, the last variable comes out."""
    types = {"tokens": symbol("ab")} if types is None else types
    columns = tuple(Column(name, t) for name, t in types.items())
    made = [*((name, Input(name)) for name in (types if inputs is None else inputs)), *pairs]
    results = results or (made[-1][0],)
    outputs = tuple(Output(f"out_{i}" if i else "out", name) for i, name in enumerate(results))
    return Program(columns, tuple(Assign(*pair) for pair in made), outputs, when, longest)


def numbers(*names):
    """Columns of real numbers."""
    return dict.fromkeys(names, real())


def random_program(seed):
    """A random program of few inputs."""
    return Maker(np.random.default_rng(seed)).program()


class Maker:
    """Adds random nodes to a program, keeping those that are well typed."""

    def __init__(self, rng):
        self.rng = rng
        domains = [self.one(DOMAINS) for _ in range(self.one([1, 1, 1, 2]))]
        columns = tuple(Column(f"c{i}", symbol(domain)) for i, domain in enumerate(domains))
        inputs = [Assign(f"in{i}", Input(c.name)) for i, c in enumerate(columns)]
        inputs += [Assign("place", Input("", "position")), Assign("size", Input("", "length"))]
        longest = int(rng.integers(1, 5 if len(columns) == 1 else 4))
        when = self.one(["every", "every", "last"])
        self.made = Program(columns, tuple(inputs), (Output("out", "place"),), when, longest)

    def one(self, values):
        """A random element."""
        return values[int(self.rng.integers(len(values)))]

    def program(self):
        """The whole program: its last variable comes out."""
        wanted = len(self.made.assignments) + int(self.rng.integers(2, 8))
        makers = [self.head] * 3 + [self.table, self.cases, self.apply, self.delay, self.state, self.vote]
        for _ in range(200):
            self.add(self.one(makers)())
            if len(self.made.assignments) >= wanted:
                break
        return self.made

    def add(self, nodes):
        """Add these nodes, the last of which comes out, if they are well typed."""
        made = self.made
        assigns = (*made.assignments, *(Assign(name, node) for name, node in nodes))
        try:
            longer = replace(made, assignments=assigns, outputs=(Output("out", assigns[-1].name),))
            _ = longer.types
        except ProgramError:
            return
        self.made = longer

    @property
    def fresh(self):
        """A new name."""
        return f"v{len(self.made.assignments)}"

    def name(self):
        """A random variable."""
        return self.one(list(self.made.nodes))

    def value(self, name):
        """A value that a variable may have."""
        return self.one(list(self.made.types[name].values or (0, 1)) or [0])

    def constant(self):
        """A small constant."""
        return self.one([0, 1, 2, -1, "a", "x", None])

    def test(self, name):
        """A test of a variable."""
        other = Var(self.name()) if self.rng.random() < 0.3 else Const(self.value(name))
        return Apply(self.one(["==", "!=", "<", ">="]), (Var(name), other))

    def table(self):
        """A table over one or two variables."""
        names = tuple(dict.fromkeys([self.name(), self.name()]))
        keys = {tuple(self.value(name) for name in names) for _ in range(int(self.rng.integers(1, 6)))}
        cases = tuple((key, self.one([0, 1, 2, "a"])) for key in sorted(keys, key=repr))
        return [(self.fresh, Let(Table(tuple(map(Var, names)), cases, self.one([0, 1, "b"]))))]

    def cases(self):
        """A list of rules."""
        rules = tuple((self.test(self.name()), Const(self.constant())) for _ in range(int(self.rng.integers(1, 4))))
        return [(self.fresh, Let(Cases(rules, self.one([Const(0), Const("a"), Var(self.name())]))))]

    def apply(self):
        """An operator on two variables or constants."""
        args = [Var(self.name()) if self.rng.random() < 0.8 else Const(self.one([0, 1, 2, 3])) for _ in range(2)]
        found = Apply(self.one(SEARCHED), tuple(args))
        return [(self.fresh, Let(Apply("not", (found,)) if self.rng.random() < 0.1 else found))]

    def delay(self):
        """A value some steps away."""
        return [(self.fresh, Delay(self.name(), self.one([1, 1, 2, -1]), Const(self.constant())))]

    def state(self):
        """A variable computed from its own value before."""
        before, now = self.fresh, f"s{self.fresh}"
        other = self.name()
        step = self.one([
            Cases(((self.test(other), Const(1)),), Var(before)),
            Apply("%", (Apply("+", (Var(before), Var(other))), Const(3))),
            Table((Var(before), Var(other)), (((0, self.value(other)), 1), ((1, self.value(other)), 2)), 0),
        ])  # fmt: skip
        return [(before, Delay(now, 1, Const(self.one([0, 1])))), (now, Let(step))]

    def head(self):
        """Attention."""
        how = self.one(list(AGGREGATES))
        row, select = AGGREGATES[how], self.select()
        value = self.name() if row.reads else None
        default = Const(self.constant()) if row.reads else Const(None)
        return [(self.fresh, Aggregate(select, how, value, default, self.name() if row.by else None))]

    def select(self):
        """Which positions."""
        query, key = self.name(), self.one([self.name(), "place"])
        reach, window = self.one(REACHES), self.one([None, None, 1, 2])
        mask = self.one([None, None, self.name()])
        negated = mask is not None and self.rng.random() < 0.5
        q, k = Var("q"), Var("k")
        match self.one(["none", "compare", "offset", "one of", "table"]):
            case "none":
                return Select(None, (), (), reach, window, mask, negated)
            case "compare":
                match = Apply(self.one(["==", "<", "<=", ">", "!="]), (k, q))
                ties = bool(self.rng.random() < 0.2)
                return Select(match, (query,), (key,), reach, window, mask, negated, ties)
            case "offset":
                match = Apply("==", (k, Apply("+", (q, Const(self.one([1, -1]))))))
                query = "place" if key == "place" else query
            case "one of":
                return Select(Apply("==", (k, Const(self.value(key)))), (), (key,), reach, window, mask, negated)
            case _:
                pairs = {(self.value(query), self.value(key)) for _ in range(4)}
                match = Table((q, k), tuple((pair, 1) for pair in sorted(pairs, key=repr)), 0)
        return Select(match, (query,), (key,), reach, window, mask, negated)

    def vote(self):
        """Evidence added up."""
        names = list(dict.fromkeys(self.name() for _ in range(int(self.rng.integers(1, 4)))))
        evidence = tuple(Evidence(name, self.rows(name), self.weights()) for name in names)
        scaled = ((self.name(), self.weights()),) if self.rng.random() < 0.4 else ()
        pooled = bool(self.rng.random() < 0.2)
        return [(self.fresh, Vote(("p", "q", 7), self.weights(), evidence, scaled, pooled))]

    def rows(self, name):
        """Weights of a few values."""
        values = dict.fromkeys(self.value(name) for _ in range(3))
        return tuple((value, self.weights()) for value in values)

    def weights(self):
        """A weight for each label."""
        return tuple(int(w) for w in self.rng.integers(-3, 4, 3))
