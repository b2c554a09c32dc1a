"""dyck1: a program learned by pellucid (program search, seed 0).

Accuracy on train data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on valid data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on test data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on longer inputs, 2N (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on longer inputs, 4N (tokens, whole sequences): 100.00%, 100.00%.
Verified: trained model, intermediate form and this text: all 65,534 possible inputs
  agree, and 2,000 longer ones up to 30 tokens.
Tokens: "(", ")".
Labels: "F", "P", "T".
Longest input: 15 tokens in training; longer ones are taken.

Use: run([...]), or: python program.py TOKEN ..., or: python program.py --jsonl"""

from __future__ import annotations

import json
import sys

SYMBOLS = {"(": "(", ")": ")"}
MAX_LENGTH = None


def output_rule(previous, token_value_sum_flag):
    if previous == "F":
        return "F"
    if token_value_sum_flag:
        return "P"
    if previous == "P":
        return "T"
    return "F"


def run(sequence):
    """One label per token of a sequence."""
    tokens = read(sequence)
    token_value = [1 if a == ")" else -1 for a in tokens]
    token_value_sum = [sum(token_value[: i + 1]) for i in range(len(tokens))]
    token_value_sum_flag = [1 if a < 0 else 0 for a in token_value_sum]
    output = []
    previous = "T"
    for a in token_value_sum_flag:
        previous = output_rule(previous, a)
        output.append(previous)
    return output


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
    if MAX_LENGTH is not None and len(tokens) > MAX_LENGTH:
        raise ValueError(f"{len(tokens)} tokens are too many; at most {MAX_LENGTH}")
    return tokens


def main(arguments):
    """Run on the arguments, or with `--jsonl` on standard input, a JSON list a line."""
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    place = ""
    try:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(__doc__)
        elif arguments != ["--jsonl"]:
            output = run(arguments[1:] if arguments[0] == "--" else arguments)
            print(*(output if isinstance(output, list) else [output]))
        else:
            sys.stdin.reconfigure(encoding="utf-8")
            for number, line in enumerate(sys.stdin, 1):
                place = f"line {number}: "
                if line.strip():
                    try:
                        sequence = json.loads(line)
                    except (ValueError, RecursionError) as error:
                        raise ValueError(f"not JSON: {error}") from None
                    if not isinstance(sequence, list):
                        given = line.strip()[:40]
                        raise ValueError(f"expected a JSON list, got {given!r}")
                    print(json.dumps(run(sequence)))
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None  # whoever was reading, as in `| head -1`, has enough
        return 1
    except (ValueError, RecursionError) as error:
        print(f"error: {place}{error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
