"""Functions that emitted numeric programs use. `emit` pastes those a program needs; this file is the only copy.

Each stands alone: standard library only, no names from outside this file but `COLUMNS`, `WHOLE` and `run`, which every
emitted program defines. Lines of at most 88 columns.
"""
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

from __future__ import annotations

import json
import math
import numbers
import sys

COLUMNS: tuple = ("x",)
WHOLE = False


def run(sequence):
    """Stands for the emitted program's own `run`."""
    raise NotImplementedError(sequence)


def read(sequence, least=0):
    """The steps of a sequence; `ValueError` for anything but the numbers wanted."""
    steps = []
    for step in sequence:
        row = step if isinstance(step, (list, tuple)) else [step]
        try:
            if len(row) != len(COLUMNS):
                raise ValueError(f"expected {len(COLUMNS)} numbers, got {len(row)}")
            values = [number(value, WHOLE) for value in row]
        except ValueError as error:
            raise ValueError(f"step {len(steps) + 1}: {error}") from None
        steps.append(values[0] if len(COLUMNS) == 1 else values)
    if len(steps) < least:
        raise ValueError("an empty sequence has no last step")
    return steps


def number(value, whole):
    """The value as an int, or a finite float; `ValueError` for anything else."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            if not whole and math.isfinite(value):
                return float(value)
            if whole and value == int(value):
                return int(value)
        except (OverflowError, ValueError):
            pass
    wanted = "a whole number" if whole else "a number"
    raise ValueError(f"expected {wanted}, got {value!r:.40}")


def divide(a, b):
    """a / b; a whole number where both are and it divides, 0 where b is 0."""
    if b == 0:
        return 0
    if isinstance(a, int) and isinstance(b, int) and a % b == 0:
        return a // b
    return a / b


def main(arguments):
    """Run on the arguments, or with `--jsonl` on standard input, a JSON list a line."""
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    place = ""
    try:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(__doc__)
        elif arguments != ["--jsonl"]:
            steps = arguments[1:] if arguments[0] == "--" else arguments
            output = run([[parsed(text) for text in step.split(",")] for step in steps])
            rows = output if isinstance(output, list) else [output]
            print(*(",".join(map(str, r)) if isinstance(r, list) else r for r in rows))
        else:
            sys.stdin.reconfigure(encoding="utf-8")
            for count, line in enumerate(sys.stdin, 1):
                place = f"line {count}: "
                if line.strip():
                    sequence = json.loads(line)
                    if not isinstance(sequence, list):
                        given = line.strip()[:40]
                        raise ValueError(f"expected a JSON list, got {given!r}")
                    print(json.dumps(run(sequence)))
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None  # whoever was reading, as in `| head -1`, has enough
        return 1
    except (ArithmeticError, ValueError, RecursionError) as error:
        print(f"error: {place}{error}", file=sys.stderr)
        return 2
    return 0


def parsed(text):
    """The number a text stands for; text that stands for none as it is."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
