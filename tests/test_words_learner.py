"""The gradient learner of words, on small made data."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from made_texts import questions, sentences
from pellucid.data.data import Data
from pellucid.data.split import Splits
from pellucid.emit.emit import emit
from pellucid.errors import PellucidError
from pellucid.language.words import AS_WRITTEN, UNKNOWN, Words
from pellucid.learners.base import Found, Run
from pellucid.learners.columns import program_of
from pellucid.learners.evidence.decode import OUTPUT, EvidenceFiles, decode
from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import Corpus, Counted, EvidenceModel, Kinds, Nearest, Pairs, Shifted
from pellucid.learners.portfolio import TRANSFORMERS
from pellucid.learners.transformer.config import ProgramsConfig
from pellucid.learners.transformer.layers import NoiseTape
from pellucid.learners.transformer.learners import USUAL_WORDS, words_sizes
from pellucid.learners.transformer.learners import Words as Learner
from pellucid.learners.transformer.marked import Kind
from pellucid.learners.transformer.programs.relaxed import forward, init_params, nearest
from pellucid.learners.transformer.words.batches import LONGEST, Draws, buckets_of, unknown_codes
from pellucid.learners.transformer.words.harden import harden, named, soft_weights
from pellucid.learners.transformer.words.readout import fit_readout, matrix, refine
from pellucid.learners.transformer.words.starts import read_vectors, starts_of
from pellucid.problem import Problem
from pellucid.resolve import resolve
from pellucid.semantics import reference
from pellucid.semantics.scores import figures
from pellucid.verify import verify

LEARNER = Learner()
SMALL = {"layers": 1, "heads_cat": 2, "mlps_cat": 1, "k": 6, "hidden": 8, "queries": True, "group": 1}
GOOD, BAD = ("good", "fine", "great"), ("bad", "poor", "awful")
STRANGE = ["Zzz unheard OF 17 ?", ["Jackson", "-3", "xs"], ["<unk>"], "who"]


def opinions(count: int = 260, seed: int = 1) -> Data:
    """Texts that are good or bad by one word; "not" before it turns it round."""
    rng = np.random.default_rng(seed)
    inputs, outputs = [], []
    for _ in range(count):
        good, turned = rng.random(2) < (0.7, 0.3)
        filler = rng.choice(["a", "film", "is", "this"], int(rng.integers(1, 20))).tolist()
        inputs.append([*filler, "not" if turned else "very", str(rng.choice(GOOD if good else BAD))])
        outputs.append("pos" if good != turned else "neg")
    return Data.of(inputs, outputs, words=AS_WRITTEN, when="sequence")


def problem(data: Data | Splits | None = None, **settings: object) -> Problem:
    """A problem of small data with small sizes."""
    return resolve(opinions() if data is None else data, settings=SMALL | settings)


def learned(posed: Problem, steps: int = 160, **run: object) -> tuple[Found, Run]:
    """What a short training finds."""
    made = Run(seeds=1, steps=steps, **run)  # pyright: ignore[reportArgumentType]
    return next(filter(None, LEARNER.learn(posed, made))), made


def judged(posed: Problem, data: Data) -> Judge:
    return Judge.of(posed, posed.schema.inputs, data)


def files(found: Found) -> EvidenceFiles:
    assert isinstance(found.model, EvidenceFiles)
    return found.model


def accuracy(found: Found, data: Data) -> float:
    return figures(files(found).predict(data.sequences), data.outputs, data.schema.when)["token"]


def words_of(posed: Problem) -> tuple:
    return posed.schema.inputs[0].values or ()


def config_of(words: int, classes: int, kind: Kind, **sizes: Any) -> ProgramsConfig:
    """Sizes of a model over words."""
    given = {"mlps_num": 0, "free_counts": True, "words": True, **USUAL_WORDS, **sizes}
    return ProgramsConfig(words, words, classes, LONGEST, kind, **given)


def drawn(config: ProgramsConfig, structured: float, seed: int) -> dict:
    """Random parameters."""
    rng = np.random.default_rng(seed)
    start, counts = 8 * rng.standard_normal((config.variables, config.k, config.n_tokens)), np.full(config.n_tokens, 50)
    return init_params(rng, config, structured, start, counts)


@pytest.fixture(scope="module")
def posed() -> Problem:
    return problem()


@pytest.fixture(scope="module")
def learnt(posed: Problem) -> tuple[Found, Run]:
    return learned(posed)


# ---------------------------------------------------------------- relaxed, hardened, read off


def test_nearest_takes_the_closest_earlier_or_later_match():
    match = jnp.asarray(np.tile([1.0, 0.0, 1.0, 0.0], (2, 1, 4, 1)), jnp.float32)
    weight, rest = nearest(match, jnp.ones((1, 4)), np.array([True, False]))
    assert np.asarray(weight).argmax(-1)[0, 0].tolist()[1:] == [0, 0, 2]
    assert np.asarray(weight).argmax(-1)[1, 0].tolist()[:2] == [2, 2]
    np.testing.assert_allclose(np.asarray(rest)[:, 0], [[1, 0, 0, 0], [0, 0, 1, 1]], atol=1e-4)


def test_padding_matches_nothing():
    _, rest = nearest(jnp.ones((1, 1, 3, 3)), jnp.asarray([[1.0, 0.0, 0.0]]), np.array([False]))
    np.testing.assert_allclose(np.asarray(rest)[0, 0, 0], 1.0)


@pytest.mark.parametrize("queries", [False, True])
@pytest.mark.parametrize("structured", [0.0, 8.0])
def test_a_hardened_model_computes_what_the_relaxed_one_does_at_low_temperature(structured, queries):
    config = config_of(9, 3, "tagging", k=4, hidden=8, heads_num=2, dropout=0.0, queries=queries)
    params, rng = drawn(config, structured, 5), np.random.default_rng(5)
    model = harden(params, config, tuple(f"w{i}" for i in range(9)), ("x", "y", "z"))
    rows = [rng.integers(0, 9, size).tolist() for size in (5, 7, 2)]
    tokens = np.full((3, 7), -1)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = row
    params["readout"]["num"] += 0.1
    keep = jnp.ones((3, config.n_cat(2)))
    scores = forward(params, jnp.asarray(tokens), 1e-4, NoiseTape(None), config, keep)
    corpus = Corpus((np.concatenate(rows),), np.cumsum([0, *map(len, rows)]))
    hard = matrix(model, corpus) @ soft_weights(model, params, config)
    soft = np.concatenate([np.asarray(scores)[:, i, : len(row)].T for i, row in enumerate(rows)])
    np.testing.assert_allclose(hard, soft, atol=0.02)


@pytest.mark.parametrize("queries", [False, True])
def test_a_hardened_model_is_a_program_that_computes_the_same(posed, queries):
    config = replace(words_sizes(posed), layers=2, heads_cat=4, heads_num=1, k=4, queries=queries)
    (column,), train = posed.schema.inputs, judged(posed, posed.train)
    hardened = harden(drawn(config, 8.0, 7), config, words_of(posed), ("neg", "pos"), train.corpus)
    model, _ = fit_readout(named(hardened, train), train, train)
    shifts = [v for v in model.variables if isinstance(v, Shifted)]
    assert shifts
    assert any(isinstance(v, Nearest) for v in model.variables)
    assert any(isinstance(v, Pairs) for v in model.variables)
    assert queries or all(v.query is None for v in model.variables if isinstance(v, Nearest))
    program = program_of(posed, decode(model, [column.name]), (OUTPUT,))
    inputs = [*posed.valid.sequences[:30], *STRANGE]
    assert EvidenceFiles(model, program, [column.name]).predict(inputs) == [reference.run(program, x) for x in inputs]


def test_tables_of_pairs_that_occur_compute_the_same_on_these_texts():
    config = config_of(9, 2, "classification", k=4, hidden=8, heads_cat=2)
    params = drawn(config, 2.0, 6)
    corpus = Corpus((np.random.default_rng(6).integers(0, 9, 40),), np.array([0, 15, 40]))
    words = tuple(f"w{i}" for i in range(9))
    full, short = (harden(params, config, words, ("x", "y"), texts) for texts in (None, corpus))
    for a, b, variable in zip(full.values(corpus), short.values(corpus), (None, *full.variables), strict=True):
        same = len({*zip(a.tolist(), b.tolist(), strict=True)})
        assert same == len({*a.tolist()}) == len({*b.tolist()})  # equal but for the numbers of cases
        assert isinstance(variable, Pairs | Shifted | Nearest) or (a == b).all()


# ---------------------------------------------------------------- learning


def test_a_program_is_learnt_with_named_kinds(posed, learnt):
    found, run = learnt
    assert accuracy(found, posed.splits.test) > 0.8
    assert run.history["seeds"]["0"]["step"][-1] == 160
    assert run.report["seeds_tried"] == 1
    kinds = [v for v in files(found).model.variables if isinstance(v, Kinds)]
    assert len(kinds) == 2
    for kind in kinds:
        assert len({*kind.names}) == len(kind.names)
        assert all(str(name).replace("_", "a").isalnum() for name in kind.names)


def test_model_program_and_text_say_the_same(posed, learnt):
    found, _ = learnt
    known = [*posed.splits.test.sequences, *STRANGE]
    verdict = verify(found.program, emit(found.program), files(found).predict, known=known, samples=300)
    assert verdict.faithful, str(verdict)
    assert verdict.checked > 300


def test_a_described_model_opens_again(posed, learnt):
    found, _ = learnt
    again = LEARNER.opened(*files(found).described(), found.program, "model.json")
    assert again.predict(posed.train.sequences) == files(found).predict(posed.train.sequences)
    with pytest.raises(PellucidError, match=r"model\.json: not the description"):
        LEARNER.opened({"labels": 3}, {}, found.program, "model.json")


def test_the_same_seed_gives_the_same_program(posed, learnt):
    assert learned(posed)[0].program == learnt[0].program


def test_raw_texts_are_split_by_the_program_itself():
    texts, labels = questions()
    made = problem(Data.of(texts, labels, words=Words(), when="sequence"))
    found, _ = learned(made)
    assert accuracy(found, made.splits.test) > 0.9
    assert reference.run(found.program, "Where does the KING live?") in {"HUM", "LOC", "NUM"}


def test_entities_are_tagged_and_counts_may_be_read():
    inputs, outputs = sentences()
    made = problem(Data.of(inputs, outputs, words=AS_WRITTEN, when="every"), heads_num=1, heads=1)
    assert made.entities
    found, _ = learned(made)
    assert accuracy(found, made.splits.test) > 0.9
    assert sum(isinstance(v, Counted) for v in files(found).model.variables) == 1
    verdict = verify(found.program, emit(found.program), files(found).predict, samples=200)
    assert verdict.faithful, str(verdict)


def test_an_interrupt_keeps_what_has_been_trained(posed):
    def stop(share: float, message: str) -> None:
        if "loss" in message:
            raise KeyboardInterrupt

    assert learned(posed, 2000, on_progress=stop)[1].report["stopped"] == "interrupted"


# ---------------------------------------------------------------- what it takes


def test_it_takes_words_and_nothing_else(posed):
    symbols = resolve(Data.of([["a"] * n for n in range(1, 21)], ["x", "y"] * 10))
    assert LEARNER.refuses(posed) is None
    assert LEARNER.refuses(symbols) == "an input that is not of words"
    assert LEARNER.name in [learner.name for learner in TRANSFORMERS]


def test_the_learner_is_imported_without_jax():
    code = "import sys; import pellucid.learners.portfolio; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("wrong", [{"k": 0}, {"dropout": 1.5}, {"word_dropout": 1}, {"lr": -1}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(PellucidError, match="--set"):
        learned(problem(**wrong), 1)


# ---------------------------------------------------------------- batches, starts, readout


def test_draws_are_a_function_of_seed_and_step(posed):
    (column,) = posed.schema.inputs
    buckets, unknown = buckets_of(judged(posed, posed.train), 16), unknown_codes(column)
    assert {b.tokens.shape[1] for b in buckets} == {16, 32}
    draws = Draws(buckets, np.zeros_like(unknown), 3, 0, 0.5, 0.5)
    (a, _, keep), _ = draws(20)
    (b, _, again), _ = draws(20)
    assert (a == b).all()
    assert (keep == again).all()
    assert 0.3 < (a[a >= 0] == 0).mean() < 0.7


def test_long_texts_are_cut_for_training():
    corpus = Corpus((np.arange(203) % 7,), np.array([0, 3, 203]))
    pooled = Judge(corpus, ("x", "y"), ("x", "y"), False)
    assert [b.tokens.shape for b in buckets_of(pooled, 16)] == [(1, 16), (1, LONGEST)]
    tagged = Judge(corpus, ("x", "y", None) + ("x",) * 200, ("x", "y"), False)
    short, long = buckets_of(tagged, 16)
    assert short.tokens[0].tolist() == [0, 1, 2] + [-1] * 13
    assert short.labels[0].tolist() == [0, 1, -1] + [-1] * 13
    assert long.labels.shape == (1, LONGEST)


def test_an_unknown_word_has_the_class_of_its_form_and_a_class_is_its_own():
    plain, formed = problem(forms=False), problem()
    assert {words_of(plain)[code] for code in unknown_codes(*plain.schema.inputs)} == {UNKNOWN}
    words, unknown = words_of(formed), unknown_codes(*formed.schema.inputs)
    assert [words[unknown[words.index(w)]] for w in (UNKNOWN, "<xxx>", "awful")] == [UNKNOWN, "<xxx>", "<xxx-ful>"]


def test_the_readout_is_whole_numbers():
    kinds = Kinds("word_1", np.array([0, 1]), ("k0", "k1"))
    model = EvidenceModel((("a", "b"),), ("x", "y"), True, (kinds,), {}, np.zeros(2, np.int64))
    texts, wanted = [("a", "a"), ("b",), ("a", "b", "b")] * 5, ("x", "y", "y") * 5
    judge = Judge(Corpus.of([texts], model.domains), wanted, model.labels, False)
    fitted, _ = fit_readout(model, judge, judge)
    assert fitted.weights[1].dtype.kind == "i"
    assert fitted.predict([texts]) == list(wanted)


def test_refining_moves_words_to_the_kind_that_explains_the_labels():
    kinds = Kinds("word_1", np.array([0, 1, 0]), ("k0", "k1"))
    model = EvidenceModel((("a", "b", "c"),), ("x", "y"), True, (kinds,), {}, np.zeros(2, np.int64))
    texts, wanted = [("a",)] * 20 + [("b",)] * 20 + [("c",)] * 8, ("x",) * 20 + ("y",) * 28
    judge = Judge(Corpus.of([texts], model.domains), wanted, model.labels, False)
    (better,) = refine(model, judge, 1.0, np.inf).variables
    assert isinstance(better, Kinds)
    assert better.codes.tolist() == [0, 1, 1]


def test_words_start_where_their_vectors_are():
    words = ("a", "b", "c", "d")
    texts, wanted = [words[i % 2 :] for i in range(20)], tuple("xy"[i % 2] for i in range(20))
    judge = Judge(Corpus.of([texts], (words,)), wanted, ("x", "y"), False)
    vectors = np.array([[9.0, 0.0], [9.0, 0.1], [0.0, 9.0], [0.1, 9.0]])
    logits = starts_of(judge, judge, 2, 2, np.zeros(4, np.int64), vectors).logits(np.random.default_rng(0), 2, 2)
    kinds = logits[1].argmax(0)
    assert kinds[0] == kinds[1] != kinds[2] == kinds[3]


def test_vectors_are_read_for_the_words_wanted(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("3 2\nthe 1 2\nrome 3 4\nother 5 6\n")
    rows = read_vectors(path, ("Rome", "the", "missing"))
    assert rows[:2].tolist() == [[3, 4], [1, 2]]
    assert np.isnan(rows[2]).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the 1 2\nrome 3\n", r"vectors.txt:2: 1 numbers after 'rome'; expected 2"),
        ("the 1 x\n", r"vectors.txt:1: not all of '1 x' are numbers"),
        ("the 1 nan\n", r"vectors.txt:1: a vector with a number that is not finite"),
        ("king 1 2\n", r"has a vector for none of the 1 words"),
    ],
)
def test_bad_vectors_are_named(tmp_path, content, message):
    path = tmp_path / "vectors.txt"
    path.write_text(content)
    with pytest.raises(PellucidError, match=message):
        read_vectors(path, ("the",))
    with pytest.raises(PellucidError, match="no such file"):
        read_vectors(tmp_path / "none", ("the",))
