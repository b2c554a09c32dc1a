"""double_hist: a program learned by pellucid (seed 0).

Accuracy on train data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on valid data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on test data (tokens, whole sequences): 100.00%, 100.00%.
Verified: trained model, intermediate form and this text: all 335,922 possible
  inputs agree.
Tokens: 0, 1, 2, 3, 4, 5.
Labels: 1, 2, 3, 4, 5, 6.
Longest input: 7 tokens.

Use: run([...]), or: python program.py TOKEN ..., or: python program.py --jsonl"""

from __future__ import annotations

import json
import sys

SYMBOLS = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
MAX_LENGTH = 7
WANTED_BY_POSITION_BY_POSITION = {0: 5}
WANTED_BY_POSITION_COUNT = {"<s>": 5}
WANTED_BY_TOKEN_COUNT = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, "<s>": None}
TOKEN_COUNT_RULE_2 = {0: 6, 1: 6, 4: 0}
RULE = {(0, 6): 3, (7, 3): 2}
RULE_2 = {(0, 0): 3, (0, 1): 0, (1, 0): 7, (1, 1): 7, (1, 2): 3}
RULE_3 = {(0, 1): 5, (0, 5): 0, (0, 6): 2, (1, 1): 1}
WANTED_BY_HEAD_2 = {1: None, 4: 3, 5: 3}
WANTED_BY_RULE_2_COUNT = {3: (5,), 6: (3,)}
RULE_4 = {
    (0, 1): 7, (0, 3): 3, (0, 4): 7, (0, 6): 0, (0, 7): 2, (1, 2): 5, (1, 3): 3,
    (2, 3): 4, (3, 1): 5, (3, 2): 5, (3, 3): 2, (3, 4): 4, (4, 1): 5, (4, 2): 5,
    (4, 3): 3, (4, 4): 7, (5, 2): 5, (5, 3): 5, (6, 1): 3, (6, 2): 0, (7, 1): 5,
}  # fmt: skip
RULE_5 = {(0, 0): 2, (1, 0): 2, (1, 1): 2, (2, 0): 2, (2, 1): 3, (4, 1): 2}
# Evidence of each value for these labels, in this order.
OUTPUT_LABELS = (1, 2, 3, 4, 5, 6)
OUTPUT_BIAS = (40, 12, 23, 0, 18, 9)
OUTPUT_BY_RULE = {2: (0, 23, 2, 10, 9, 8), 3: (0, 2, 8, 1, 4, 8)}
NO_EVIDENCE = (0, 0, 0, 0, 0, 0)
OUTPUT_BY_RULE_2 = {
    3: (0, 23, 7, 14, 9, 12), 5: (0, 29, 4, 16, 13, 14), 7: (0, 21, 9, 14, 14, 13),
}  # fmt: skip
OUTPUT_BY_HEAD_2 = {5: (2, 0, 12, 0, 3, 7), 7: (20, 0, 22, 6, 12, 12)}
OUTPUT_BY_RULE_4 = {
    1: (12, 0, 20, 20, 0, 8), 2: (0, 23, 11, 13, 5, 15), 3: (0, 40, 18, 25, 13, 19),
    4: (2, 7, 12, 11, 0, 5), 5: (7, 8, 2, 12, 0, 6), 7: (0, 14, 22, 16, 3, 11),
}  # fmt: skip
OUTPUT_BY_RULE_5 = {2: (0, 28, 10, 10, 13, 11), 3: (0, 32, 28, 23, 22, 22)}
OUTPUT_PER_POSITION_COUNT = (7, -7, 4, -2, -2, 0)
OUTPUT_PER_TOKEN_COUNT = (13, -2, 2, -7, -4, -2)
OUTPUT_PER_TOKEN_COUNT_RULE_2_COUNT = (-6, 0, -4, 5, 2, 2)


def run(sequence):
    """One label per token of a sequence."""
    tokens = ["<s>", *read(sequence)]
    positions = list(range(len(tokens)))
    wanted = [WANTED_BY_POSITION_BY_POSITION.get(q, 7) for q in positions]
    position_by_position = [positions[j] for j in closest(wanted, positions)]
    position_count = [
        positions.count(WANTED_BY_POSITION_COUNT.get(q, 6)) for q in tokens
    ]
    token_count = [tokens.count(WANTED_BY_TOKEN_COUNT.get(q, 0)) for q in tokens]
    token_count_rule = [2 if a in {0, 1} else 0 for a in token_count]
    token_count_rule_2 = [TOKEN_COUNT_RULE_2.get(a, 3) for a in token_count]
    wanted = [0] * len(tokens)
    head = [token_count_rule_2[j] for j in closest(wanted, token_count_rule)]
    token_count_rule_2_count = [token_count_rule_2.count(6)] * len(tokens)
    rule = [RULE.get((a, b), 1) for a, b in zip(position_by_position, head)]
    rule_2 = [RULE_2.get((a, b), 5) for a, b in zip(position_count, token_count)]
    rule_3 = [
        RULE_3.get((a, b), 4) for a, b in zip(position_count, token_count_rule_2_count)
    ]
    wanted = [WANTED_BY_HEAD_2.get(q, 0) for q in rule_3]
    head_2 = [position_by_position[j] for j in closest(wanted, rule_2)]
    token_count_rule_count = [token_count_rule.count(q + 2) for q in token_count_rule]
    rule_2_count = [
        sum(k in WANTED_BY_RULE_2_COUNT.get(q, (0, 5)) for k in rule_2) for q in head
    ]
    rule_4 = [
        RULE_4.get((a, b), 1) for a, b in zip(rule_2_count, token_count_rule_2_count)
    ]
    rule_5 = [
        RULE_5.get((a, b), 1) for a, b in zip(token_count_rule_count, position_count)
    ]
    # The label with the largest sum of evidence wins.
    output = [
        winner(
            OUTPUT_LABELS,
            [
                OUTPUT_BIAS,
                OUTPUT_BY_RULE.get(v0, NO_EVIDENCE),
                OUTPUT_BY_RULE_2.get(v1, NO_EVIDENCE),
                OUTPUT_BY_HEAD_2.get(v2, NO_EVIDENCE),
                OUTPUT_BY_RULE_4.get(v3, NO_EVIDENCE),
                OUTPUT_BY_RULE_5.get(v4, NO_EVIDENCE),
                [v5 * w for w in OUTPUT_PER_POSITION_COUNT],
                [v6 * w for w in OUTPUT_PER_TOKEN_COUNT],
                [v7 * w for w in OUTPUT_PER_TOKEN_COUNT_RULE_2_COUNT],
            ],
        )
        for v0, v1, v2, v3, v4, v5, v6, v7 in zip(
            rule,
            rule_2,
            head_2,
            rule_4,
            rule_5,
            position_count,
            token_count,
            token_count_rule_2_count,
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
