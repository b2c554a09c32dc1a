"""Random small programs over the whole language: masks, reaches, ties, aggregates, rules, scans, formulas."""

from dataclasses import replace

import numpy as np

from pellucid.data.vocab import Vocab
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.ir import (
    PREVIOUS,
    Aggregate,
    Assign,
    Categorical,
    Embed,
    Evidence,
    Formula,
    Input,
    Integer,
    Lookup,
    Program,
    ProgramError,
    Readout,
    Rule,
    Rules,
    Scan,
    Select,
    Selection,
    Test,
)
from pellucid.program.predicates import Compare, Match, OneOf

TOKENS = [(0, 1, 2), (-1, 5, "b"), ("x", "y", "zz"), (1, 2)]
OPERATORS = ["+", "-", "*", "//", "%", "min", "max"]
ORDER = ["<", "<=", ">", ">="]


def random_ir(seed, markers=False, unbounded=None, kind=None):
    """A random program; every node it can hold comes up, and each is well typed."""
    return Maker(np.random.default_rng(seed), markers, unbounded, kind).program()


class Maker:
    """Adds random nodes to a program, keeping those that are well typed."""

    def __init__(self, rng, markers, unbounded, kind):
        self.rng = rng
        kind = kind or self.one(["tagging", "tagging", "classification"])
        ends = self.one(["begin", "both"])
        vocab = Vocab.of(self.one(TOKENS), ("p", "q", 7), kind, int(rng.integers(1, 5)), markers=ends)
        unbounded = not markers and (self.one([True, False]) if unbounded is None else unbounded)
        inputs = [Assign(f"{which}_in", Input(which)) for which in ("positions", "length", "ones")]
        self.made = Program(vocab, (Assign("tokens", Input("tokens")), *inputs), "tokens", markers, unbounded)

    def one(self, values):
        """A random element."""
        return values[int(self.rng.integers(len(values)))]

    def some(self, values, most):
        """Up to `most` different elements."""
        values = list(values)
        count = int(self.rng.integers(0, min(most, len(values)) + 1))
        return [values[i] for i in self.rng.permutation(len(values))[:count]]

    def program(self):
        """The whole program: its last variable is the output, a pooled readout where markers ask for one."""
        wanted = int(self.rng.integers(4, 12))
        makers = [self.head] * 3 + [self.lookup, self.rules, self.formula, self.scan, self.embed, self.readout]
        while len(self.made.assignments) < wanted:
            self.add(self.one(makers))
        if self.made.vocab.kind == "classification" and (self.made.markers or self.rng.random() < 0.3):
            while not self.add(lambda: [("last", self.votes(True))]):
                pass
        return self.made

    def add(self, maker):
        """Add what the maker gives, if it is well typed."""
        made = self.made
        pairs = maker()
        assigns = (*made.assignments, *(Assign(f"{name}_{len(made.assignments)}", node) for name, node in pairs))
        longer = Program(made.vocab, assigns, assigns[-1].name, made.markers, made.unbounded)
        try:
            types = longer.types
        except ProgramError as error:
            pooled = "pooled readout" in str(error) and made.markers
            if not pooled:
                return False
            types = Program(*_tagging(longer)).types
        last = types[assigns[-1].name]
        if isinstance(last, Integer) and last.high - last.low > 400:
            return False
        self.made = longer
        return True

    @property
    def types(self):
        """Types of the variables made so far, selections left out."""
        found = Program(*_tagging(self.made)).types
        return {name: kind for name, kind in found.items() if not isinstance(kind, Selection)}

    def name(self, wanted=lambda kind: True):
        """A variable of a type that is wanted; the later ones oftener."""
        names = [name for name, kind in self.types.items() if wanted(kind)]
        names = [n for n in names if n != "last"]
        return self.one(names[len(names) // 2 :] if self.rng.random() < 0.6 else names)

    def values(self, name):
        """Some values of a variable, and one that it may not have."""
        return [*list(self.types[name].values)[:6], self.one([0, 1, 9, "x", "odd"])]

    def few(self, name):
        """Up to three different values, most of them the variable's own."""
        return tuple(dict.fromkeys(self.some(self.values(name), 3)))

    def head(self):
        query, key = self.name(), self.name()
        query = key if self.rng.random() < 0.4 else query
        predicate = self.one([
            Compare("=="), Compare("=="), Compare("!="), Compare(self.one(ORDER)), Compare(self.one(ORDER)),
            Compare(self.one([*ORDER, "=="]), int(self.rng.integers(-2, 3))),
            OneOf(self.few(key)), OneOf(tuple(self.types[key].values)[:50]),
            Match(tuple((q, self.few(key)) for q in self.few(query)), self.few(key)),
        ])  # fmt: skip
        closest = self.rng.random() < 0.25
        mask = self.name(_flag) if self.rng.random() < 0.4 and any(map(_flag, self.types.values())) else None
        ties = predicate in (Compare("<"), Compare(">")) and self.rng.random() < 0.4
        select = Select(query, key, predicate, "closest" if closest else "all",
                        self.one(["any", "any", "upto", "before", "after", "from"]), mask,
                        mask is not None and self.rng.random() < 0.5, "earlier" if ties else "none")  # fmt: skip
        name = f"where_{len(self.made.assignments)}"
        how = "take" if closest else self.one(["count", "any", "sum", "min", "max", "first", "last"])
        value = None if how in ("count", "any") else self.name(_numbers if how == "sum" else lambda kind: True)
        default = self.one([-1, 0, "none", "b"]) if how in ("min", "max", "first", "last") else None
        return [("where", select), (how, Aggregate(name, how, value, default))]

    def lookup(self, extra=()):
        names = tuple(dict.fromkeys([*extra, *(self.name() for _ in range(int(self.rng.integers(1, 3))))]))[:3]
        outputs = self.one([(0, 1), (0, 1), ("a", "b"), (3, "c", -2)])
        keys = {tuple(self.one(self.step_values(name)) for name in names) for _ in range(int(self.rng.integers(0, 5)))}
        cases = tuple((key, self.one(outputs)) for key in sorted(keys, key=repr))
        return [("table", Lookup(names, cases, self.one(outputs)))]

    def step_values(self, name):
        return [0, 1, 2, "a", "b", "P"] if name == PREVIOUS else self.values(name)

    def test(self, names):
        variable = self.one(names)
        op = self.one(["==", "!=", *ORDER, "in", "not in"])
        if op not in ("in", "not in") and self.rng.random() < 0.3:
            return Test(variable, op, (), self.one(names))
        values = self.step_values(variable)
        return Test(variable, op, tuple(dict.fromkeys(self.some(values, 3))) if "in" in op else (self.one(values),))

    def rules(self, extra=()):
        names = list(dict.fromkeys([*extra, *(self.name() for _ in range(int(self.rng.integers(1, 4))))]))
        outcomes = self.one([(0, 1), ("a", "b", "P"), (0, "a", Var(self.one(names))), (2, Var(self.one(names)))])
        rules = tuple(
            Rule(tuple(self.test(names) for _ in range(int(self.rng.integers(1, 3)))), self.one(outcomes))
            for _ in range(int(self.rng.integers(0, 4)))
        )
        return [("rules", Rules(rules, self.one(outcomes)))]

    def expression(self, names, depth=0):
        if depth > 2 or self.rng.random() < 0.3:
            return self.one([Var(self.one(names)), Var(self.one(names)), Const(int(self.rng.integers(-3, 4)))])
        return Apply(self.one(OPERATORS), self.expression(names, depth + 1), self.expression(names, depth + 1))

    def formula(self, extra=()):
        names = [*extra, *(self.name(_numbers) for _ in range(2))]
        return [("formula", Formula(self.expression(names)))]

    def scan(self):
        kind = self.one(["lookup", "rules", "formula"])
        ((_, step),) = getattr(self, kind)((PREVIOUS,))
        return [("scan", Scan(0 if kind == "formula" else self.one([0, 1, "a", "P"]), step))]

    def embed(self):
        outputs = self.one([(0, 1), ("u", "w")])
        return [("cluster", Embed("tokens", tuple((t, self.one(outputs)) for t in self.made.symbols)))]

    def readout(self):
        return [("votes", self.votes(False))]

    def votes(self, pooled):
        labels = ("q", 7, "p")

        def weights():
            return tuple(int(w) for w in self.rng.integers(-3, 4, 3))

        evidence = tuple(
            Evidence(name, tuple((v, weights()) for v in dict.fromkeys(self.values(name)[:4])), weights())
            for name in dict.fromkeys((self.name(), self.name())) if name != "last"
        )  # fmt: skip
        evidence = tuple(sorted(evidence, key=lambda e: e.variable))
        scaled = tuple((self.name(_numbers), weights()) for _ in range(int(self.rng.integers(0, 2))))
        return Readout(labels, weights(), evidence, scaled, pooled)


def _tagging(program):
    """The program as a tagger, for the types of one that is not finished."""
    vocab = replace(program.vocab, kind="tagging")
    return vocab, program.assignments, program.output, program.markers, program.unbounded


def _flag(kind):
    return not isinstance(kind, Selection) and set(list(kind.values)[:3]) <= {0, 1}


def _numbers(kind):
    return isinstance(kind, Integer) or (isinstance(kind, Categorical) and all(isinstance(v, int) for v in kind.domain))
