"""The emitted text gives what the program means, on every kind of program, and is as formatters want it."""

import math
import random
import subprocess
import sys

import pytest

from emit_samples import NUMBERS, SAMPLES, C, Let, V, before, op, program
from pellucid.emit.emit import emit
from pellucid.errors import PellucidError
from pellucid.semantics.reference import run


def loaded(source):
    """The names that a text defines."""
    space = {"__name__": "emitted", "__doc__": None}
    exec(compile(source, "program.py", "exec"), space)
    return space


def same(meant, told):
    """Whether two outputs are one: of the same types, too; "not a number" equals itself."""
    if isinstance(meant, list):
        return isinstance(told, list) and len(meant) == len(told) and all(map(same, meant, told))
    if isinstance(meant, float) and isinstance(told, float) and math.isnan(meant):
        return math.isnan(told)
    return type(meant) is type(told) and meant == told


def outcome(function, sequence):
    try:
        return function(sequence)
    except ValueError:  # a PellucidError is one
        return "refused"


def drawn(made, rng):
    """An input in the user's form."""
    steps = []
    for _ in range(rng.randrange(9)):
        row = [value(column, rng) for column in made.inputs]
        steps.append(row if len(row) > 1 else row[0])
    return steps


def value(column, rng):
    if column.words is not None:
        return rng.choice([*column.type.texts, "Zebra", "running", "12", "Who"])
    if column.type.values is not None:
        return rng.choice(column.type.values)
    n = column.type.numbers
    numbers = [0, 1, 1, 2, 3, -1, 7, 10**20] if n.whole else [0.0, 1.0, 0.5, -2.25, 3, 0.1, 0.7, 1e-9]
    return rng.choice([*column.type.texts, *(v for v in numbers if n.low <= v <= n.high)])


def compare(made, source, seed=0, count=20):
    told, rng = loaded(source)["run"], random.Random(seed)
    for sequence in [[], *(drawn(made, rng) for _ in range(count))]:
        meant = outcome(lambda s: run(made, s), sequence)
        assert same(meant, outcome(told, sequence)), sequence


@pytest.mark.parametrize("name", SAMPLES)
def test_the_text_gives_what_the_program_means(name):
    compare(SAMPLES[name], emit(SAMPLES[name]), count=100)


def ruff(folder):
    for command in (["format", "--check", "--diff"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", str(folder)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[:3000]


def test_texts_are_formatted_and_clean(tmp_path):
    for name, sample in SAMPLES.items():
        source = emit(sample, "Certificate.")
        assert all(len(line) <= 88 for line in source.splitlines())
        (tmp_path / f"{name}.py").write_text(source)
    ruff(tmp_path)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (op("+", V("x"), V("past")), "y += x"),
        (op("+", V("past"), op("*", C(2), V("x"))), "y += 2 * x"),
        (op("-", V("past"), V("x")), "y -= x"),
        (op("-", V("x"), V("past")), "y = x - y"),
    ],
)
def test_a_sum_with_what_it_was_before_is_added_to(given, written):
    made = program(NUMBERS, ("past", before("y")), ("y", Let(given)))
    source = emit(made)
    assert written in map(str.strip, source.splitlines())
    compare(made, source)


def test_nothing_is_told_by_what_it_is():
    made = program(NUMBERS, ("past", before("x", default=None)), ("y", Let(op("==", V("past"), C(None)))))
    source = emit(made)
    assert " is None" in source
    assert "== None" not in source
    compare(made, source)


@pytest.mark.parametrize("name", ["for", "outputs", "read", "Big", "list", "math", "i", "most_frequent"])
def test_names_that_cannot_stand_in_the_text(name):
    with pytest.raises(PellucidError, match="cannot have a variable of that name"):
        emit(program(NUMBERS, (name, Let(V("x")))))
