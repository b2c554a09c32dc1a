"""The gradient learner of texts, on tiny data."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

from pellucid import folder
from pellucid.data import Dataset, Splits
from pellucid.data.texts import TextSplits
from pellucid.errors import PellucidError
from pellucid.language.words import AS_WRITTEN
from pellucid.learners.transformer.choices import NoiseTape
from pellucid.learners.transformer.standard.model import fit_standard, load_standard
from pellucid.learners.transformer.words.batches import LONGEST, Draws, buckets_of
from pellucid.learners.transformer.words.config import TextConfig
from pellucid.learners.transformer.words.fit import configurations, fit_text_programs
from pellucid.learners.transformer.words.harden import harden, soft_weights
from pellucid.learners.transformer.words.names import named
from pellucid.learners.transformer.words.readout import fit_readout, matrix
from pellucid.learners.transformer.words.relaxed import forward, init_params, nearest
from pellucid.program.interpret import predict
from pellucid.program.scores import entity_scores, entity_tags
from pellucid.text.corpus import Corpus
from pellucid.text.decode import decode
from pellucid.text.judge import Judge
from pellucid.text.model import Counted, Kinds, Nearest, Pairs, Shifted, TextModel
from pellucid.text.problem import TextProblem, resolve_texts

GOOD, BAD = ("good", "fine", "great"), ("bad", "poor", "awful")
NAMES = ("Anna", "Bert", "Carl")
SMALL = {"layers": 1, "heads_cat": 2, "mlps_cat": 1, "k": 6, "hidden": 8, "queries": True}
QUICK = {"seed": 0, "seeds": 1, "steps": 160}


def quiet(*_):
    """No progress."""


def opinions(count: int, seed: int) -> Dataset:
    """Texts that are good or bad by one word; "not" before it turns it round."""
    rng = np.random.default_rng(seed)
    inputs, outputs = [], []
    for _ in range(count):
        good, turned = rng.random(2) < (0.7, 0.3)
        word = str(rng.choice(GOOD if good else BAD))
        filler = rng.choice(["a", "film", "is", "this"], int(rng.integers(1, 20))).tolist()
        inputs.append((*filler, *(["not"] if turned else ["very"]), word))
        outputs.append("pos" if good != turned else "neg")
    return Dataset.of(inputs, outputs, kind="classification")


def people(count: int, seed: int) -> Dataset:
    """A word after "Mr" is a person, and so is a known name."""
    rng = np.random.default_rng(seed)
    inputs = [tuple(rng.choice(["the", "Mr", "saw", *NAMES], int(rng.integers(2, 9))).tolist()) for _ in range(count)]
    outputs = [tuple("B-PER" if word in NAMES else "O" for word in row) for row in inputs]
    return Dataset.of(inputs, outputs, kind="tagging")


def entity_f1(outputs: list, data: Dataset) -> float:
    return entity_scores(*entity_tags(outputs, data))["all"].f1


def problem(make=opinions, **pairs: object) -> TextProblem:
    """A problem of tiny data with small sizes."""
    splits = Splits(make(200, 1), make(60, 2), make(60, 3))
    return resolve_texts(
        TextSplits(splits, AS_WRITTEN), {k: str(v) for k, v in (SMALL | {"group": 1} | pairs).items()}, 0
    )


@pytest.fixture(scope="module")
def learnt():
    """A program learnt from opinions."""
    posed = problem()
    return posed, fit_text_programs(posed, QUICK, quiet)


def test_nearest_takes_the_closest_earlier_or_later_match():
    match = jnp.asarray(np.tile([1.0, 0.0, 1.0, 0.0], (2, 1, 4, 1)), jnp.float32)
    weight, rest = nearest(match, jnp.ones((1, 4)), np.array([True, False]))
    assert np.asarray(weight).argmax(-1)[0, 0].tolist()[1:] == [0, 0, 2]
    assert np.asarray(weight).argmax(-1)[1, 0].tolist()[:2] == [2, 2]
    np.testing.assert_allclose(np.asarray(rest)[:, 0], [[1, 0, 0, 0], [0, 0, 1, 1]], atol=1e-4)


def test_padding_matches_nothing():
    match = jnp.ones((1, 1, 3, 3))
    _, rest = nearest(match, jnp.asarray([[1.0, 0.0, 0.0]]), np.array([False]))
    np.testing.assert_allclose(np.asarray(rest)[0, 0, 0], 1.0)


@pytest.mark.parametrize("queries", [False, True])
@pytest.mark.parametrize("structured", [0.0, 8.0])
def test_a_hardened_model_computes_what_the_relaxed_one_does_at_low_temperature(structured, queries):
    config = TextConfig(9, 3, "tagging", k=4, hidden=8, heads_num=2, dropout=0.0, queries=queries)
    rng = np.random.default_rng(5)
    params = init_params(rng, config, structured, 8 * rng.standard_normal((2, 4, 9)), np.full(9, 50))
    words = tuple(f"w{i}" for i in range(9))
    model = harden(params, config, words, ("x", "y", "z"))
    rows = [rng.integers(0, 9, size).tolist() for size in (5, 7, 2)]
    tokens = np.full((3, 7), -1)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = row
    params["readout"]["num"] += 0.1
    scores = forward(params, jnp.asarray(tokens), jnp.ones((3, config.n_cat(2))), 1e-4, NoiseTape(None), config)
    corpus = Corpus(np.concatenate(rows), np.cumsum([0, *map(len, rows)]))
    hard = matrix(model, corpus) @ soft_weights(model, params, config)
    soft = np.concatenate([np.asarray(scores)[:, i, : len(row)].T for i, row in enumerate(rows)])
    np.testing.assert_allclose(hard, soft, atol=0.02)


@pytest.mark.parametrize("queries", [False, True])
def test_a_hardened_model_is_a_program_that_computes_the_same(queries):
    posed = problem(layers=2)
    vocab, rng = posed.vocab, np.random.default_rng(7)
    config = TextConfig(len(vocab.tokens), 2, "classification", k=4, hidden=8, queries=queries)
    start, counts = 8 * rng.standard_normal((2, 4, config.n_words)), np.full(config.n_words, 50)
    params = init_params(rng, config, 8.0, start, counts)
    train = Judge.of(posed, posed.splits.train)
    model = named(harden(params, config, vocab.tokens, vocab.labels, train.corpus), train)
    shifts = [v for v in model.variables if isinstance(v, Shifted)]
    assert any(isinstance(model.variables[v.value - 1], Shifted) for v in shifts) or not queries
    assert shifts
    assert queries or all(v.query is None for v in model.variables if isinstance(v, Nearest))
    model, _ = fit_readout(model, train, train)
    program = decode(model, vocab)
    assert predict(program, posed.splits.test.inputs) == model.predict(posed.splits.test.inputs)


def test_tables_of_pairs_that_occur_compute_the_same_on_these_texts():
    config = TextConfig(9, 2, "classification", k=4, hidden=8, heads_cat=2)
    rng = np.random.default_rng(6)
    params = init_params(rng, config, 2.0, 8 * rng.standard_normal((2, 4, 9)), np.full(9, 50))
    words = tuple(f"w{i}" for i in range(9))
    corpus = Corpus(rng.integers(0, 9, 40), np.array([0, 15, 40]))
    full, short = (harden(params, config, words, ("x", "y"), texts) for texts in (None, corpus))
    for a, b, variable in zip(full.values(corpus), short.values(corpus), (None, *full.variables), strict=True):
        same = len({*zip(a.tolist(), b.tolist(), strict=True)})
        assert same == len({*a.tolist()}) == len({*b.tolist()})  # equal but for the numbers of cases
        assert isinstance(variable, Pairs | Shifted | Nearest) or (a == b).all()


def test_a_program_is_learnt_with_named_kinds(learnt):
    posed, fitted = learnt
    judged = Judge.of(posed, posed.splits.test)
    assert judged.figure(fitted.model) > 0.8
    assert set(fitted.seconds) == {"compile", "train"}
    assert fitted.history["seeds"]["0"]["step"][-1] == 160
    kinds = [v for v in fitted.model.variables if isinstance(v, Kinds)]
    assert len(kinds) == 2
    for kind in kinds:
        assert len({*kind.names}) == len(kind.names)
        assert all(str(name).replace("_", "a").isalnum() for name in kind.names)
    assert fitted.model.predict(posed.splits.test.inputs[:2]) == [
        fitted.model.labels[i] for i in fitted.model.scores(judged.corpus)[:2].argmax(1)
    ]


def test_the_same_seed_gives_the_same_program(learnt):
    posed, fitted = learnt
    again = fit_text_programs(posed, QUICK, quiet).model
    assert again.weights.keys() == fitted.model.weights.keys()
    for number, weight in again.weights.items():
        assert (weight == fitted.model.weights[number]).all()


def test_entities_are_tagged_and_counts_may_be_read():
    posed = problem(people, heads_num=1)
    assert posed.entities
    fitted = fit_text_programs(posed, QUICK, quiet)
    assert entity_f1(fitted.model.predict(posed.splits.test.inputs), posed.splits.test) > 0.9
    assert any(isinstance(v, Counted) for v in fitted.model.variables)


def test_an_interrupt_keeps_what_has_been_trained():
    def stop(stage: str, share: float, message: str) -> None:
        if "loss" in message:
            raise KeyboardInterrupt

    fitted = fit_text_programs(problem(), QUICK | {"steps": 2000}, stop)
    assert fitted.summary["stopped"] == "interrupted"


def test_draws_are_a_function_of_seed_and_step():
    posed = problem()
    buckets = buckets_of(posed.splits.train, posed.vocab, 16)
    assert {b.tokens.shape[1] for b in buckets} == {16, 32}
    unknown = np.full(len(posed.vocab.tokens), posed.vocab.tokens.index("<unk>"))
    draws = Draws(buckets, unknown, 3, 0, 0.5, 0.5)
    (a, _, keep), _ = draws(20)
    (b, _, again), _ = draws(20)
    assert (a == b).all()
    assert (keep == again).all()
    assert 0.3 < (a[a >= 0] == unknown[0]).mean() < 0.7


def test_long_texts_are_cut_for_training():
    posed = problem()
    long = Dataset.of([("a",) * 200], ["pos"], kind="classification")
    assert buckets_of(long, posed.vocab, 16)[0].tokens.shape == (1, LONGEST)


def test_settings_that_make_no_sense_are_refused():
    for pairs in ({"mlp": 2}, {"k": 0}, {"dropout": 1.5}):
        with pytest.raises(PellucidError, match="--set"):
            configurations(problem(**pairs), {})


def test_the_readout_is_whole_numbers():
    words, labels = ("a", "b"), ("x", "y")
    kinds = Kinds("word_1", np.array([0, 1]), ("k0", "k1"))
    model = TextModel(words, labels, True, (kinds,), {}, np.zeros(2, np.int64))
    data = Dataset.of([("a", "a"), ("b",), ("a", "b", "b")] * 5, ["x", "y", "y"] * 5, kind="classification")
    judged = Judge.by(data, words, labels)
    fitted, _ = fit_readout(model, judged, judged)
    assert fitted.weights[1].dtype.kind == "i"
    assert fitted.predict(data.inputs) == list(data.outputs)


def test_the_standard_transformer_learns_is_stored_and_loaded(tmp_path):
    posed = resolve_texts(
        TextSplits(Splits(people(200, 1), people(60, 2), people(60, 3)), AS_WRITTEN),
        {"layers": "1", "hidden": "16", "heads": "2", "dropout": "0.1"},
        0,
    )
    fitted = fit_standard(posed, {"seed": 0, "steps": 100}, quiet)
    test = posed.splits.test
    outputs = fitted.model.predict(test.inputs)
    assert entity_f1(outputs, test) > 0.9
    assert fitted.model.predict([test.inputs[0] * 30])[0][:2] == outputs[0][:2] or len(test.inputs[0]) == 2
    files = fitted.files()
    for name, text in files.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    described = json.loads(files[folder.MODEL])
    assert load_standard(tmp_path, described, posed.vocab).predict(test.inputs) == outputs
