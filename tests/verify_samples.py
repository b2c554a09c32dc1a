# ruff: noqa: E501
"""Programs of the language to verify: on symbols, numbers, several columns, texts."""

from pellucid.language.expressions import Apply, Cases, Const, Table, Var
from pellucid.language.nodes import Aggregate, Assign, Column, Delay, Evidence, Input, Let, Node, Output, Select, Vote
from pellucid.language.program import Program
from pellucid.language.types import Type, real, symbol, whole
from pellucid.language.words import Reading

DIGITS, LETTERS, WIDE = symbol(range(5)), symbol("ab"), symbol(range(26))
EQUAL = Select(Apply("==", (Var("q"), Var("k"))), ("x",), ("x",))
UPTO = Select(reach="upto")


def op(name, *args):
    """An operator on variables (their names) and numbers."""
    return Apply(name, tuple(Var(a) if isinstance(a, str) else Const(a) if isinstance(a, int) else a for a in args))


def table(variable, cases, default):
    """A table of one variable."""
    return Table((Var(variable),), tuple(((key,), out) for key, out in cases.items()), default)


def made(kind: Type | tuple[Column, ...], *pairs: tuple[str, Node], outputs=None, **more) -> Program:
    """A program whose last variable comes out; one column is called x and is a variable, too."""
    columns = kind if isinstance(kind, tuple) else (Column("x", kind),)
    given = tuple(Assign(c.name, Input(c.name)) for c in columns)
    outs = tuple(Output(name, name) for name in outputs or (pairs[-1][0],))
    return Program(columns, (*given, *(Assign(*pair) for pair in pairs)), outs, **more)


HIST = made(DIGITS, ("y", Aggregate(EQUAL, "count")), longest=5)
COUNTS = made(
    DIGITS, ("n", Aggregate(EQUAL, "count")),
    ("twice", Aggregate(Select(Apply("==", (Var("q"), Var("k"))), ("n",), ("n",)), "count")),
    ("y", Let(op("//", "twice", "n"))), longest=5,
)  # fmt: skip
DYCK = made(
    symbol("()"), ("step", Let(table("x", {"(": 1}, -1))), ("depth", Aggregate(UPTO, "sum", "step")),
    ("before", Delay("y", 1, Const("P"))),
    ("y", Let(Cases(((op("==", "before", Const("F")), Const("F")), (op("<", "depth", 0), Const("F")),
                     (op("==", "depth", 0), Const("T"))), Const("P")))),
    longest=8,
)  # fmt: skip
POOLED = made(
    LETTERS, ("start", Aggregate(Select(), "first", "x")),
    ("y", Vote(("no", "yes"), (1, 0), (Evidence("x", (("a", (0, 2)),), (0, 0)),
                                       Evidence("start", (("b", (1, 0)),), (0, 0))), (), True)),
    when="sequence", longest=4,
)  # fmt: skip
LAST = made(LETTERS, ("y", Let(table("x", {"a": "yes"}, "no"))), when="last", longest=4)
FLIP = made(LETTERS, ("y", Let(table("x", {"a": "b", "b": "a"}, "?"))), longest=4)
TOTAL = made(whole(), ("y", Aggregate(UPTO, "sum", "x")))
CARRY = made(
    (Column("a", whole(0, 9)), Column("b", whole(0, 9))), ("before", Delay("carry", 1)),
    ("total", Let(op("+", "a", "b", "before"))), ("carry", Let(op("//", "total", 10))),
    ("digit", Let(op("%", "total", 10))), outputs=("digit", "carry"), longest=6,
)  # fmt: skip
SPRING = made(
    real(), ("before", Delay("y", 1, Const(0.5))),
    ("y", Let(op("+", op("*", Const(0.9713), "before"), op("*", Const(0.1), "x")))),
)  # fmt: skip
MIXED = made(
    (Column("light", symbol(("red", "green"))), Column("cars", whole(0, 20))),
    ("before", Delay("waiting", 1)),
    ("waiting", Let(Cases(((op("==", "light", Const("red")), op("+", "before", "cars")),), Const(0)))),
    ("long", Let(op(">", "waiting", 9))), outputs=("waiting", "long"), longest=4,
)  # fmt: skip
WORDS = ("<unk>", "<num>", "how", "is", "many", "much", "what", "when", "who", "whose")
TEXTS = made(
    (Column("x", symbol(WORDS), "<unk>", Reading()),), ("later", Delay("x", -1, Const("<unk>"))),
    ("much", Let(Table((Var("x"), Var("later")), ((("how", "many"), 1), (("how", "much"), 1)), 0))),
    ("y", Vote(("person", "count", "time"), (1, 0, 0), (
        Evidence("x", (("who", (9, 0, 0)), ("whose", (8, 0, 0)), ("when", (0, 0, 9))), (0, 0, 0)),
        Evidence("much", ((1, (0, 9, 0)),), (0, 0, 0))), (), True)),
    when="sequence",
)  # fmt: skip
PROGRAMS = {
    "hist": HIST, "counts": COUNTS, "dyck": DYCK, "pooled": POOLED, "last": LAST, "flip": FLIP, "total": TOTAL,
    "carry": CARRY, "spring": SPRING, "mixed": MIXED, "texts": TEXTS,
}  # fmt: skip

FRAME = """import json
import sys


{}

def main():
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))))


if __name__ == "__main__":
    main()
"""
SOURCES = {
    "hist": "def run(s):\n    return [s.count(x) for x in s]\n",
    "flip": 'FLIPPED = {"a": "b", "b": "a"}\n\n\ndef run(s):\n    output = [FLIPPED[x] for x in s]\n    return output\n',
    "total": "def run(s):\n    y, out = 0, []\n    for x in s:\n        y += x\n        out.append(y)\n    return out\n",
    "spring": (
        "def run(s):\n    y, out = 0.5, []\n    for x in s:\n        y = 0.9713 * y + 0.1 * x\n        out.append(y)\n"
        "    return out\n"
    ),
    "carry": (
        "def run(s):\n    carry, out = 0, []\n    for a, b in s:\n        total = a + b + carry\n"
        "        carry = total // 10\n        out.append([total % 10, carry])\n    return out\n"
    ),
    "mixed": (
        'def run(s):\n    waiting, out = 0, []\n    for light, cars in s:\n'
        '        waiting = waiting + cars if light == "red" else 0\n'
        "        out.append([waiting, int(waiting > 9)])\n    return out\n"
    ),
    "last": 'def run(s):\n    return "yes" if s[-1] == "a" else "no"\n',
}  # fmt: skip


def source(name: str) -> str:
    """The text of a program, by hand."""
    return FRAME.format(SOURCES[name])
