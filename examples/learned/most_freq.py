"""most_freq: a program learned by pellucid (evolve, seed 0).

No errors on any of its data.
On train data: tokens 100.000%   sequences 100.000%.
On valid data: tokens 100.000%   sequences 100.000%.
On test data: tokens 100.000%   sequences 100.000%.
On longer inputs, 2N: tokens 100.000%   sequences 100.000%.
On longer inputs, 4N: tokens 100.000%   sequences 100.000%.
Verified: the trained model, program.json and this program: 58,436 sampled inputs
  agree: fewer than 0.060% of inputs differ (95 % confidence), and 1,962 longer ones
  up to 14 positions.
Input x: whole numbers.
Output y, at every position: 0, 1, 2, 3, 4, 5, "<s>".
Longest input: 7 positions in training; longer ones are taken.

Use: run([...]), or: python program.py 1 2 3, or: python program.py --jsonl"""

import json
import math
import sys

COLUMNS = {"x": {"whole": (None, None)}}
LONGEST = None


def run(sequence):
    """y at every position."""
    x = read(sequence)
    any_earlier_same_x = [q in x[:i] for i, q in enumerate(x)]
    same_x_count = [x.count(q) for q in x]
    larger_or_tied_count = [
        sum(
            (k > q or k == q and j < i) and not m
            for j, (k, m) in enumerate(zip(same_x_count, any_earlier_same_x))
        )
        for i, q in enumerate(same_x_count)
    ]
    return [
        next(
            (
                v
                for k, m, v in zip(larger_or_tied_count, any_earlier_same_x, x)
                if k == i and not m
            ),
            "<s>",
        )
        for i in range(len(x))
    ]


# Runtime, the same in every program.


def read(sequence, least=0, word=None):
    """The steps of a sequence; `ValueError` for a value it cannot hold, or too many.

    `word` reads the columns of words.
    """
    rows = sequence.tolist() if hasattr(sequence, "tolist") else sequence
    listed = isinstance(rows, (list, tuple))
    if not listed:
        raise ValueError(f"expected a sequence, got {sequence!r:.60}")
    if LONGEST is not None and len(rows) > LONGEST:
        raise ValueError(f"{len(rows)} positions are too many; at most {LONGEST}")
    if len(rows) < least:
        raise ValueError("an empty sequence has no last position")
    columns, steps = COLUMNS.values(), []
    for row in rows:
        row = row.tolist() if hasattr(row, "tolist") else row
        parts = row if isinstance(row, (list, tuple)) else [row]
        try:
            if len(parts) != len(columns):
                raise ValueError(f"expected {len(columns)} values, got {len(parts)}")
            values = []
            for part, column in zip(parts, columns):
                known = word if word and "lists" in column else taken
                values.append(known(part, **column))
        except ValueError as error:
            raise ValueError(f"position {len(steps) + 1}: {error}") from None
        steps.append(values[0] if len(columns) == 1 else values)
    return steps


def taken(value, values=(), whole=None, real=None, unknown=None):
    """The value as the program knows it: one of `values`, or a number between two ends.

    `unknown` stands for what is neither; without it that is a `ValueError`.
    """
    value = value.tolist() if hasattr(value, "tolist") else value
    found, plain = value, not isinstance(value, bool)
    if isinstance(value, str):
        if value in values:
            return value
        written = value.lstrip("-").isdecimal() and value == str(int(value[:20]))
        whole_only = real is None and not any(isinstance(v, str) for v in values)
        found = int(value) if written and whole_only else None
        plain = found is not None and abs(found) < 10**18
    if isinstance(found, (int, float)) and plain:
        low, high = real or whole or (1, 0)
        try:
            found = int(found) if real is None and found == int(found) else found
            found = found if real is None else float(found)
            inside = (low is None or low <= found) and (high is None or found <= high)
            right = isinstance(found, int) or (real and math.isfinite(found))
            if right and (found in values or inside):
                return found
        except (OverflowError, ValueError):
            pass
        if isinstance(value, int) and str(value) in values:
            return str(value)
    if unknown is not None:
        return unknown
    some = [*map(repr, sorted(values, key=lambda v: (isinstance(v, str), v)))]
    some[20:] = ["..."] if len(some) > 20 else []
    some += ["a whole number"] * (whole is not None) + ["a number"] * (real is not None)
    within = " or ".join(some[-2:] if len(some) < 3 else [", ".join(some)])
    raise ValueError(f"expected {within}, got {value!r:.60}")


def main(arguments):
    """Run on the arguments, or with `--jsonl` on standard input, a JSON text a line."""
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    place = ""
    try:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(__doc__)
        elif arguments != ["--jsonl"]:
            output = run(parsed(arguments[arguments[0] == "--" :]))
            rows = output if isinstance(output, list) else [output]
            print(*(",".join(map(str, r)) if isinstance(r, list) else r for r in rows))
        else:
            sys.stdin.reconfigure(encoding="utf-8")
            for number, line in enumerate(sys.stdin, 1):
                place = f"line {number}: "
                if line.strip():
                    try:
                        sequence = json.loads(line)
                    except (ValueError, RecursionError) as error:
                        raise ValueError(f"not JSON: {error}") from None
                    print(json.dumps(run(sequence)))
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None  # whoever was reading, as in `| head -1`, has enough
        return 1
    except (ArithmeticError, ValueError, RecursionError) as error:
        print(f"error: {place}{error}", file=sys.stderr)
        return 2
    return 0


def parsed(arguments):
    """The sequence that arguments stand for; the columns of a step have commas between.

    They are one text where the program reads words alone.
    """
    if len(COLUMNS) == 1 and "lists" in next(iter(COLUMNS.values())):
        return " ".join(arguments)
    steps = [a.split(",") if len(COLUMNS) > 1 else [a] for a in arguments]
    for step in steps:
        for place, (text, column) in enumerate(zip(step, COLUMNS.values())):
            if "lists" not in column and text not in column.get("values", ()):
                step[place] = number(text)
    return steps


def number(text):
    """The number that a text stands for; text that stands for none as it is."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
