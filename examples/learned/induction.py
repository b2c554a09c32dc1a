"""induction: a program learned by pellucid (seed 0).

Accuracy on train data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on valid data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on test data (tokens, whole sequences): 100.00%, 100.00%.
Verified: trained model, intermediate form and this text: 31,506 sampled inputs
  agree: fewer than 0.015% of inputs differ (95 % confidence).
Tokens: "0", "1", "2", "3", "a", "b", "c", "d".
Labels: "0", "1", "2", "3", "<unk>".
Longest input: 9 tokens.

Use: run([...]), or: python program.py TOKEN ..., or: python program.py --jsonl"""

from __future__ import annotations

import json
import sys

SYMBOLS = {
    "0": "0", "1": "1", "2": "2", "3": "3", "a": "a", "b": "b", "c": "c", "d": "d",
}  # fmt: skip
MAX_LENGTH = 9
WANTED_BY_TOKEN_BY_POSITION = {1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 7, 7: 8, 9: 6}
# Evidence of each value for these labels, in this order.
OUTPUT_LABELS = ("0", "1", "2", "3", "<unk>")
OUTPUT_BIAS = (0, 0, 0, 0, 1)
OUTPUT_BY_POSITION_BY_TOKEN = {9: (0, 0, 0, 0, 2)}
NO_EVIDENCE = (0, 0, 0, 0, 0)
OUTPUT_BY_TOKEN_BY_POSITION = {
    "0": (1, 0, 0, 0, 0), "1": (0, 1, 0, 0, 0), "2": (0, 0, 1, 0, 0),
    "3": (0, 0, 0, 1, 0),
}  # fmt: skip


def run(sequence):
    """One label per token of a sequence."""
    tokens = ["<s>", *read(sequence)]
    positions = list(range(len(tokens)))
    position_by_token = [positions[j] for j in closest_upto(tokens, tokens)]
    wanted = [WANTED_BY_TOKEN_BY_POSITION.get(q, 0) for q in position_by_token]
    token_by_position = [tokens[j] for j in closest_upto(wanted, positions)]
    # The label with the largest sum of evidence wins.
    output = [
        winner(
            OUTPUT_LABELS,
            [
                OUTPUT_BIAS,
                OUTPUT_BY_POSITION_BY_TOKEN.get(v0, NO_EVIDENCE),
                OUTPUT_BY_TOKEN_BY_POSITION.get(v1, NO_EVIDENCE),
            ],
        )
        for v0, v1 in zip(position_by_token, token_by_position)
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


def closest_upto(wanted, keys):
    """For each position, the nearest earlier one whose key is wanted there.

    The position itself only if no earlier one matches; 0 if none does.
    """
    found = []
    last = {}
    for i, (want, key) in enumerate(zip(wanted, keys)):
        found.append(last.get(want, i if key == want else 0))
        last[key] = i
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
