"""Functions that emitted programs use. `emit` pastes those a program needs; this file is the only copy.

Each stands alone: standard library only, no names from outside this file but `SYMBOLS`,
`MAX_LENGTH` and `run`, which every emitted program defines. Lines of at most 88 columns.
"""
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
import sys

SYMBOLS: dict = {}
MAX_LENGTH: int | None = 0


def run(sequence):
    """Stands for the emitted program's own `run`."""
    raise NotImplementedError(sequence)


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


def nearest(i, candidates):
    """The candidate nearest to i, the left of two as near; i if alone; 0 if none."""
    return min(candidates, key=lambda j: (j == i, abs(i - j)), default=0)


def total(wanted, keys, values):
    """For each position, the sum of the values at all positions whose key is wanted."""
    sums = {}
    for key, value in zip(keys, values):
        sums[key] = sums.get(key, 0) + value
    return [sums.get(want, 0) for want in wanted]


def total_upto(wanted, keys, values):
    """As `total`, over the positions up to and including the own one."""
    sums = {}
    found = []
    for want, key, value in zip(wanted, keys, values):
        sums[key] = sums.get(key, 0) + value
        found.append(sums.get(want, 0))
    return found


def winner(labels, rows):
    """The label with the largest sum over the rows of weights, the first at a tie."""
    totals = [*map(sum, zip(*rows))]
    return labels[totals.index(max(totals))]


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
