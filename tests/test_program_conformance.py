# ruff: noqa: E501
"""Every IR node x interpreter, emitted text, JSON: against outputs written by hand."""

from typing import get_args

import pytest

from pellucid.data.vocab import Vocab
from pellucid.program import formula, ir, predicates
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.interpret import predict
from pellucid.program.ir import Aggregate, Embed, Evidence, Formula, Input, Lookup, Readout, Select
from pellucid.program.predicates import Compare, Match, OneOf
from pellucid.program.serialise import dumps, loads
from program_samples import program, text_outputs

LETTERS = Vocab.of("ab", "ab", "tagging", 4)
NUMBERS = Vocab.of((-2, 1, 3), (0, 1), "tagging", 4)
LABEL = Vocab.of("ab", "pq", "classification", 4)
BOTH = Vocab.of("ab", "ab", "tagging", 4, markers="both")

TOKENS, POSITIONS, ONES = ("tokens", Input("tokens")), ("positions", Input("positions")), ("ones", Input("ones"))
INTS = ("ints", Embed("tokens", ((-2, -2), (1, 1), (3, 3), ("<s>", 0))))
TAKE = ("out", Aggregate("where", "take", "positions"))
COUNT = ("out", Aggregate("where", "count"))


def where(query, key, predicate, kind="closest", reach="any"):
    return ("where", Select(query, key, predicate, kind, reach))


def arithmetic(op, left, right):
    return program(NUMBERS, TOKENS, INTS, POSITIONS, ("out", Formula(Apply(op, left, right))))


# name -> (program, input, output)
CASES = {
    "tokens": (program(LETTERS, TOKENS), "ab", ["a", "b"]),
    "positions": (program(LETTERS, TOKENS, POSITIONS), "abb", [1, 2, 3]),
    "ones": (program(LETTERS, TOKENS, ONES), "ab", [1, 1]),
    "embed": (program(LETTERS, TOKENS, ("out", Embed("tokens", (("a", 5), ("b", "five"), ("<s>", 5))))), "ab", [5, "five"]),
    # closest: left of two equally near; own position only if alone; 0 if none
    "closest ==": (program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", Compare("==")), TAKE), "abaa", [3, 2, 4, 3]),
    "closest tie": (program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", OneOf(("a",))), TAKE), "aba", [3, 1, 1]),
    "closest none": (program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", OneOf(("b",))), TAKE), "aa", [0, 0]),
    "closest marker": (
        program(BOTH, TOKENS, POSITIONS, where("tokens", "tokens", OneOf(("</s>",))), TAKE), "ab", [3, 3],
    ),
    "closest upto ==": (
        program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", Compare("=="), reach="upto"), TAKE),
        "abaa", [1, 2, 1, 3],
    ),
    "closest upto none": (
        program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", OneOf(("b",)), reach="upto"), TAKE), "aab", [0, 0, 3],
    ),
    "closest offset": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("==", -2)), TAKE), "abab", [0, 0, 1, 2],
    ),
    "closest !=": (program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", Compare("!=")), TAKE), "aab", [0, 3, 2]),
    "closest <": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("<")), TAKE), "aab", [0, 1, 2],
    ),
    "closest >= offset": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare(">=", 2)), TAKE), "abab", [3, 4, 0, 0],
    ),
    "closest > upto": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare(">", -2), reach="upto"), TAKE),
        "abab", [0, 1, 2, 3],
    ),
    "closest <=": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("<=")), TAKE), "aab", [0, 1, 2],
    ),
    "closest one of two": (
        program(LETTERS, TOKENS, POSITIONS, where("tokens", "positions", OneOf((1, 4))), TAKE), "abab", [4, 1, 4, 1],
    ),
    "closest match": (
        program(LETTERS, TOKENS, POSITIONS, where("tokens", "positions", Match((("a", (2,)), ("b", ())), (0,))), TAKE),
        "ab", [2, 0],
    ),
    "closest match rows": (
        program(LETTERS, TOKENS, POSITIONS, where("tokens", "positions", Match((("a", (2, 3)),), (1, 4)), reach="upto"), TAKE),
        "abab", [0, 1, 2, 1],
    ),
    "two takes": (
        program(
            LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("==", 1)),
            ("after", Aggregate("where", "take", "tokens")), ("out", Aggregate("where", "take", "after")),
        ),
        "abba", ["b", "a", "<s>", "a"],
    ),
    "count ==": (program(LETTERS, TOKENS, where("tokens", "tokens", Compare("=="), "all"), COUNT), "aba", [2, 1, 2]),
    "count == upto": (
        program(LETTERS, TOKENS, where("tokens", "tokens", Compare("=="), "all", "upto"), COUNT), "aba", [1, 1, 2],
    ),
    "count offset": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("==", 1), "all"), COUNT), "aba", [1, 1, 0],
    ),
    "count <": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("<"), "all"), COUNT), "aba", [1, 2, 3],
    ),
    "count > upto": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare(">"), "all", "upto"), COUNT),
        "aba", [0, 0, 0],
    ),
    "count one": (program(LETTERS, TOKENS, where("tokens", "tokens", OneOf(("a",)), "all"), COUNT), "aba", [2, 2, 2]),
    "count one upto": (
        program(LETTERS, TOKENS, where("tokens", "tokens", OneOf(("a",)), "all", "upto"), COUNT), "aba", [1, 1, 2],
    ),
    "count two": (program(LETTERS, TOKENS, where("tokens", "tokens", OneOf(("a", "<s>")), "all"), COUNT), "aba", [3, 3, 3]),
    "count nothing": (program(LETTERS, TOKENS, where("tokens", "tokens", OneOf(()), "all", "upto"), COUNT), "ab", [0, 0]),
    "count match": (
        program(LETTERS, TOKENS, where("tokens", "tokens", Match((("a", ("b",)),), ("a",)), "all"), COUNT), "aba", [1, 2, 1],
    ),
    "count match rows": (
        program(LETTERS, TOKENS, where("tokens", "tokens", Match((("a", ("b", "<s>")),)), "all"), COUNT), "aba", [2, 0, 2],
    ),
    "sum == negative": (
        program(NUMBERS, TOKENS, INTS, where("tokens", "tokens", Compare("=="), "all"), ("out", Aggregate("where", "sum", "ints"))),
        (-2, 3, -2), [-4, 3, -4],
    ),
    "sum upto": (
        program(
            NUMBERS, TOKENS, INTS, where("tokens", "tokens", Match(((3, (-2,)),), (3,)), "all", "upto"),
            ("out", Aggregate("where", "sum", "ints")),
        ),
        (-2, 3, -2, 3), [0, -2, 3, -4],
    ),
    "sum <=": (
        program(
            NUMBERS, TOKENS, INTS, where("ints", "ints", Compare("<="), "all", "upto"),
            ("out", Aggregate("where", "sum", "ints")),
        ),
        (3, -2, 1, 3), [3, -2, -1, 5],
    ),
    "sum constant": (
        program(NUMBERS, TOKENS, INTS, where("tokens", "tokens", OneOf((1,)), "all"), ("out", Aggregate("where", "sum", "ints"))),
        (1, -2, 1), [2, 2, 2],
    ),
    "lookup 1": (program(LETTERS, TOKENS, ("out", Lookup(("tokens",), ((("a",), "b"), (("b",), 3)), "a"))), "ab", ["b", 3]),
    "lookup 1 test": (program(LETTERS, TOKENS, ("out", Lookup(("tokens",), ((("a",), "b"),), 0))), "ab", ["b", 0]),
    "lookup 1 set": (
        program(LETTERS, TOKENS, POSITIONS, ("out", Lookup(("positions",), (((1,), "x"), ((3,), "x")), 0))), "aba", ["x", 0, "x"],
    ),
    "lookup constant": (program(LETTERS, TOKENS, ("out", Lookup(("tokens",), (), "a"))), "ab", ["a", "a"]),
    "lookup 2": (
        program(LETTERS, TOKENS, POSITIONS, ("out", Lookup(("tokens", "positions"), ((("a", 1), 1), (("b", 2), 2)), 0))),
        "aba", [0 + 1, 2, 0],
    ),
    "lookup 3": (
        program(
            LETTERS, TOKENS, POSITIONS, ONES,
            ("out", Lookup(("tokens", "positions", "ones"), ((("a", 1, 1), 7), (("b", 2, 1), 8), (("b", 3, 2), 9)), 0)),
        ),
        "abb", [7, 8, 0],
    ),
    "formula +": (arithmetic("+", Var("ints"), Var("positions")), (-2, 3), [-1, 5]),
    "formula -": (arithmetic("-", Var("ints"), Apply("-", Const(-3), Var("positions"))), (-2, 3), [2, 8]),
    "formula *": (arithmetic("*", Var("ints"), Apply("+", Var("positions"), Const(1))), (-2, 3), [-4, 9]),
    "formula //": (arithmetic("//", Var("ints"), Const(-2)), (-2, 3, 1), [1, -2, -1]),
    "formula %": (arithmetic("%", Var("ints"), Const(-4)), (-2, 3, 1), [-2, -1, -3]),
    "formula min": (arithmetic("min", Var("ints"), Const(2)), (-2, 3, 1), [-2, 2, 1]),
    "formula max": (arithmetic("max", Var("ints"), Var("positions")), (-2, 3, 1), [1, 3, 3]),
    "formula constant": (arithmetic("*", Const(3), Const(-2)), (1, 3), [-6, -6]),
    "readout": (
        program(
            LETTERS, TOKENS, POSITIONS,
            ("out", Readout(("a", "b"), (1, 0), (
                Evidence("tokens", (("a", (0, 2)),), (0, 0)), Evidence("positions", ((1, (3, 0)),), (0, 1)),
            ))),
        ),
        "aab", ["a", "b", "a"],  # 4:2, 1:3, and a tie at 1:1
    ),
    "readout scaled": (
        program(LETTERS, TOKENS, POSITIONS, ("out", Readout(("a", "b"), (3, 0), (), (("positions", (-1, 1)),)))),
        "aab", ["a", "b", "b"],  # 2:1, 1:2, 0:3
    ),
    "readout bias only": (program(LETTERS, TOKENS, ("out", Readout(("b", "a"), (0, 0)))), "ab", ["b", "b"]),
    "pooled": (
        program(LABEL, TOKENS, ("out", Readout(("q", "p"), (0, 1), (Evidence("tokens", (("a", (3, 0)),), (0, 0)),), (), True))),
        "abb", "q",  # 3:3, and the first wins
    ),
    "pooled scaled": (
        program(
            LABEL, TOKENS, POSITIONS,
            ("out", Readout(("q", "p"), (2, 0), (Evidence("tokens", (("<s>", (99, 0)),), (0, 0)),), (("positions", (0, 1)),), True)),
        ),
        "aaa", "q",  # 6:6, the marker counts nothing
    ),
    "pooled other": (
        program(LABEL, TOKENS, POSITIONS, ("out", Readout(("q", "p"), (2, 0), (), (("positions", (0, 1)),), True))), "aaab", "p",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_node_means_the_same_everywhere(name, tmp_path):
    given, sequence, expected = CASES[name]
    sequence = tuple(sequence)
    assert predict(given, [sequence]) == [expected]
    again = loads(dumps(given))
    assert again == given
    assert again.types == given.types
    assert predict(again, [sequence]) == [expected]
    assert text_outputs(given, [sequence], tmp_path) == [expected]


def parts(value):
    """A node with everything inside it."""
    yield value
    inside = (
        vars(value).values() if hasattr(value, "__dataclass_fields__") else value if isinstance(value, tuple) else ()
    )
    for part in inside:
        yield from parts(part)


def test_every_part_of_the_language_has_a_case():
    seen = [part for given, _, _ in CASES.values() for a in given for part in parts(a.node)]
    classes = {type(part) for part in seen}
    for union in (ir.Node, predicates.Predicate, formula.Expression):
        assert set(get_args(union)) <= classes
    wanted = (
        {("Input", w) for w in get_args(ir.Input.__annotations__ and get_hints(ir.Input)["which"])}
        | {("Compare", op) for op in predicates.COMPARISONS}
        | {("Apply", op) for op in formula.FUNCTIONS}
    )
    wanted |= {("Aggregate", how) for how in get_args(get_hints(Aggregate)["how"])}
    wanted |= {("Select", kind, reach) for kind in get_args(get_hints(Select)["kind"])
               for reach in get_args(get_hints(Select)["reach"])}  # fmt: skip
    wanted |= {("Lookup", n) for n in (1, 2, 3)} | {("Readout", pooled) for pooled in (False, True)}
    found = set()
    for part in seen:
        match part:
            case Input(key) | Compare(key) | Apply(key) | Aggregate(_, key):
                found.add((type(part).__name__, key))
            case Select():
                found.add(("Select", part.kind, part.reach))
            case Lookup():
                found.add(("Lookup", len(part.variables)))
            case Readout():
                found.add(("Readout", part.pooled))
    assert wanted <= found


def get_hints(cls):
    from typing import get_type_hints

    return get_type_hints(cls, {**vars(ir), **vars(predicates)})
