"""The standard Transformer: masks, padding, pooling, its training, and the folder that it is kept in."""

import json
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
from click.testing import CliRunner

from made_texts import questions, sentences
from pellucid import folder, learn, load
from pellucid.cli import main
from pellucid.data.data import Data
from pellucid.errors import PellucidError
from pellucid.language.words import AS_WRITTEN
from pellucid.learners.base import Run
from pellucid.learners.transformer import standard
from pellucid.learners.transformer.config import STANDARD, StandardConfig
from pellucid.learners.transformer.learners import train_standard
from pellucid.learners.transformer.programs.hardened import accuracy
from pellucid.learners.transformer.standard import (
    StandardModel,
    StandardTrainer,
    arrays_task,
    forward,
    predict_standard,
)
from pellucid.resolve import resolve

BEGIN = 4
SMALL = StandardConfig(5, 4, 4, 7, layers=1, heads=2, hidden=16, mlp=2)
POOLED = replace(SMALL, n_classes=2, kind="classification")
QUICK = replace(STANDARD, steps=400, batch=32, lr=5e-3, warmup=10, chunk=20)


def sequences(n: int, width: int = 7, seed: int = 0) -> np.ndarray:
    """Begin marker, then 1 to width - 1 tokens of 0..3, then padding."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, 4, (n, width)).astype(np.int32)
    tokens[:, 0] = BEGIN
    tokens[np.arange(width) > rng.integers(1, width, n)[:, None]] = -1
    return tokens


def first_token(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Tagging: each position is labelled with the first token of the sequence."""
    tokens = sequences(n, seed=seed)
    labels = np.where((tokens >= 0) & (tokens < BEGIN), tokens[:, 1:2], -1)
    return tokens, labels.astype(np.int32)


def has_zero(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Classification: is there a zero?"""
    tokens = sequences(n, seed=seed)
    return tokens, (tokens == 0).any(1).astype(np.int32)


def init_params(seed: int, config: StandardConfig) -> dict[str, np.ndarray]:
    return standard.init_params(np.random.default_rng(seed), config)


class Fitted(NamedTuple):
    found: dict[str, np.ndarray]
    report: dict[str, Any]
    history: dict[str, Any]


def fit_standard(train, valid, config, settings, **how) -> Fitted:
    run = Run(**how)
    found = StandardTrainer(arrays_task(train, valid, config, settings), config, settings, run).run()
    return Fitted(found, run.report, run.history)


compiled = jax.jit(forward, static_argnames="config")


def scores(tokens: np.ndarray, config: StandardConfig) -> np.ndarray:
    return np.asarray(compiled(init_params(3, config), tokens, config))


@pytest.fixture(scope="module")
def fitted():
    return fit_standard(first_token(600), first_token(100, seed=1), SMALL, QUICK)


def test_scores_and_codes_have_the_promised_shapes():
    tokens = sequences(20)
    assert scores(tokens, SMALL).shape == (20, 7, 4)
    assert scores(tokens, POOLED).shape == (20, 2)
    codes = predict_standard(init_params(0, SMALL), SMALL, tokens)
    assert codes.shape == (20, 7)
    assert codes.dtype == np.int32
    assert predict_standard(init_params(0, POOLED), POOLED, tokens).shape == (20,)
    assert predict_standard(init_params(0, SMALL), SMALL, tokens[:0]).shape == (0, 7)


@pytest.mark.parametrize("causal", [True, False])
def test_a_causal_model_never_looks_ahead_and_another_one_does(causal):
    config = replace(SMALL, causal=causal, layers=2)
    tokens = np.array([[BEGIN, 0, 1, 2, 3, 0, 1]], np.int32)
    for later in range(1, 7):
        changed = tokens.copy()
        changed[0, later] = (tokens[0, later] + 1) % 4
        gap = np.abs(scores(changed, config) - scores(tokens, config))[0].max(-1)
        assert gap[later] > 1e-3
        assert (gap[:later].max() < 1e-6) == causal


@pytest.mark.parametrize("config", [SMALL, replace(SMALL, causal=True), POOLED], ids=["plain", "causal", "pooled"])
def test_padding_changes_nothing(config):
    wide = sequences(20)
    wide[:, 5:] = -1
    whole, cut = scores(wide, config), scores(wide[:, :5], config)
    if config.kind == "classification":
        np.testing.assert_allclose(cut, whole, atol=1e-5)
    else:
        real = wide[:, :5] >= 0
        np.testing.assert_allclose(cut[real], whole[:, :5][real], atol=1e-5)
    wider = np.pad(wide, ((0, 0), (0, 3)), constant_values=-1)
    params = init_params(3, config)
    codes = predict_standard(params, config, wider)
    np.testing.assert_array_equal(
        codes if config.kind == "classification" else codes[:, :7], predict_standard(params, config, wide)
    )


def test_pooling_takes_the_mean_over_the_users_positions_only():
    tagger = replace(POOLED, kind="tagging")
    tokens = sequences(20)
    tokens[0, 1:] = -1
    own = ((tokens >= 0) & (tokens < BEGIN))[..., None]
    mean = (scores(tokens, tagger) * own).sum(1) / np.maximum(own.sum(1), 1)
    np.testing.assert_allclose(scores(tokens, POOLED), mean, atol=1e-5)


def test_a_prediction_does_not_depend_on_its_batch():
    tokens, params = sequences(600), init_params(1, SMALL)
    codes = predict_standard(params, SMALL, tokens)
    np.testing.assert_array_equal(codes[::97], predict_standard(params, SMALL, tokens[::97]))


def test_a_large_vocabulary_is_looked_up_as_a_small_one_is():
    large = replace(SMALL, n_symbols=300)
    params = init_params(2, large)
    tokens = sequences(20)
    small = {**params, "token": params["token"][:5]}
    np.testing.assert_allclose(compiled(params, tokens, large), compiled(small, tokens, SMALL), atol=1e-5)


def test_learns_tagging_and_stops_when_perfect(fitted):
    tokens, labels = first_token(100, seed=2)
    assert accuracy(predict_standard(fitted.found, SMALL, tokens), labels)["token"] > 0.98
    assert fitted.report["stopped"] == "perfect on validation"
    columns = fitted.history["seeds"]["0"]
    assert columns["valid_token"][-1] == 1.0
    assert columns["step"][-1] < QUICK.steps
    assert set(columns) == {"step", "loss", "valid_token", "valid_sequence"}
    assert len({len(column) for column in columns.values()}) == 1
    assert json.loads(json.dumps(fitted.history)) == fitted.history
    assert set(fitted.report["seconds"]) == {"compile", "train"}
    assert all(isinstance(array, np.ndarray) and array.dtype == np.float32 for array in fitted.found.values())


def test_the_same_seed_gives_the_same_model(fitted):
    again = fit_standard(first_token(600), first_token(100, seed=1), SMALL, QUICK)
    assert again.history == fitted.history
    for name, array in fitted.found.items():
        np.testing.assert_array_equal(array, again.found[name])
    assert not np.array_equal(init_params(0, SMALL)["token"], init_params(1, SMALL)["token"])


def test_learns_classification_with_dropout():
    config = replace(POOLED, dropout=0.1)
    done = fit_standard(has_zero(600), has_zero(100, seed=1), config, QUICK)
    tokens, labels = has_zero(100, seed=2)
    assert (predict_standard(done.found, config, tokens) == labels).mean() > 0.97


def test_stops_when_the_budget_is_spent():
    done = fit_standard(first_token(600), first_token(100, seed=1), SMALL, replace(QUICK, budget=0.01))
    assert done.report["stopped"] == "budget spent"
    assert done.history["seeds"]["0"]["step"] == [0, QUICK.chunk]
    assert set(done.found) == set(init_params(0, SMALL))


def test_an_interrupt_keeps_the_best_so_far():
    def interrupt(share: float, message: str) -> None:
        assert 0.0 <= share <= 1.0
        if message.startswith("step 40"):
            raise KeyboardInterrupt

    done = fit_standard(first_token(600), first_token(100, seed=1), SMALL, QUICK, on_progress=interrupt)
    assert done.report["stopped"] == "interrupted"
    assert done.history["seeds"]["0"]["step"][-1] == 40
    assert predict_standard(done.found, SMALL, sequences(20)).shape == (20, 7)


def test_an_interrupt_before_the_first_step_is_passed_on():
    def interrupt(share: float, message: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_standard(first_token(10), first_token(10), SMALL, QUICK, on_progress=interrupt)


def test_bad_sizes_and_data_are_told_in_one_line():
    with pytest.raises(PellucidError, match="hidden = 16 must be a multiple of heads = 3"):
        replace(SMALL, heads=3)
    with pytest.raises(PellucidError, match="layers must be at least 1, got 0"):
        replace(SMALL, layers=0)
    with pytest.raises(PellucidError, match="dropout must be at least 0 and below 1"):
        replace(SMALL, dropout=1.0)
    with pytest.raises(PellucidError, match="9 symbols with its markers; the model has 7 positions"):
        predict_standard(init_params(0, SMALL), SMALL, np.zeros((1, 9), np.int32))
    tokens, labels = first_token(10)
    with pytest.raises(PellucidError, match="valid: no position is scored"):
        fit_standard((tokens, labels), (tokens, np.full_like(labels, -1)), SMALL, QUICK)


# ---------------------------------------------------------------- from data to a folder, and back

TINY = {"layers": 1, "heads": 2, "hidden": 16, "mlp": 2}


def letters(count: int = 300) -> Data:
    """Is the symbol the first one?"""
    rng = np.random.default_rng(5)
    rows = [rng.choice(["a", "b", 3], int(rng.integers(1, 6))).tolist() for _ in range(count)]
    return Data.of(rows, [["yes" if x == row[0] else "no" for x in row] for row in rows])


def asked_for(count: int = 240) -> Data:
    return Data.of(*questions(count), when="sequence")


def tagged() -> Data:
    return Data.of(*sentences(240), words=AS_WRITTEN)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    place = tmp_path_factory.mktemp("standard") / "out"
    return learn(letters(), model="standard", steps=300, settings=TINY | {"lr": 0.005}, out=place), place


def test_symbols_are_learned_kept_and_loaded(kept):
    learned, place = kept
    assert set(learned.files) == {folder.MODEL, folder.WEIGHTS, folder.REPORT, folder.HISTORY}
    assert learned.program is None
    report = learned.report
    assert report["accuracy"]["test"]["token"] > 0.95
    assert sum(report["examples"].values()) == 300
    assert [report[key] for key in ("task", "model", "seed")] == ["data", "standard", 0]
    assert report["settings"]["hidden"] == 16
    assert report["found"]["learners"]["standard"]["stopped"] in ("perfect on validation", "all rounds done")
    assert {"compile", "train", "total"} <= report["seconds"].keys()
    opened = load(place)
    assert opened.schema == learned.schema
    sequences = letters(40).sequences
    assert opened.outputs(sequences) == learned.outputs(sequences)
    assert opened.run(["a", "3"]) == opened.run(["a", 3])
    assert opened.evaluate(letters(60))["token"] > 0.95


def test_what_it_does_not_take_is_told_in_one_line(kept):
    learned, _ = kept
    with pytest.raises(PellucidError, match="6 positions are too many; the longest this model takes has 5"):
        learned.run(["a"] * 6)
    with pytest.raises(PellucidError, match="position 2: column 'x': unknown token 'z'; known: "):
        learned.run(["a", "z"])
    refused: list[tuple[dict[str, Any], str]] = [
        ({"what": Data.of([[i / 2] for i in range(20)], [["a"], ["b"]] * 10)}, "not for --model standard .an input of"),
        ({"what": Data.of([[(i, 2)] for i in range(20)], [["a"], ["b"]] * 10)}, "--model standard .several columns"),
        ({"seeds": 2}, "--seeds: a standard Transformer is trained with one seed"),
        ({"settings": {"k": 4}}, "--set k: unknown setting"),
        ({"settings": {"heads": 3}}, "hidden = 64 must be a multiple of heads = 3"),
        ({"settings": {"lr": 0}}, "--set lr: expected a positive number"),
    ]
    for options, message in refused:
        with pytest.raises(PellucidError, match=message):
            learn(**{"what": letters(40), "model": "standard", **options})


def test_commands_work_on_its_folder_or_say_that_there_is_no_program(kept, tmp_path):
    _, place = kept
    data = tmp_path / "data.jsonl"
    data.write_text('{"input": ["a", "b"], "output": ["yes", "no"]}\n{"input": ["b"], "output": ["yes"]}\n')

    def said(*args: object) -> tuple[int, str]:
        result = CliRunner().invoke(main, list(map(str, args)))
        return result.exit_code, result.output

    assert said("run", place, "a", "b", "a") == (0, "yes no yes\n")
    assert said("eval", place, data) == (0, "tokens 100.000%   sequences 100.000%\n")
    code, text = said("history", place)
    assert code == 0
    assert text.split()[:3] == ["step", "loss", "0"]
    for command in ("explain", "verify", "circuit", "errors"):
        code, text = said(command, place, *([data] if command == "errors" else ["a"] if command == "explain" else []))
        assert (code, text.count("\n")) == (2, 1)
        assert "a standard Transformer has no program to" in text


@pytest.mark.parametrize("damage", ["schema", "config", "labels", "arrays"])
def test_a_damaged_folder_is_told_in_one_line(kept, tmp_path, damage):
    learned, _ = kept
    files = dict(learned.files)
    model = json.loads(files[folder.MODEL])
    if damage in ("schema", "config"):
        del model[damage]
    elif damage == "labels":
        model["schema"]["outputs"][0]["type"]["texts"].append("zebra")
    else:
        model["config"]["hidden"] = 32
    folder.write(tmp_path / "out", files | {folder.MODEL: json.dumps(model)})
    with pytest.raises(
        PellucidError, match=r"model.json: (schema: Schema: expected|not the description of|its configuration)"
    ):
        load(tmp_path / "out").run(["a", "b"])


@pytest.mark.parametrize("make", [asked_for, tagged])
def test_words_are_learned_kept_and_loaded(make, tmp_path):
    learned = learn(make(), model="standard", steps=100, settings=TINY | {"dropout": 0.1}, out=tmp_path / "out")
    figures = learned.report["accuracy"]["test"]
    assert figures.get("f1", figures["token"]) > 0.9
    opened = load(tmp_path / "out")
    known = make().sequences[:20]
    assert opened.outputs(known) == learned.outputs(known)
    assert opened.run(["Zzz", "unheard", "of"]) is not None
    long = list(make().inputs[0]) * 30
    if make is tagged:
        piece = opened.run(long[:64])
        assert opened.run(long)[:64] == piece
        assert len(opened.run(long)) == len(long)
    else:
        assert opened.run(long) == opened.run(long[:64])


class KilledError(Exception):
    pass


@pytest.mark.parametrize("make", [letters, asked_for])
def test_a_killed_training_goes_on_where_it_was(make, tmp_path):
    given = TINY | {"hidden": 8, "heads": 1}
    posed = resolve(make(60))

    def trained(checkpoint=None, calls=10**6) -> tuple[StandardModel, dict, list[str]]:
        told: list[str] = []

        def on_progress(share: float, message: str) -> None:
            told.append(message)
            if len(told) > calls:
                raise KilledError

        run = Run(steps=100, on_progress=on_progress, checkpoint=checkpoint)
        return train_standard(posed, given, run), run.history, told

    whole, history, first = trained()
    with pytest.raises(KilledError):
        trained(tmp_path, 3)
    again, resumed, told = trained(tmp_path)
    assert resumed == history
    assert first[1].startswith("step ")
    assert first[1] not in told
    for name, array in whole.params.items():
        np.testing.assert_array_equal(array, again.params[name])
