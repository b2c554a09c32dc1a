"""sort: a program learned by pellucid (seed 0).

Accuracy on train data (tokens, whole sequences): 99.99%, 99.93%.
Accuracy on valid data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on test data (tokens, whole sequences): 99.99%, 99.93%.
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
WANTED_BY_TOKEN_BY_TOKEN = {0: (1, 2), 3: (), 4: (4,), 5: (4,), 6: (4,)}
WANTED_BY_TOKEN_BY_POSITION = {1: 4, 3: 4, 5: 6}
WANTED_BY_TOKEN_BY_TOKEN_2 = {1: (0, 1), 2: (1,), 3: (1,)}
WANTED_BY_TOKEN_COUNT = {4: "<s>", 5: 4, 6: 4}
WANTED_BY_TOKEN_COUNT_2 = {1: (), 2: (4,), 5: (3, 4), 6: (2, "<s>", "</s>")}
WANTED_BY_TOKEN_COUNT_3 = {1: 1, 5: 3, 6: 3}
WANTED_BY_TOKEN_COUNT_4 = {2: (1, 2, 3), 3: ("<s>",), 4: (1,), 5: (4,), 6: (0, "<s>")}
RULE = {
    (0, 1): 7, (0, 2): 2, (0, 3): 4, (0, 4): 4, (0, 5): 4, (1, 1): 7, (1, 2): 3,
    (1, 3): 0, (1, 4): 4, (1, 5): 4, (1, 6): 3, (2, 1): 0, (2, 2): 6, (2, 3): 4,
    (2, 4): 1, (2, 6): 3, (3, 1): 7, (3, 2): 4, (3, 3): 7, (3, 6): 3, (4, 1): 2,
    (4, 2): 4, (4, 5): 7, ("</s>", 4): 0, ("<s>", 1): 7,
}  # fmt: skip
RULE_2 = {
    (0, 3): 3, (0, 4): 3, (0, 5): 7, (0, 6): 2, (1, 3): 3, (1, 4): 3, (1, 5): 7,
    (1, 6): 2, (2, 3): 3, (2, 4): 3, (2, 5): 7, (2, 6): 2, (3, 3): 3, (3, 4): 3,
    (3, 5): 7, (3, 6): 2, (4, 3): 3, (4, 4): 3, (4, 5): 7, (4, 6): 2, ("</s>", 3): 0,
    ("</s>", 4): 2, ("</s>", 5): 2, ("<s>", 1): 0, ("<s>", 2): 7,
}  # fmt: skip
RULE_3 = {
    (0, 0): 4, (0, 1): 4, (0, 2): 0, (0, 3): 7, (0, 4): 7, (0, 5): 7, (0, 6): 7,
    (0, 7): 7, (1, 0): 6, (1, 1): 5, (1, 2): 7, (1, 3): 7, (1, 4): 5, (1, 5): 7,
    (1, 6): 7, (1, 7): 7, (2, 0): 6, (2, 6): 7, (2, 7): 7, (3, 0): 6, (3, 1): 0,
    (4, 0): 6, (4, 1): 7, (5, 0): 6, (6, 0): 6,
}  # fmt: skip
WANTED_BY_TOKEN_COUNT_5 = {0: (1,), 1: (2,), 4: (3,), 5: (3,), 7: (0, "</s>")}
WANTED_BY_TOKEN_COUNT_6 = {2: (3, 4), 5: (0,)}
WANTED_BY_TOKEN_COUNT_7 = {1: "</s>"}
RULE_4 = {
    (0, 1): 2, (0, 2): 2, (0, "<s>"): 7, (1, 0): 2, (1, "<s>"): 7, (2, 0): 7,
    (2, "<s>"): 1, (5, "<s>"): 1, (7, 0): 2, (7, "<s>"): 2,
}  # fmt: skip
RULE_5 = {
    (1, 4): 5, (1, 7): 1, (2, 3): 1, (2, 4): 5, (2, 5): 3, (2, 6): 1, (2, 7): 2,
    (3, 0): 1, (3, 3): 2, (3, 4): 5, (3, 5): 4, (4, 5): 2, (4, 6): 1, (4, 7): 3,
    (5, 3): 5, (5, 4): 4, (5, 5): 4, (6, 0): 4, (6, 4): 4, (6, 5): 5, (6, 7): 5,
}  # fmt: skip
RULE_6 = {
    (0, 0): 3, (0, 1): 3, (0, 2): 4, (1, 0): 5, (1, 1): 2, (1, 2): 2, (1, 3): 2,
    (1, 4): 1, (2, 0): 4, (2, 1): 5, (2, 2): 2, (3, 3): 1,
}  # fmt: skip
RULE_7 = {
    (0, 0): 1, (0, 1): 1, (0, 2): 3, (0, 3): 1, (0, 4): 1, (0, 5): 1, (0, 6): 1,
    (1, 0): 2, (1, 1): 7, (1, 2): 1, (1, 3): 1, (1, 5): 1, (1, 6): 1, (2, 2): 1,
    (2, 3): 3, (2, 4): 1, (2, 5): 1, (3, 2): 1, (3, 3): 3, (4, 2): 2, (4, 3): 3,
    (5, 2): 7, (5, 3): 1, (6, 0): 1, (6, 5): 3, (7, 2): 3,
}  # fmt: skip
WANTED_BY_RULE_4_BY_TOKEN = {3: (1, "</s>"), 5: ("<s>", "</s>")}
# Evidence of each value for these labels, in this order.
OUTPUT_LABELS = (0, 1, 2, 3, 4)
OUTPUT_BIAS = (58, 0, 47, 71, 54)
OUTPUT_BY_TOKEN_BY_TOKEN = {4: (0, 35, 33, 36, 75), "<s>": (0, 22, 21, 22, 24)}
NO_EVIDENCE = (0, 0, 0, 0, 0)
OUTPUT_BY_TOKEN_BY_TOKEN_2 = {
    1: (20, 29, 10, 0, 2), 3: (0, 2, 21, 43, 29), "<s>": (3, 0, 21, 15, 21),
}  # fmt: skip
OUTPUT_BY_RULE_2 = {
    2: (0, 11, 15, 10, 39), 3: (30, 40, 37, 28, 0), 5: (22, 21, 14, 19, 0),
    7: (0, 5, 6, 10, 4),
}  # fmt: skip
OUTPUT_BY_RULE_4 = {2: (16, 10, 2, 0, 1), 3: (0, 3, 9, 20, 22), 7: (22, 41, 15, 5, 0)}
OUTPUT_BY_RULE_5 = {
    1: (13, 0, 6, 8, 0), 2: (0, 13, 17, 19, 7), 3: (0, 15, 20, 19, 2),
    4: (0, 8, 27, 36, 25), 5: (0, 6, 15, 15, 39),
}  # fmt: skip
OUTPUT_BY_RULE_6 = {
    2: (0, 31, 20, 13, 22), 3: (0, 27, 31, 37, 12), 4: (0, 17, 3, 15, 11),
    5: (0, 23, 15, 14, 24),
}  # fmt: skip
OUTPUT_BY_RULE_4_BY_TOKEN = {2: (13, 13, 8, 1, 0), 3: (3, 0, 0, 1, 21)}
OUTPUT_PER_TOKEN_COUNT_2 = (-5, -6, 0, 10, 1)
OUTPUT_PER_TOKEN_COUNT_6 = (-2, -15, -6, 11, 11)
OUTPUT_PER_TOKEN_COUNT_7 = (-2, 3, -1, -9, 9)
OUTPUT_PER_TOKEN_COUNT_8 = (3, 8, 12, -8, -16)
OUTPUT_PER_TOKEN_COUNT_9 = (14, 23, 1, -16, -21)
OUTPUT_PER_TOKEN_COUNT_10 = (21, 19, 0, -16, -23)


def run(sequence):
    """One label per token of a sequence."""
    tokens = ["<s>", *read(sequence), "</s>"]
    positions = list(range(len(tokens)))
    token_by_token = [
        tokens[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_TOKEN_BY_TOKEN.get(q, (0,)), positions, tokens)
    ]  # fmt: skip
    wanted = [WANTED_BY_TOKEN_BY_POSITION.get(q, 5) for q in positions]
    token_by_position = [tokens[j] for j in closest(wanted, positions)]
    token_by_token_2 = [
        tokens[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_TOKEN_BY_TOKEN_2.get(q, (3,)), positions, tokens)
    ]  # fmt: skip
    token_count = [tokens.count(WANTED_BY_TOKEN_COUNT.get(q, 0)) for q in positions]
    token_count_2 = [
        sum(k in WANTED_BY_TOKEN_COUNT_2.get(q, (3,)) for k in tokens)
        for q in positions
    ]
    token_count_3 = [tokens.count(WANTED_BY_TOKEN_COUNT_3.get(q, 0)) for q in positions]
    token_count_4 = [
        sum(k in WANTED_BY_TOKEN_COUNT_4.get(q, (0, 1, 2, 3, "<s>")) for k in tokens)
        for q in positions
    ]
    rule = [RULE.get((a, b), 5) for a, b in zip(token_by_position, positions)]
    rule_2 = [RULE_2.get((a, b), 5) for a, b in zip(token_by_position, positions)]
    rule_3 = [RULE_3.get((a, b), 3) for a, b in zip(token_count, token_count_4)]
    token_count_5 = [
        sum(k in WANTED_BY_TOKEN_COUNT_5.get(q, (0,)) for k in tokens) for q in rule
    ]
    token_count_6 = [
        sum(k in WANTED_BY_TOKEN_COUNT_6.get(q, (4,)) for k in tokens) for q in rule_2
    ]
    token_count_7 = [tokens.count(WANTED_BY_TOKEN_COUNT_7.get(q, 4)) for q in positions]
    token_count_8 = [tokens.count(2)] * len(tokens)
    rule_4 = [RULE_4.get((a, b), 3) for a, b in zip(positions, token_by_token)]
    rule_5 = [RULE_5.get((a, b), 0) for a, b in zip(positions, rule_3)]
    rule_6 = [RULE_6.get((a, b), 0) for a, b in zip(token_count, token_count_3)]
    rule_7 = [RULE_7.get((a, b), 5) for a, b in zip(token_count_4, token_count_5)]
    rule_4_by_token = [
        rule_4[j]
        for j in closest_where(lambda q, k: k in WANTED_BY_RULE_4_BY_TOKEN.get(q, ("</s>",)), rule_7, tokens)
    ]  # fmt: skip
    token_count_9 = [tokens.count(1)] * len(tokens)
    token_count_10 = [tokens.count(0)] * len(tokens)
    # The label with the largest sum of evidence wins.
    output = [
        winner(
            OUTPUT_LABELS,
            [
                OUTPUT_BIAS,
                OUTPUT_BY_TOKEN_BY_TOKEN.get(v0, NO_EVIDENCE),
                OUTPUT_BY_TOKEN_BY_TOKEN_2.get(v1, NO_EVIDENCE),
                OUTPUT_BY_RULE_2.get(v2, NO_EVIDENCE),
                OUTPUT_BY_RULE_4.get(v3, NO_EVIDENCE),
                OUTPUT_BY_RULE_5.get(v4, NO_EVIDENCE),
                OUTPUT_BY_RULE_6.get(v5, NO_EVIDENCE),
                OUTPUT_BY_RULE_4_BY_TOKEN.get(v6, NO_EVIDENCE),
                [v7 * w for w in OUTPUT_PER_TOKEN_COUNT_2],
                [v8 * w for w in OUTPUT_PER_TOKEN_COUNT_6],
                [v9 * w for w in OUTPUT_PER_TOKEN_COUNT_7],
                [v10 * w for w in OUTPUT_PER_TOKEN_COUNT_8],
                [v11 * w for w in OUTPUT_PER_TOKEN_COUNT_9],
                [v12 * w for w in OUTPUT_PER_TOKEN_COUNT_10],
            ],
        )
        for v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12 in zip(
            token_by_token,
            token_by_token_2,
            rule_2,
            rule_4,
            rule_5,
            rule_6,
            rule_4_by_token,
            token_count_2,
            token_count_6,
            token_count_7,
            token_count_8,
            token_count_9,
            token_count_10,
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
