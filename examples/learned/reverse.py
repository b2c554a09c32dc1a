"""reverse: a program learned by pellucid (seed 0).

Accuracy on train data (tokens, whole sequences): 99.98%, 99.87%.
Accuracy on valid data (tokens, whole sequences): 99.97%, 99.84%.
Accuracy on test data (tokens, whole sequences): 99.96%, 99.78%.
Verified: trained model, intermediate form and this text: all 19,530 possible inputs
  agree.
Tokens: 0, 1, 2, 3, 4.
Labels: 0, 1, 2, 3, 4.
Longest input: 6 tokens.

Use: run([...]), or: python program.py TOKEN ..., or: python program.py --jsonl"""

from __future__ import annotations

import json
import sys

SYMBOLS = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4}
MAX_LENGTH = 6
WANTED_BY_TOKEN_BY_POSITION = {0: 0, 2: 4, 3: 7, 4: 2, 5: 3, 6: 1}
WANTED_BY_TOKEN_BY_POSITION_2 = {1: 6, 2: 5, 3: 7, 4: 3, 5: 2, 7: 3}
WANTED_BY_TOKEN_BY_POSITION_3 = {
    1: (6,), 2: (2, 4), 3: (4,), 4: (1, 6), 5: (2,), 6: (1,), 7: (),
}  # fmt: skip
WANTED_BY_POSITION_COUNT = {3: 4, 4: 2, 7: 2}
WANTED_BY_POSITION_COUNT_2 = {
    1: (1, 2, 3, 4, 5, 6, 7), 2: (2, 3, 4, 5, 6), 3: (3, 4, 5, 6, 7), 4: (4, 5, 6, 7),
}  # fmt: skip
RULE = {
    (0, 1): 2, (0, 2): 3, (0, 4): 2, (1, 2): 3, (1, 4): 3, (1, "</s>"): 1, (2, 1): 6,
    (2, 2): 6, (2, 4): 6, (2, "</s>"): 1, (3, 1): 0, (3, 2): 3, (3, 4): 2, (4, 1): 0,
    (4, 2): 3, (4, "</s>"): 6, ("</s>", 1): 1, ("</s>", 2): 1, ("</s>", 4): 6,
    ("</s>", "</s>"): 1, ("<s>", 2): 6,
}  # fmt: skip
WANTED_BY_HEAD = {0: 1, 1: 1, 4: 7, 5: 6, 6: 6}
WANTED_BY_HEAD_2 = {7: None}
WANTED_BY_HEAD_3 = {
    1: (0, 1, 2, 3, 4, "</s>"), 2: ("<s>",), 4: (), 5: ("<s>", "</s>"), 6: (0,),
}  # fmt: skip
WANTED_BY_HEAD_4 = {0: 7, 1: 6, 2: 7, 4: 6}
WANTED_BY_TOKEN_BY_POSITION_COUNT = {
    1: (0, "</s>"), 2: (0, 1), 3: ("<s>", "</s>"), 4: (0, 1, 3, "</s>"),
    "<s>": (0, 1, 2, 3, 4), "</s>": (0, 1, 2, 3, 4, "<s>"),
}  # fmt: skip
WANTED_BY_HEAD_5 = {
    0: (0, 1, 2, 3, 4, "<s>", "</s>"), 2: ("</s>",), 3: ("</s>",), "<s>": (3,),
    "</s>": (0, 3),
}  # fmt: skip
RULE_2 = {
    (0, 0): 0, (0, 1): 5, (0, 3): 2, (0, "</s>"): 1, (1, 0): 7, (1, 1): 0, (1, 2): 7,
    (1, 3): 2, (1, 4): 7, (1, "</s>"): 5, (2, 0): 4, (2, 1): 0, (2, 3): 2, (2, 4): 4,
    (2, "</s>"): 4, (3, 0): 7, (3, 1): 7, (3, 2): 7, (3, 3): 2, (3, 4): 7,
    (3, "</s>"): 2, (4, 0): 7, (4, 1): 5, (4, 2): 7, (4, 3): 2, (4, "</s>"): 1,
    ("</s>", 0): 0, ("</s>", 1): 3, ("</s>", 2): 1, ("</s>", 3): 1, ("<s>", 1): 5,
    ("<s>", 3): 2,
}  # fmt: skip
RULE_3 = {
    (0, 0): 4, (0, 1): 0, (0, 2): 0, (0, 8): 4, (1, 1): 7, (1, 2): 7, (1, 3): 7,
    (1, 4): 6, (1, 5): 7, (1, 6): 7, (1, 7): 7, (1, 8): 5, (2, 2): 0, (2, 3): 4,
    (2, 4): 6, (2, 5): 6, (2, 6): 6, (2, 7): 4, (2, 8): 0, (3, 2): 3, (3, 3): 2,
    (3, 4): 2, (3, 5): 4, (3, 6): 4, (3, 7): 4, (3, 8): 6, (4, 1): 5, (4, 2): 4,
    (4, 3): 3, (4, 4): 2, (4, 6): 7, (4, 7): 7, (4, 8): 6, (5, 2): 7, (5, 3): 5,
    (5, 4): 4, (5, 5): 3, (5, 6): 2, (5, 8): 2, (6, 4): 0, (6, 7): 0, (6, 8): 2,
    (7, 5): 2, (7, 8): 5,
}  # fmt: skip
WANTED_BY_HEAD_6 = {
    1: (0, 1, 2, 3, 4, "</s>"), 2: ("<s>", "</s>"), 4: (), 5: (0, 1, 2, 3, 4),
}  # fmt: skip
WANTED_BY_HEAD_7 = {2: "</s>", 4: None, 5: "</s>", 6: None}
WANTED_BY_HEAD_8 = {
    1: (1, 3, "<s>"), 2: (1, 3, "<s>"), 3: (1, "<s>"), "<s>": (0,), "</s>": (1,),
}  # fmt: skip
WANTED_BY_HEAD_9 = {
    1: (2,), 2: ("</s>",), 3: (4, "<s>"), 4: ("<s>",), "<s>": (2, "</s>"),
}  # fmt: skip
WANTED_BY_HEAD_10 = {2: 6, 3: 6, "<s>": None, "</s>": None}
WANTED_BY_HEAD_11 = {4: 6, "<s>": None, "</s>": None}
RULE_4 = {
    (0, 3): 4, (0, "</s>"): 1, (1, 1): 3, (1, "</s>"): 2, (2, 0): 7, (2, 1): 2,
    (2, 2): 2, (2, "</s>"): 3, (3, 0): 1, (3, 2): 6, (3, "</s>"): 4, (4, 4): 5,
    (4, "</s>"): 5, ("</s>", 0): 1, ("</s>", 1): 2, ("</s>", 2): 3, ("</s>", 3): 4,
    ("</s>", 4): 5, ("</s>", "</s>"): 1, ("</s>", "<s>"): 2, ("<s>", 0): 4,
    ("<s>", 1): 5, ("<s>", 2): 1, ("<s>", 3): 5, ("<s>", 4): 2, ("<s>", "<s>"): 5,
}  # fmt: skip
RULE_5 = {
    (0, 0): 5, (0, 2): 2, (0, 4): 5, (0, 5): 5, (0, 8): 1, (1, 2): 3, (1, 8): 3,
    (5, 0): 6, (6, 0): 6, (6, 2): 0, (7, 0): 0, (7, 2): 7, (8, 8): 0,
}  # fmt: skip
# Evidence of each value for these labels, in this order.
OUTPUT_LABELS = (0, 1, 2, 3, 4)
OUTPUT_BIAS = (61, 18, 14, 0, 3)
OUTPUT_BY_TOKEN_BY_POSITION = {
    1: (3, 22, 0, 10, 9), 2: (4, 0, 19, 10, 2), 3: (0, 7, 7, 17, 4),
    4: (0, 9, 4, 7, 15), "<s>": (1, 4, 3, 2, 0), "</s>": (0, 2, 3, 11, 5),
}  # fmt: skip
NO_EVIDENCE = (0, 0, 0, 0, 0)
OUTPUT_BY_TOKEN_BY_POSITION_3 = {
    1: (0, 19, 6, 22, 8), 2: (0, 9, 19, 24, 4), 3: (0, 12, 9, 32, 7),
    4: (0, 5, 9, 21, 20), "<s>": (0, 10, 9, 22, 10), "</s>": (0, 8, 5, 19, 8),
}  # fmt: skip
OUTPUT_BY_RULE = {1: (2, 10, 13, 5, 0), 6: (0, 0, 2, 6, 12), 7: (9, 0, 2, 13, 1)}
OUTPUT_BY_HEAD = {
    1: (0, 20, 11, 12, 8), 2: (0, 8, 20, 13, 9), 3: (0, 9, 13, 23, 10),
    4: (0, 9, 7, 10, 18), "<s>": (0, 10, 11, 14, 11), "</s>": (0, 8, 8, 13, 8),
}  # fmt: skip
OUTPUT_BY_HEAD_3 = {
    1: (0, 36, 18, 17, 19), 2: (0, 21, 39, 19, 20), 3: (0, 19, 16, 33, 17),
    4: (0, 21, 17, 19, 37), "<s>": (0, 23, 20, 20, 22), "</s>": (0, 21, 17, 18, 19),
}  # fmt: skip
OUTPUT_BY_RULE_3 = {
    1: (15, 3, 2, 0, 0), 2: (9, 13, 4, 0, 9), 3: (6, 5, 15, 0, 4), 4: (0, 0, 1, 5, 3),
    5: (3, 4, 4, 0, 15),
}  # fmt: skip
OUTPUT_BY_HEAD_6 = {
    1: (21, 0, 11, 15, 9), 2: (24, 15, 0, 17, 10), 3: (21, 12, 9, 0, 9),
    4: (25, 16, 15, 18, 0), "<s>": (15, 2, 1, 0, 1), "</s>": (15, 0, 1, 7, 1),
}  # fmt: skip
OUTPUT_BY_HEAD_7 = {
    1: (0, 26, 15, 13, 13), 2: (0, 14, 30, 14, 18), 3: (0, 16, 18, 32, 19),
    4: (0, 11, 15, 12, 28), "<s>": (0, 16, 19, 18, 18),
}  # fmt: skip
OUTPUT_BY_HEAD_8 = {"<s>": (15, 0, 7, 2, 5)}
OUTPUT_BY_HEAD_9 = {
    1: (0, 8, 18, 13, 7), 2: (0, 9, 11, 6, 9), 3: (0, 17, 8, 8, 7), 4: (0, 8, 9, 6, 7),
    5: (0, 7, 7, 5, 10), 6: (0, 8, 8, 6, 13), 7: (0, 7, 3, 4, 11),
}  # fmt: skip
OUTPUT_BY_RULE_4 = {
    1: (16, 6, 0, 7, 2), 2: (4, 9, 1, 1, 0), 3: (4, 3, 15, 0, 3), 4: (0, 1, 1, 13, 0),
    5: (3, 1, 3, 0, 8),
}  # fmt: skip
OUTPUT_BY_RULE_5 = {
    1: (0, 24, 13, 6, 17), 2: (0, 21, 12, 23, 18), 3: (0, 5, 29, 19, 11),
    4: (0, 11, 8, 7, 18), 5: (0, 12, 10, 5, 22), 7: (0, 13, 15, 13, 19),
}  # fmt: skip
OUTPUT_PER_HEAD_4 = (2, -3, 3, -4, 2)
OUTPUT_PER_HEAD_10 = (2, 1, -4, -4, 5)
OUTPUT_PER_HEAD_11 = (-1, 2, 0, 5, -5)


def run(sequence):
    """One label per token of a sequence."""
    tokens = ["<s>", *read(sequence), "</s>"]
    positions = list(range(len(tokens)))
    wanted = [WANTED_BY_TOKEN_BY_POSITION.get(q, 5) for q in positions]
    token_by_position = [tokens[j] for j in closest(wanted, positions)]
    wanted = [WANTED_BY_TOKEN_BY_POSITION_2.get(q, 1) for q in positions]
    token_by_position_2 = [tokens[j] for j in closest(wanted, positions)]
    token_by_position_3 = [
        tokens[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_TOKEN_BY_POSITION_3.get(q, (0,)), positions, positions)
    ]  # fmt: skip
    position_count = [
        positions.count(WANTED_BY_POSITION_COUNT.get(q, 7)) for q in positions
    ]
    position_count_2 = [
        sum(k in WANTED_BY_POSITION_COUNT_2.get(q, (0, 1, 2, 3, 4, 5, 6, 7)) for k in positions)
        for q in tokens
    ]  # fmt: skip
    rule = [RULE.get((a, b), 7) for a, b in zip(token_by_position, token_by_position_3)]
    position_count_rule = [7 if a == 1 else 6 for a in position_count]
    wanted = [WANTED_BY_HEAD.get(q, 4) for q in positions]
    head = [token_by_position_2[j] for j in closest(wanted, positions)]
    wanted = [WANTED_BY_HEAD_2.get(q, "</s>") for q in position_count_rule]
    head_2 = [tokens[j] for j in closest(wanted, token_by_position_3)]
    head_3 = [
        token_by_position_3[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_HEAD_3.get(q, ("</s>",)), positions, tokens)
    ]  # fmt: skip
    head_4 = [
        position_count_rule.count(WANTED_BY_HEAD_4.get(q)) for q in token_by_position_2
    ]
    token_by_position_count = [
        sum(k in WANTED_BY_TOKEN_BY_POSITION_COUNT.get(q, ("</s>",)) for k in token_by_position)
        for q in token_by_position
    ]  # fmt: skip
    head_5 = [
        sum(k in WANTED_BY_HEAD_5.get(q, ()) for k in token_by_position_2)
        for q in token_by_position_2
    ]
    rule_2 = [RULE_2.get((a, b), 6) for a, b in zip(token_by_position, head)]
    rule_3 = [
        RULE_3.get((a, b), 1) for a, b in zip(token_by_position_count, position_count_2)
    ]
    head_6 = [
        head_3[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_HEAD_6.get(q, ("</s>",)), positions, token_by_position)
    ]  # fmt: skip
    wanted = [WANTED_BY_HEAD_7.get(q, "<s>") for q in positions]
    head_7 = [token_by_position[j] for j in closest(wanted, tokens)]
    head_8 = [
        token_by_position[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_HEAD_8.get(q, (1, 3)), head_2, head_2)
    ]  # fmt: skip
    head_9 = [
        rule_2[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_HEAD_9.get(q, ()), token_by_position_3, token_by_position_3)
    ]  # fmt: skip
    head_10 = [
        position_count_rule.count(WANTED_BY_HEAD_10.get(q, 7))
        for q in token_by_position_2
    ]
    head_11 = [
        position_count_rule.count(WANTED_BY_HEAD_11.get(q, 7))
        for q in token_by_position_2
    ]
    rule_4 = [
        RULE_4.get((a, b), 0) for a, b in zip(token_by_position, token_by_position_3)
    ]
    rule_5 = [RULE_5.get((a, b), 4) for a, b in zip(head_5, head_11)]
    # The label with the largest sum of evidence wins.
    output = [
        winner(
            OUTPUT_LABELS,
            [
                OUTPUT_BIAS,
                OUTPUT_BY_TOKEN_BY_POSITION.get(v0, NO_EVIDENCE),
                OUTPUT_BY_TOKEN_BY_POSITION_3.get(v1, NO_EVIDENCE),
                OUTPUT_BY_RULE.get(v2, NO_EVIDENCE),
                OUTPUT_BY_HEAD.get(v3, NO_EVIDENCE),
                OUTPUT_BY_HEAD_3.get(v4, NO_EVIDENCE),
                OUTPUT_BY_RULE_3.get(v5, NO_EVIDENCE),
                OUTPUT_BY_HEAD_6.get(v6, NO_EVIDENCE),
                OUTPUT_BY_HEAD_7.get(v7, NO_EVIDENCE),
                OUTPUT_BY_HEAD_8.get(v8, NO_EVIDENCE),
                OUTPUT_BY_HEAD_9.get(v9, NO_EVIDENCE),
                OUTPUT_BY_RULE_4.get(v10, NO_EVIDENCE),
                OUTPUT_BY_RULE_5.get(v11, NO_EVIDENCE),
                [v12 * w for w in OUTPUT_PER_HEAD_4],
                [v13 * w for w in OUTPUT_PER_HEAD_10],
                [v14 * w for w in OUTPUT_PER_HEAD_11],
            ],
        )
        for v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14 in zip(
            token_by_position,
            token_by_position_3,
            rule,
            head,
            head_3,
            rule_3,
            head_6,
            head_7,
            head_8,
            head_9,
            rule_4,
            rule_5,
            head_4,
            head_10,
            head_11,
        )
    ]
    return output[1 : len(sequence) + 1]


# Runtime, the same in every program.


def read(sequence):
    """The symbols of a sequence; `ValueError` for an unknown one or too many."""
    tokens = []
    for token in sequence:
        plain = isinstance(token, int) and token in SYMBOLS
        known = SYMBOLS.get(token if plain else str(token))
        same = token == known or token == str(known)
        if known is None or isinstance(token, bool) or not same:
            some = ", ".join(map(repr, list(SYMBOLS.values())[:20]))
            more = ", ..." if len(SYMBOLS) > 20 else ""
            raise ValueError(f"unknown token {token!r:.60}; expected {some}{more}")
        tokens.append(known)
    if len(tokens) > MAX_LENGTH:
        raise ValueError(f"{len(tokens)} tokens are too many; at most {MAX_LENGTH}")
    return tokens


def closest(wanted, keys):
    """For each position, the nearest one whose key is wanted there.

    At equal distance the left one; the position itself only if no other matches; 0 if none does.
    """
    found = []
    before = {}
    for i, (want, key) in enumerate(zip(wanted, keys)):
        found.append(before.get(want))
        before[key] = i
    after = {}
    for i in reversed(range(len(keys))):
        left, right = found[i], after.get(wanted[i])
        if left is None and right is None:
            found[i] = i if keys[i] == wanted[i] else 0
        elif left is None or (right is not None and right - i < i - left):
            found[i] = right
        after[keys[i]] = i
    return found


def nearest(i, hits):
    """The hit nearest to i, the left one at equal distance; i if alone; 0 if none."""
    others = [j for j, hit in enumerate(hits) if hit and j != i]
    if others:
        return min(others, key=lambda j: abs(i - j))
    return i if hits[i] else 0


def closest_where(matches, queries, keys):
    """As `closest`, for keys that match a query by the rule `matches(query, key)`."""
    hits = [[matches(query, key) for key in keys] for query in queries]
    return [nearest(i, row) for i, row in enumerate(hits)]


def winner(labels, rows):
    """The label with the largest sum over the rows of weights, the first at a tie."""
    totals = [*map(sum, zip(*rows))]
    return labels[totals.index(max(totals))]


def main(arguments):
    """Run on the arguments, or with `--jsonl` on standard input, one JSON list a line."""
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    place = ""
    try:
        if arguments != ["--jsonl"]:
            output = run(arguments[1:] if arguments[0] == "--" else arguments)
            print(*(output if isinstance(output, list) else [output]))
            return 0
        sys.stdin.reconfigure(encoding="utf-8")
        for number, line in enumerate(sys.stdin, 1):
            place = f"line {number}: "
            if line.strip():
                sequence = json.loads(line)
                if not isinstance(sequence, list):
                    raise ValueError(f"expected a JSON list, got {line.strip()[:40]!r}")
                print(json.dumps(run(sequence)))
    except (ValueError, RecursionError) as error:
        print(f"error: {place}{error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
