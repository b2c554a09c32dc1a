"""A searched model and the IR program decoded from it compute the same, whatever the genes and the readout."""

import json

import numpy as np
import pytest

from pellucid.data import Dataset, Vocab
from pellucid.program.interpret import predict
from pellucid.program.ir import stretched
from pellucid.search.data import alphabet_of, bank_of, batch_of, numbers_of
from pellucid.search.decode import decode
from pellucid.search.engine import Base, Searcher
from pellucid.search.files import from_json, to_json
from pellucid.search.fitting import fit
from pellucid.search.learn import predictor
from pellucid.search.readouts import Chain, Copy, Switch, Table


def dataset(kind: str, tokens: list, labels: list, seed: int, count: int = 120) -> Dataset:
    rng = np.random.default_rng(seed)
    inputs = [[tokens[i] for i in rng.integers(0, len(tokens), rng.integers(1, 7))] for _ in range(count)]
    if kind == "classification":
        return Dataset.of(inputs, [labels[i] for i in rng.integers(0, len(labels), count)])
    return Dataset.of(inputs, [[labels[i] for i in rng.integers(0, len(labels), len(x))] for x in inputs])


CASES = {
    "numbers": ("tagging", [0, 1, 2, 5], [0, 1, 2, 3, "none"]),
    "words": ("tagging", ["a", "b", "nothing"], ["a", "b", "start"]),
    "mixed": ("tagging", [3, "x"], [3, "y", 7]),
    "classes": ("classification", ["a", "b", "c"], ["yes", "no"]),
}


def models(case: str, seed: int):
    """Random programs with every form of readout, fitted on random data."""
    kind, tokens, labels = CASES[case]
    data = dataset(kind, tokens, labels, seed)
    vocab = Vocab.from_dataset(data, causal=seed % 3 == 0)
    base = Base(length=not vocab.causal, value=numbers_of(vocab) is not None, previous=kind == "tagging")
    batch = batch_of(data, vocab)
    searcher = Searcher(batch, alphabet_of(vocab), bank_of(vocab), base, numbers_of(vocab), seed)
    genes = searcher.filled(())
    scored = searcher.score(genes)
    alive = [n for n, index in enumerate(searcher.columns.of(genes)) if index is not None]
    small = [n for n in alive if searcher.readouts.codes(searcher.columns.of(genes)[n]) is not None]
    rng = np.random.default_rng(seed)
    a, b, c, d = (int(rng.choice(small)) for _ in range(4))
    p = -1 if base.previous else c
    kinds = searcher.kinds_of(genes)
    copies = [Copy(n, "token" if kinds[n] == "token" else "number", 0 if kinds[n] == "token" else 2,
                   1 if kinds[n] == "token" else None) for n in alive]  # fmt: skip
    first = copies[int(rng.integers(len(copies)))]
    readouts = [scored.readout, Table((a,)), Table((a, p)), Chain((a, b), (c,)), Chain((a, p), (c, d)),
                Chain((a, b), (p, d)), Chain((p, a), (a, c)), *copies,
                Switch(a, ((0, first), (1, 1), (2, 0)))]  # fmt: skip
    if base.previous:
        readouts.append(Switch(-1, ((0, first), (1, 1), (2, 0))))
    for readout in readouts:
        if len(set(getattr(readout, "variables", (0,)))) == len(getattr(readout, "variables", (0,))):
            yield fit(searcher.with_readout(genes, readout), batch, searcher), vocab


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(12))
def test_model_equals_program(case: str, seed: int) -> None:
    kind, tokens, labels = CASES[case]
    fresh = dataset(kind, tokens, labels, seed + 1000, 60).inputs
    for model, vocab in models(case, seed):
        program = decode(model, vocab)
        known = [x for x in fresh if len(x) <= vocab.max_length and set(x) <= set(vocab.tokens)]
        assert predict(program, known) == predictor(model, vocab)(known), model.readout


@pytest.mark.parametrize("seed", range(6))
def test_model_equals_program_on_longer_inputs(seed: int) -> None:
    tokens = CASES["numbers"][1]
    rng = np.random.default_rng(seed)
    longer = [tuple(tokens[i] for i in rng.integers(0, len(tokens), 11)) for _ in range(40)]
    for model, vocab in models("numbers", seed):
        assert predict(stretched(decode(model, vocab), 11), longer_known(longer, vocab)) == predictor(model, vocab)(
            longer_known(longer, vocab)
        )


def longer_known(inputs: list, vocab: Vocab) -> list:
    return [x for x in inputs if set(x) <= set(vocab.tokens)]


@pytest.mark.parametrize("case", CASES)
def test_a_model_survives_its_json(case: str) -> None:
    for model, vocab in models(case, 3):
        config, arrays = to_json(model)
        again = from_json(json.loads(json.dumps(config)), arrays, "here")
        inputs = [(token,) for token in vocab.tokens]
        assert predictor(again, vocab)(inputs) == predictor(model, vocab)(inputs)
        assert again.genes == model.genes
