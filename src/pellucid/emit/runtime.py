"""Functions that emitted programs use. `emit` pastes those a program needs; this file is the only copy.

Each stands alone: standard library only, no names from outside this file but the constants and `run`, which every
emitted program defines, and `split_words` and `form`, which are pasted with it. Lines of at most 88 columns.
"""
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
import math
import re
import sys
from types import SimpleNamespace

from pellucid.language.words import form, split_words

COLUMNS: dict = {}
LONGEST: int | None = None
PATTERN = NUMERAL = ""
LOWERCASE = FORMS = True
NUMBER: str | None = None
INDEXES: dict = {}  # of the word lists that have been used


def run(sequence):
    """Stands for the emitted program's own `run`."""
    raise NotImplementedError(sequence)


# ---------------------------------------------------------------- reading


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


def words_of(text):
    """The words of a raw text; anything else as it is."""
    if not isinstance(text, str):
        return text
    words = split_words(text, PATTERN, LOWERCASE, NUMBER, NUMERAL)
    if not words:
        raise ValueError(f"no word in the text {text!r:.60}")
    return words


def known_word(word, lists, unknown):
    """A word that is in one of the lists; for any other its class, or `unknown`."""
    word = word.tolist() if hasattr(word, "tolist") else word
    plain = isinstance(word, (str, int)) and not isinstance(word, bool)
    if not plain:
        raise ValueError(f"expected a word, got {word!r:.60}")
    word = str(word).lower() if LOWERCASE else str(word)
    word = NUMBER if NUMBER is not None and re.fullmatch(NUMERAL, word) else word
    known = index(lists)
    if word in known:
        return word
    kind = form(word) if FORMS else "unk"
    classes = [f"<{kind}>", f"<{kind.partition('-')[0]}>"]
    return next((name for name in classes if name in known), unknown)


def index(lists):
    """From each word of the lists to the name of its list; made when first needed."""
    if id(lists) not in INDEXES:
        found = {}
        for name, words in lists.items():
            listed = words.split() if isinstance(words, str) else words
            found.update(dict.fromkeys(listed, name))
        INDEXES[id(lists)] = found
    return INDEXES[id(lists)]


def kinds(lists, words, otherwise=None):
    """For each word, the name of the list that it is in."""
    found = index(lists)
    return [found.get(word, otherwise) for word in words]


# ---------------------------------------------------------------- attention


def nearest(here, pairs, default=None):
    """The value nearest to a position, the left of two as near; its own if alone."""
    left, found = None, default
    for place, value in pairs:
        if place > here:
            nearer = left is None or place - here < here - left
            return value if nearer else found
        if place < here:
            left = place
        if place < here or left is None:
            found = value
    return found


def closest(wanted, keys, values, default=None):
    """For each position, the value at the nearest one whose key is wanted there.

    At equal distance the left one; the position itself only if no other matches.
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
            found[i] = i if keys[i] == wanted[i] else None
        elif left is None or (right is not None and right - i < i - left):
            found[i] = right
        after[keys[i]] = i
    return [default if place is None else values[place] for place in found]


def some(function, values, default):
    """The function of the values, the default if there are none."""
    values = list(values)
    return function(values) if values else default


def picked(meaning, rows, here, query, default):
    """An aggregate by its meaning, of (position, value, key) rows."""
    rows = list(rows)
    if not rows:
        return default
    positions, values, keys = map(list, zip(*rows))
    told = {"values": values, "keys": keys, "positions": positions}
    found = meaning(SimpleNamespace(**told, here=here, query=query))
    return default if found is None else found


def winner(labels, rows):
    """The label with the largest sum over the rows of weights, the first at a tie."""
    totals = [*map(sum, zip(*rows))]
    return labels[totals.index(max(totals))]


# ---------------------------------------------------------------- the command line


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
