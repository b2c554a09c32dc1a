"""Random hard models, and programs run as a user would run them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from pellucid.data.vocab import Vocab
from pellucid.learners.transformer.programs.extract import extract
from pellucid.learners.transformer.programs.hardened import Hardened, Module
from pellucid.program.emit import emit
from pellucid.program.ir import Assign, Program


def program(vocab, *pairs, markers=True, unbounded=False):
    """A program from (name, node) pairs; the last one is the output."""
    return Program(vocab, tuple(Assign(name, node) for name, node in pairs), pairs[-1][0], markers, unbounded)


def plain(vocab, *pairs, unbounded=False):
    """A program without markers."""
    return program(vocab, *pairs, markers=False, unbounded=unbounded)


def random_hardened(rng, vocab, *, layers=2, heads=2, k=None, one_hot=True, clusters=0, repeat=False):
    """A random hard model; `clusters` learnt embeddings beside or instead of one-hot tokens, MLPs that read twice."""
    size = len(vocab.symbols)
    k = k or max(size, vocab.width)
    embedding = [np.arange(size)] * (one_hot or not clusters) + [rng.integers(0, k, size) for _ in range(clusters)]
    cat, num, built = len(embedding) + 1, 1, []
    n_cat = cat + layers * (heads + 2)  # numerical variables come after all categorical ones
    for depth in range(layers):
        reach = min(int(rng.integers(2, 20)), vocab.width ** (depth + 1) + 1)
        # One key value per query value as in the paper, now and then any pattern.
        pattern = np.eye(k, dtype=bool)[rng.integers(0, k, (heads, k))] ^ (
            rng.random((heads, k, k)) < 0.2 * (depth % 2)
        )
        late, later = cat + heads, num + heads
        reads = rng.integers(0, late, (1, 1)).repeat(2, 1) if repeat else rng.integers(0, late, (1, 2))
        gates = np.stack([rng.integers(0, cat, heads) for _ in range(3)], 1)
        counted = np.stack([*(rng.integers(0, cat, heads) for _ in range(2)), n_cat + rng.integers(0, num, heads)], 1)
        matches = np.eye(k, dtype=bool)[rng.integers(0, k, (heads, k))]
        table = rng.integers(0, k, (1, k, k))[0]
        numbers = rng.integers(0, later, (1, 1)).repeat(2, 1) if repeat else rng.integers(0, later, (1, 2))
        rule = rng.integers(0, k, (1, reach, reach))[0]
        made = [("cat", cat + i, row, pattern[i]) for i, row in enumerate(gates)]
        made += [("num", n_cat + num + i, row, matches[i]) for i, row in enumerate(counted)]
        made += [("cat_mlp", late, reads[0], table), ("num_mlp", late + 1, n_cat + numbers[0], rule)]
        built += [Module(kind, depth, out, tuple(read.tolist()), content) for kind, out, read, content in made]
        cat, num = late + 2, later
    classes = len(vocab.labels)
    sparse = rng.random((cat, 1, 1)) < rng.choice([0.3, 1.0])
    weights = rng.integers(-50, 50, (cat, k, classes)) * sparse
    scaled = rng.integers(-5, 5, (num, classes)) * (rng.random((num, 1)) < 0.4)
    return Hardened(
        k=k,
        kind=vocab.kind,
        causal=vocab.causal,
        n_tokens=len(vocab.tokens),
        n_cat=n_cat,
        embedding=np.array(embedding),
        modules=tuple(built),
        readout=(*weights, *scaled),
        bias=rng.integers(-9, 9, classes),
    )


def random_program(seed):
    """(hard model, program), every second one causal, for classification, ... as the seed says."""
    rng = np.random.default_rng(seed)
    kind = ("tagging", "classification")[seed // 2 % 2]
    tokens = [(0, 1, 2), (-1, 5, "b"), ("x", "y", "zz")][seed % 3]
    markers = ("begin", "both")[seed // 4 % 2]
    vocab = Vocab.of(tokens, ("p", "q", 7), kind, int(rng.integers(1, 5)), bool(seed % 2), markers)
    hard = random_hardened(
        rng,
        vocab,
        layers=int(rng.integers(1, 3)),
        one_hot=seed // 8 % 2 == 0,
        clusters=seed // 8 % 3,
        repeat=seed // 16 % 2,
    )
    return hard, extract(hard, vocab)


def run_lines(source, lines, folder=None, arguments=("--jsonl",)):
    """Outcome of `python -I -S program.py` with these lines on standard input."""
    path = Path(folder, "program.py")
    path.write_text(source, encoding="utf-8")
    text = "".join(line + "\n" for line in lines)
    return subprocess.run(
        [sys.executable, "-I", "-S", str(path), *arguments],
        input=text.encode(),
        capture_output=True,
        cwd=folder,
        timeout=60,
    )


def text_outputs(program, inputs, folder):
    """Outputs of the emitted text in a process of its own."""
    done = run_lines(emit(program, "certificate"), [json.dumps(list(s)) for s in inputs], folder)
    assert done.returncode == 0
    assert not done.stderr, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def loaded(source):
    """Namespace of an emitted program, imported rather than run."""
    space = {"__name__": "emitted"}
    exec(compile(source, "program.py", "exec"), space)
    return space
