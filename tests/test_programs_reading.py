"""A hardened Transformer Program with markers, and the program of the language read off it, say the same."""

import itertools

import numpy as np
import pytest

from pellucid.language.nodes import Column, Output
from pellucid.language.program import Program
from pellucid.language.types import symbol
from pellucid.learners.transformer.marked import Marked
from pellucid.learners.transformer.programs.hardened import Hardened, Module, predict
from pellucid.learners.transformer.programs.reading import OUTPUT, extract
from pellucid.semantics.reference import run

TOKENS, LABELS, LONGEST = ("a", "b", "c"), ("x", "y", "z"), 4


def drawn(seed: int) -> tuple[Hardened, Marked]:
    """A random model of two layers, with and without an end marker, looking back only or not, tagging or pooled."""
    rng = np.random.default_rng(seed)
    end, causal, clustered = (bool(rng.integers(2)) for _ in range(3))
    kind = ("tagging", "classification")[int(rng.integers(2))]
    marked = Marked("x", TOKENS, LABELS, kind, LONGEST, end, causal)
    k = max(marked.width, marked.n_symbols)
    embedding = rng.integers(0, k, (2, marked.n_symbols)) if clustered else np.arange(marked.n_symbols)[None]
    layers, heads, sums = 2, 2, 2
    n_cat = len(embedding) + 1 + layers * (heads + 2)
    cat, num, modules = list(range(len(embedding) + 1)), [n_cat], []

    def add(kind: str, layer: int, out: int, reads: list[int], table: np.ndarray) -> None:
        modules.append(Module(kind, layer, out, tuple(int(r) for r in reads), table))  # pyright: ignore[reportArgumentType]

    for layer in range(layers):
        known, counted = list(cat), list(num)
        for _ in range(heads):
            add("cat", layer, len(cat), list(rng.choice(known, 3)), rng.random((k, k)) < rng.choice([0.15, 0.4]))
            cat.append(len(cat))
        for _ in range(sums):
            reads = [*rng.choice(known, 2), rng.choice(counted)]
            add("num", layer, n_cat + len(num), reads, rng.random((k, k)) < rng.choice([0.15, 0.4]))
            num.append(n_cat + len(num))
        for kind_of, read, side in (("cat_mlp", list(cat), k), ("num_mlp", list(num), 5)):
            add(kind_of, layer, len(cat), list(rng.choice(read, 2)), rng.integers(0, k, (side, side)))
            cat.append(len(cat))
    readout = [rng.integers(-5, 6, (k, 3)) for _ in cat] + [rng.integers(-2, 3, 3) for _ in num]
    bias = rng.integers(-2, 3, 3)
    return Hardened(k, kind, causal, 3, n_cat, embedding, tuple(modules), tuple(readout), bias), marked


def program_of(hardened: Hardened, marked: Marked) -> Program:
    column, output = Column("x", symbol(TOKENS)), Output("y", OUTPUT, LABELS)
    when = "every" if marked.kind == "tagging" else "last"
    return Program((column,), extract(hardened, marked), (output,), when, LONGEST).pruned()


@pytest.mark.parametrize("seed", range(24))
def test_model_equals_program(seed: int) -> None:
    hardened, marked = drawn(seed)
    program = program_of(hardened, marked)
    every = [x for n in range(1, LONGEST + 1) for x in itertools.product(TOKENS, repeat=n)][seed % 3 :: 3]
    codes = predict(hardened, marked.inputs(every))
    assert marked.outputs(codes, [len(x) for x in every]) == [run(program, x) for x in every]


def test_a_changed_table_is_seen() -> None:
    hardened, marked = drawn(3)
    before = program_of(hardened, marked)
    bias = hardened.bias + np.array([9, 0, 0])
    changed = Hardened(**{**vars(hardened), "bias": bias})
    inputs = list(itertools.product(TOKENS, repeat=3))
    codes = predict(changed, marked.inputs(inputs))
    assert marked.outputs(codes, [3] * len(inputs)) != [run(before, x) for x in inputs]
