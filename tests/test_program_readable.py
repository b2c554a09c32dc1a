# ruff: noqa: E501
"""What programs of the new nodes look like as text: as a programmer would write them, and right on longer inputs."""

import random
import textwrap
from itertools import accumulate

import pytest

from pellucid.data.vocab import Vocab
from pellucid.program.emit import emit
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.interpret import predict
from pellucid.program.ir import Aggregate, Formula, Input, Lookup, Rule, Rules, Scan, Select
from pellucid.program.ir import Test as If
from pellucid.program.names import with_readable_names
from pellucid.program.predicates import Compare, OneOf
from pellucid.program.size import ast_nodes, code_lines
from program_samples import loaded, plain

DIGITS = Vocab.of(range(5), range(-1, 8), "tagging", 7)
BRACKETS = Vocab.of("(){}", "PTF", "tagging", 9)
TOKENS, POSITIONS = ("tokens", Input("tokens")), ("positions", Input("positions"))
LENGTH, ONES = ("length", Input("length")), ("ones", Input("ones"))


def every(query, key, op="==", **rest):
    return Select(query, key, Compare(op), "all", **rest)


def rule(outcome, *tests):
    return Rule(tuple(If(*test) for test in tests), outcome)


SAME = (("a1", every("tokens", "tokens")), ("same", Aggregate("a1", "count")))
STEP = ("step", Rules((rule(1, ("tokens", "in", ("(", "{"))),), -1))
DEPTH = (("a1", every("ones", "ones", reach="upto")), ("depth", Aggregate("a1", "sum", "step")))
STATE = Rules((rule("F", ("previous", "==", ("F",))), rule("F", ("broken", "==", (1,))), rule("F", ("depth", "<", (0,))),
               rule("T", ("depth", "==", (0,)))), "P")  # fmt: skip


def tagger(vocab, *pairs):
    return plain(vocab, TOKENS, *pairs, unbounded=True)


def distinct_by_count(tokens):
    ranked = sorted(dict.fromkeys(tokens), key=lambda t: -tokens.count(t))
    return ranked + [-1] * (len(tokens) - len(ranked))


def nesting(tokens):
    told, open_ = [], []
    for token in tokens:
        if told and told[-1] == "F":
            told.append("F")
        elif token in "({":
            open_.append(token)
            told.append("P")
        else:
            right = open_ and open_.pop() + token in ("()", "{}")
            told.append("F" if not right else "P" if open_ else "T")
    return told


# name -> (program, what it computes, most nodes, the statements of `run` and functions above it)
GALLERY = {
    "ordered": (
        tagger(
            DIGITS, POSITIONS, ("a1", every("tokens", "tokens", "<=")), ("rank", Aggregate("a1", "count")),
            ("a2", every("positions", "rank", ">")), ("found", Aggregate("a2", "min", "tokens", -1)),
        ),
        sorted, 85,
        """
        not_larger_token_count = [sum(k <= q for k in tokens) for q in tokens]
        output = [
            min((v for k, v in zip(not_larger_token_count, tokens) if k > i), default=-1)
            for i in range(len(tokens))
        ]
        """,
    ),
    "mirrored": (
        tagger(
            DIGITS, POSITIONS, LENGTH, ("place", Formula(Apply("-", Apply("-", Var("length"), Const(1)), Var("positions")))),
            ("a1", Select("place", "positions", Compare("=="), "closest")), ("found", Aggregate("a1", "take", "tokens")),
        ),
        lambda tokens: tokens[::-1], 55,
        """
        place = [len(tokens) - 1 - i for i in range(len(tokens))]
        output = [tokens[j] for j in place]
        """,
    ),
    "mirrored by counting": (
        tagger(
            DIGITS, POSITIONS, ("a1", every("positions", "positions", ">")), ("later", Aggregate("a1", "count")),
            ("a2", every("positions", "later")), ("found", Aggregate("a2", "first", "tokens", -1)),
        ),
        lambda tokens: tokens[::-1], 85,
        """
        later_count = [len(tokens) - i - 1 for i in range(len(tokens))]
        output = [
            next((v for k, v in zip(later_count, tokens) if k == i), -1)
            for i in range(len(tokens))
        ]
        """,
    ),
    "counts of counts": (
        tagger(
            DIGITS, *SAME, ("a2", every("same", "same")), ("twice", Aggregate("a2", "count")),
            ("found", Formula(Apply("//", Var("twice"), Var("same")))),
        ),
        lambda tokens: [len({u for u in tokens if tokens.count(u) == tokens.count(t)}) for t in tokens], 70,
        """
        same_token_count = [tokens.count(q) for q in tokens]
        same_count = [same_token_count.count(q) for q in same_token_count]
        output = [a // b for a, b in zip(same_count, same_token_count)]
        """,
    ),
    "commonest first": (
        tagger(
            DIGITS, POSITIONS, *SAME, ("a2", every("tokens", "tokens", reach="before")), ("seen", Aggregate("a2", "any")),
            ("a3", every("same", "same", ">", mask="seen", negated=True, ties="earlier")), ("rank", Aggregate("a3", "count")),
            ("a4", every("positions", "rank", mask="seen", negated=True)), ("found", Aggregate("a4", "first", "tokens", -1)),
        ),
        distinct_by_count, 185,
        """
        same_token_count = [tokens.count(q) for q in tokens]
        any_earlier_same_token = [q in tokens[:i] for i, q in enumerate(tokens)]
        larger_or_tied_count = [
            sum(
                (k > q or k == q and j < i) and not m
                for j, (k, m) in enumerate(zip(same_token_count, any_earlier_same_token))
            )
            for i, q in enumerate(same_token_count)
        ]
        output = [
            next(
                (
                    v
                    for k, m, v in zip(larger_or_tied_count, any_earlier_same_token, tokens)
                    if k == i and not m
                ),
                -1,
            )
            for i in range(len(tokens))
        ]
        """,
    ),
    "nested": (
        tagger(
            BRACKETS, ONES, STEP, *DEPTH, ("a2", every("ones", "ones", reach="before")), ("above", Aggregate("a2", "sum", "step")),
            ("a3", every("depth", "above", reach="before")), ("opener", Aggregate("a3", "last", "tokens", "none")),
            ("broken", Rules((rule(1, ("tokens", "==", (")",)), ("opener", "!=", ("(",))),
                              rule(1, ("tokens", "==", ("}",)), ("opener", "!=", ("{",)))), 0)),
            ("found", Scan("T", STATE)),
        ),
        nesting, 260,
        '''
        def output_rule(previous, flag, token_value_sum):
            if previous == "F" or flag or token_value_sum < 0:
                return "F"
            if token_value_sum == 0:
                return "T"
            return "P"
        token_value = [1 if a in {"(", "{"} else -1 for a in tokens]
        token_value_sum = [sum(token_value[: i + 1]) for i in range(len(tokens))]
        earlier_token_value_sum = [sum(token_value[:i]) for i in range(len(tokens))]
        last_earlier_token = [
            next(
                (tokens[j] for j in reversed(range(i)) if earlier_token_value_sum[j] == q),
                "none",
            )
            for i, q in enumerate(token_value_sum)
        ]
        flag = [
            1 if a == ")" and b != "(" else 1 if a == "}" and b != "{" else 0
            for a, b in zip(tokens, last_earlier_token)
        ]
        output = []
        previous = "T"
        for a, b in zip(flag, token_value_sum):
            previous = output_rule(previous, a, b)
            output.append(previous)
        ''',
    ),
    "neighbours": (
        tagger(
            DIGITS, POSITIONS, ("a1", every("positions", "positions")), ("a2", Select("positions", "positions", Compare("==", -1), "all")),
            ("before", Aggregate("a2", "last", "tokens", -1)), ("a3", Select("positions", "positions", Compare("==", 1), "all")),
            ("after", Aggregate("a3", "last", "tokens", -1)), ("found", Formula(Apply("max", Var("before"), Var("after")))),
        ),
        lambda t: [max([-1, *t[i - 1 : i], *t[i + 1 : i + 2]] if i else [-1, *t[1:2]]) for i in range(len(t))], 75,
        """
        previous_token = [-1, *tokens][:-1]
        next_token = [*tokens, -1][1:]
        output = [max(a, b) for a, b in zip(previous_token, next_token)]
        """,
    ),
    "running total": (
        tagger(DIGITS, ("found", Scan(0, Formula(Apply("max", Const(0), Apply("-", Apply("+", Var("previous"), Var("tokens")), Const(2))))))),
        lambda tokens: list(accumulate(tokens, lambda total, t: max(0, total + t - 2), initial=0))[1:], 50,
        """
        output = []
        previous = 0
        for a in tokens:
            previous = max(0, previous + a - 2)
            output.append(previous)
        """,
    ),
    "where it is": (
        tagger(DIGITS, ("a1", Select("tokens", "tokens", OneOf((0,)), "all", "before")), ("none", Aggregate("a1", "count")),
               ("found", Lookup(("none", "tokens"), (((0, 1), 7),), 0))),
        lambda tokens: [7 if t == 1 and 0 not in tokens[:i] else 0 for i, t in enumerate(tokens)], 75,
        """
        earlier_token_count = [tokens[:i].count(0) for i in range(len(tokens))]
        output = [
            7 if a == 0 and b == 1 else 0 for a, b in zip(earlier_token_count, tokens)
        ]
        """,
    ),
}  # fmt: skip


def statements(source):
    """Functions above `run`, and its body between the first line and `return`."""
    head, rest = source.split("def run(sequence):")
    functions = "".join(part for part in head.split("\n\n\n")[1:] if part.startswith("def "))
    body = rest.split("    tokens = read(sequence)\n")[1].split("    return output\n")[0]
    return (functions + "\n" if functions else "") + textwrap.dedent(body)


@pytest.mark.parametrize("name", GALLERY)
def test_text_reads_as_one_would_write_it(name):
    given_program, wanted, most, text = GALLERY[name]
    source = emit(with_readable_names(given_program))
    assert statements(source) == textwrap.dedent(text).lstrip("\n")
    assert ast_nodes(source) <= most
    rng = random.Random(0)
    inputs = [[rng.choice(given_program.vocab.tokens) for _ in range(n)] for n in range(1, 25) for _ in range(30)]
    run = loaded(source)["run"]
    assert [run(s) for s in inputs] == [list(wanted(s)) for s in inputs] == predict(given_program, inputs)


def test_size_counts_the_functions_of_rules_and_their_tables():
    source = emit(GALLERY["nested"][0])
    smaller = source.replace('    if depth == 0:\n        return "T"\n', "")
    assert ast_nodes(source) - ast_nodes(smaller) == 8  # If, Compare, Name, Load, Eq, 0, Return, "T"
    assert code_lines(source) - code_lines(smaller) == 2
    long = Rules((rule("x", ("tokens", "==", (0,))), rule("y", ("tokens", "in", tuple(range(-40, 3)))),
                  rule("z", ("positions", "==", (0,)))), 0)  # fmt: skip
    source = emit(tagger(DIGITS, POSITIONS, ("found", long)))
    assert "\nFOUND_RULE_43 = {\n" in source
    assert ast_nodes(source) > 43
    assert predict(tagger(DIGITS, POSITIONS, ("found", long)), [(3, 4, 0, 2)]) == [loaded(source)["run"]([3, 4, 0, 2])]
