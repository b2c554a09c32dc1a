"""Emitted texts of random programs of the whole language: outputs as the reference has them, form, old Pythons."""

import ast
import random
import subprocess
import sys

import pytest

from language_random import parts_of, random_program
from pellucid.emit.emit import emit
from pellucid.emit.writer import usable
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.nodes import Assign, renamed
from pellucid.language.operators import OPERATORS
from pellucid.language.program import Program
from pellucid.semantics.reference import run
from test_emit import drawn, loaded, outcome, same

BLOCKS, SIZE = 4, 30


def named(program):
    """The program with names that can stand in a text."""
    names = {a.name: a.name if usable(a.name) else f"{a.name}_" for a in program}
    assigns = tuple(Assign(names[a.name], renamed(a.node, names)) for a in program)
    outputs = tuple(type(o)(o.name, names[o.variable], o.labels) for o in program.outputs)
    return Program(program.inputs, assigns, outputs, program.when, program.longest, program.empty)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_programs(block, tmp_path):
    for seed in range(block * SIZE, (block + 1) * SIZE):
        made = named(random_program(seed))
        source, rng = emit(made, "certificate"), random.Random(seed)
        ast.parse(source, feature_version=(3, 9))
        (tmp_path / f"p{seed}.py").write_text(source)
        told = loaded(source)["run"]
        for sequence in [[], *(drawn(made, rng) for _ in range(8))]:
            meant = outcome(lambda s, made=made: run(made, s), sequence)
            assert same(meant, outcome(told, sequence)), (seed, sequence)
    command = [sys.executable, "-m", "ruff", "format", "--check", "--isolated", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_the_random_programs_hold_every_part():
    found = set().union(*(parts_of(random_program(seed)) for seed in range(BLOCKS * SIZE)))
    assert found >= {
        *AGGREGATES,
        *OPERATORS,
        "Table",
        "Cases",
        "Delay",
        "Vote",
        "state",
        "pooled",
        "scaled",
        "words",
        "ties",
    }
