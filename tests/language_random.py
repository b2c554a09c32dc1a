"""Random programs of the whole language, and what occurs in them: every kind of column, node, operator, aggregate."""

from fractions import Fraction

import numpy as np

from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Apply, Cases, Const, Table, Var, among, conjunction, walk
from pellucid.language.inference import type_of
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
    key_names,
    query_names,
)
from pellucid.language.operators import OPERATORS
from pellucid.language.program import Program
from pellucid.language.types import Numbers, Type, real, symbol, whole
from pellucid.language.words import Reading

KINDS = {
    "letters": symbol("abc"),
    "digits": symbol([0, 1, 2]),
    "both": symbol([-1, 5, "b"]),
    "gaps": symbol([2, 40, 41]),
    "small": whole(0, 9),
    "whole": whole(),
    "from zero": whole(0),
    "real": real(),
    "unit": real(0, 1),
    "mixed": Type(("a", "b"), Numbers(whole=True)),
    "mixed reals": Type(("off",), Numbers(0.0, 50.0)),
}
WORDS = ("<unk>", "<num>", "a", "cat", "dog", "the", "paris")
GROWING = {"*", "pow", "square"}  # not in a state, unless the result is cut
ORDER = ("<", "<=", ">", ">=", "==", "!=")
WINDOWS = (None, None, None, 1, 2, 3, 2**31)


def random_program(seed):
    """A well formed program of four to twelve variables."""
    return Maker(np.random.default_rng(seed)).program()


def parts_of(program):
    """Names of what occurs in a program: nodes, operators, aggregates, and the values of their options."""
    found = set()
    for a in program:
        node = a.node
        found |= {type(node).__name__} | {type(e).__name__ for e in expressions_of(node)}
        found |= {e.operator for e in expressions_of(node) if isinstance(e, Apply)}
        match node:
            case Input(_, of):
                found.add(of)
            case Aggregate(select, how):
                found |= {how, select.reach, *(["window"] if select.window else []), *(["ties"] if select.ties else [])}
                found |= {"negated" if select.negated else "mask"} if select.mask else set()
                found |= {"several keys"} if len(select.key) > 1 else set()
            case Delay(_, amount):
                found.add("ahead" if amount < 0 else "back")
            case Vote(scaled=scaled, pooled=pooled):
                found |= {"pooled"} if pooled else set()
                found |= {"scaled"} if scaled else set()
    found |= {"state"} if any(cyclic for _, cyclic in program.groups) else set()
    return found | {program.when, *(["words"] if program.inputs[0].words else [])}


def expressions_of(node):
    tops = [node.expression] if isinstance(node, Let) else []
    tops += [node.select.match] if isinstance(node, Aggregate) and node.select.match is not None else []
    return [e for top in tops for e in walk(top)]


class Maker:
    """Adds random nodes to a program, keeping it well formed."""

    def __init__(self, rng):
        self.rng = rng
        count = self.one([1, 1, 1, 2, 3])
        if count == 1 and self.chance(0.12):
            inputs = (Column("text", symbol(WORDS), "<unk>", Reading(forms=self.chance(0.5))),)
            assigns = [Assign("word", Input("text")), Assign("shape", Input("text", "form"))]
        else:
            names = [self.one(list(KINDS)) for _ in range(count)]
            inputs = tuple(Column(f"c{i}", KINDS[name]) for i, name in enumerate(names))
            assigns = [Assign(f"x{i}", Input(f"c{i}")) for i in range(count)]
        assigns += [Assign("i", Input("", "position"))] if self.chance(0.6) else []
        assigns += [Assign("n", Input("", "length"))] if self.chance(0.3) else []
        when = self.one(["every", "every", "last"])
        longest = self.one([None, 6])
        self.made = Program(inputs, tuple(assigns), (Output("y", assigns[0].name),), when, longest)

    def one(self, values):
        return values[int(self.rng.integers(len(values)))]

    def chance(self, share):
        return bool(self.rng.random() < share)

    def program(self):
        wanted = int(self.rng.integers(4, 13))
        makers = [self.let] * 5 + [self.aggregate] * 5 + [self.delay, self.vote, self.state, self.state]
        while len(self.made.assignments) < wanted:
            self.add(self.one(makers))
        names = [a.name for a in self.made]
        several = self.chance(0.2)
        outputs = (Output("y", names[-1]), *([Output("z", self.one(names))] if several else []))
        when, empty = self.made.when, None
        if when == "last" and self.chance(0.3):
            when, empty = "sequence", (None,) * len(outputs)
        return Program(self.made.inputs, self.made.assignments, outputs, when, self.made.longest, empty)

    def add(self, maker):
        """Add what the maker gives, if the program stays well formed."""
        try:
            made = maker()
            assigns = (*self.made.assignments, *(Assign(name, node) for name, node in made))
            longer = Program(self.made.inputs, assigns, self.made.outputs, self.made.when, self.made.longest)
            _ = longer.types, longer.takes_longer
        except (ProgramError, TypeError, ValueError, IndexError):
            return
        self.made = longer

    def fresh(self):
        return f"v{len(self.made.assignments)}"

    def name(self, wanted=lambda t: True):
        """A variable of a type that is wanted, the later ones oftener."""
        names = [name for name, t in self.made.types.items() if wanted(t)]
        return self.one(names[len(names) // 2 :] if self.chance(0.6) else names)

    def value(self, t):
        """A value of a type, or one that is not."""
        values = (t.values or (0, 1, 2, 3, -1))[:9]
        return self.one([*values, *values, self.one([None, 0, 1, 9, "x", "a"])])

    def constant(self):
        return Const(self.one([0, 1, 2, 3, 5, -1, 7, "a", "b", None, 0.5, -1.25, 2.0, Fraction(1, 3), 2**40]))

    def expression(self, types, depth=0):
        """Over variables of these types; well typed."""
        if depth > 2 or self.chance(0.2):
            return self.constant() if self.chance(0.25) else Var(self.one(list(types)))
        for _ in range(20):
            made = self.composed(types, depth)
            try:
                if not type_of(made, types).is_empty:
                    return made
            except (TypeError, ValueError):
                pass
        return Var(self.one(list(types)))

    def composed(self, types, depth):
        draw = self.rng.random()
        if draw < 0.12:
            args = tuple(self.expression(types, 3) for _ in range(self.one([1, 1, 2])))
            return self.table(args, [type_of(arg, types) for arg in args])
        if draw < 0.2:
            rules = [(self.test(types), self.expression(types, depth + 2)) for _ in range(self.one([0, 1, 2, 3]))]
            return Cases(tuple(rules), self.expression(types, depth + 2))
        row = OPERATORS[self.one(list(OPERATORS))]
        least, most = row.arity
        count = least if most is not None else self.one([2, 2, 3])
        args = [self.expression(types, depth + 1) for _ in range(count)]
        if row.name == "pow":
            args[1] = Const(self.one([0, 1, 2, 3]))
        return Apply(row.name, tuple(args))

    def test(self, types):
        return Apply(self.one(ORDER), (self.expression(types, 3), self.expression(types, 3)))

    def table(self, args, types):
        keys = dict.fromkeys(tuple(self.value(t) for t in types) for _ in range(self.one([0, 1, 3, 6])))
        outcomes = self.one([(0, 1), (0, 1), ("a", "b"), (3, "c", -2), (None, 1, 2), (0.5, 1)])
        return Table(args, tuple((key, self.one(outcomes)) for key in keys), self.one(outcomes))

    def let(self):
        return [(self.fresh(), Let(self.expression(self.made.types)))]

    def default(self):
        return Var(self.name()) if self.chance(0.3) else self.constant()

    def delay(self):
        amount = self.one([1, 1, 2, 5, 100, -1, -2])
        return [(self.fresh(), Delay(self.name(), amount, self.default()))]

    def select(self, reaches=("any", "any", "upto", "before", "after", "from"), also=()):
        masks = [name for name, t in self.made.types.items() if not t.texts]
        mask = self.one(masks) if masks and self.chance(0.35) else None
        query, key, match, ties = self.match(also)
        return Select(match, query, key, self.one(reaches), self.one(WINDOWS), mask,
                      mask is not None and self.chance(0.4), ties)  # fmt: skip

    def match(self, also):
        if self.chance(0.25):
            return (), (), None, False
        count = self.one([1, 1, 1, 1, 2])
        query = tuple(self.one([self.name(), *also]) for _ in range(count))
        key = query if self.chance(0.5) else tuple(self.name() for _ in range(count))
        names = list(zip(query_names(count), key_names(count), strict=True))
        types = {**self.made.types, **dict.fromkeys(also, whole())}
        q, k = Var("q"), Var("k")
        local = {local: types[name] for local, name in zip(("q", "k"), (query[0], key[0]), strict=True)}
        match = self.one([
            conjunction(Apply("==", (Var(b), Var(a))) for a, b in names),
            conjunction(Apply("==", (Var(b), Var(a))) for a, b in names),
            Apply(self.one(ORDER), (k, q)),
            Apply("==", (k, Apply("-", (q, Const(1))))),
            among(k, dict.fromkeys(self.value(local["k"]) for _ in range(2))),
            Table((q, k), tuple((pair, 1) for pair in {(self.value(local["q"]), self.value(local["k"]))}), 0),
            conjunction([Apply("==", (q, k)), self.test({"k": local["k"]}), self.test(local)]),
            self.expression(local, 1),
        ])  # fmt: skip
        return query, key, match, count == 1 and self.chance(0.2)

    def aggregate(self, reaches=None, also=()):
        select = self.select(also=also) if reaches is None else self.select(reaches, also)
        row = AGGREGATES[self.one(list(AGGREGATES))]
        wanted = self.one([self.name(), *also]) if row.reads else None
        by = None if not row.by else self.name(lambda t: t.is_whole) if row.by == "query" else self.name()
        default = self.default() if row.reads and self.chance(0.7) else Const(None)
        return [(self.fresh(), Aggregate(select, row.name, wanted, default, by))]

    def vote(self):
        labels = self.one([("q", 7, "p"), ("a", "b"), (0, 1)])

        def weights():
            return tuple(int(w) for w in self.rng.integers(-3, 4, len(labels)))

        names = dict.fromkeys(self.name(lambda t: t.numbers is None or t.numbers.whole) for _ in range(2))
        evidence = tuple(
            Evidence(name, tuple((v, weights()) for v in dict.fromkeys(self.values(name)) if v is not None), weights())
            for name in names
        )
        scaled = ((self.name(lambda t: t.is_whole), weights()),) if self.chance(0.4) else ()
        return [(self.fresh(), Vote(labels, weights(), evidence, scaled, self.chance(0.3)))]

    def values(self, name):
        return [self.value(self.made.types[name]) for _ in range(3)]

    def state(self):
        """A delay of a variable that is computed from it."""
        before, name = self.fresh(), f"v{len(self.made.assignments) + 1}"
        initial = self.one([0, 0, 1, "a", None, 0.5])
        types = {**self.made.types, before: self.one([whole(), symbol("ab"), symbol([0, 1]), real()])}
        draw = self.rng.random()
        if draw < 0.7:
            step = self.expression(types)
            if any(isinstance(e, Apply) and e.operator in GROWING for e in walk(step)):
                step = Apply("%", (step, Const(5)))
            nodes = [(name, Let(step))]
        elif draw < 0.85:
            ((_, node),) = self.aggregate(("upto", "before"), (before,))
            nodes = [(name, node)]
        else:
            labels = ("a", "b", "c")
            rows = tuple((v, tuple(int(w) for w in self.rng.integers(-3, 4, 3))) for v in ("a", "b", 0))
            nodes = [(name, Vote(labels, (1, 0, 0), (Evidence(before, rows, (0, 1, 0)),)))]
        return [(before, Delay(name, self.one([1, 1, 2]), Const(initial))), *nodes]
