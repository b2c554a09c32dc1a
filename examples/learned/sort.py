"""sort: a program learned by pellucid (program search, seed 0).

Accuracy on train data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on valid data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on test data (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on longer inputs, 2N (tokens, whole sequences): 100.00%, 100.00%.
Accuracy on longer inputs, 4N (tokens, whole sequences): 100.00%, 100.00%.
Verified: trained model, intermediate form and this text: all 19,530 possible inputs
  agree, and 2,000 longer ones up to 12 tokens.
Tokens: 0, 1, 2, 3, 4.
Labels: 0, 1, 2, 3, 4.
Longest input: 6 tokens in training; longer ones are taken.

Use: run([...]), or: python program.py TOKEN ..., or: python program.py --jsonl"""

from __future__ import annotations

import json
import sys

SYMBOLS = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4}
MAX_LENGTH = None


def run(sequence):
    """One label per token of a sequence."""
    tokens = read(sequence)
    smaller_or_tied_count = [
        sum(k < q or k == q and j < i for j, k in enumerate(tokens))
        for i, q in enumerate(tokens)
    ]
    output = [
        next((v for k, v in zip(smaller_or_tied_count, tokens) if k == i), "nothing")
        for i in range(len(tokens))
    ]
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
