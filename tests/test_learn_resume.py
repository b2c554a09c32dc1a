"""A killed training goes on where it was, and ends as one that was never killed, whatever it trains."""

import numpy as np
import pytest

from pellucid.data import Dataset, Splits
from pellucid.data.old_tasks.registry import get_numeric_task
from pellucid.data.texts import TextSplits
from pellucid.errors import PellucidError
from pellucid.language.words import AS_WRITTEN
from pellucid.learners.transformer.discrete.fit import fit_discrete
from pellucid.learners.transformer.programs.config import ProgramsConfig, ProgramsTraining
from pellucid.learners.transformer.programs.fit import fit
from pellucid.learners.transformer.standard.model import fit_standard
from pellucid.learners.transformer.words.fit import fit_text_programs
from pellucid.numeric import Bias, SeriesProblem
from pellucid.text.problem import resolve_texts

CONFIG = ProgramsConfig(n_symbols=4, n_tokens=3, n_classes=3, width=5, layers=1, heads_cat=2, heads_num=1, hidden=16)
# Labels are noise, so nothing is ever perfect and all rounds are run: first a pair, then two pairs with weeding.
SETTINGS = ProgramsTraining(
    seeds=6, group=2, steps=100, batch=32, chunk=25, budget=300.0, refined=1, refine_slices=1, refine_effort=0.01
)


def noise(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    tokens = rng.integers(0, 3, (n, 5)).astype(np.int32)
    tokens[:, 0] = 3
    labels = rng.integers(0, 3, (n, 5)).astype(np.int32)
    labels[:, 0] = -1
    return tokens, labels


TRAIN, VALID = noise(150), noise(60)


class KilledError(Exception):
    pass


def killed_after(calls: int):
    count = [0]

    def on_progress(*told) -> None:
        count[0] += 1
        if count[0] > calls:
            raise KilledError

    return on_progress


@pytest.fixture(scope="module")
def whole():
    return fit(TRAIN, VALID, CONFIG, SETTINGS)


@pytest.mark.parametrize("calls", [0, 3, 7, 13, 18])
def test_resumed_training_ends_with_the_same_program(whole, tmp_path, calls):
    place = tmp_path / "state"
    with pytest.raises(KilledError):
        fit(TRAIN, VALID, CONFIG, SETTINGS, killed_after(calls), place)
    again = fit(TRAIN, VALID, CONFIG, SETTINGS, checkpoint=place, resume=True)
    assert again.summary == whole.summary
    assert again.history == whole.history
    assert all(map(np.array_equal, again.hardened.readout, whole.hardened.readout))
    assert all((again.params[name] == whole.params[name]).all() for name in whole.params)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    place = tmp_path / "state"
    with pytest.raises(KilledError):
        fit(TRAIN, VALID, CONFIG, SETTINGS, killed_after(7), place)
    with pytest.raises(PellucidError, match="other data or settings"):
        fit(VALID, VALID, CONFIG, SETTINGS, checkpoint=place, resume=True)
    place.write_bytes(b"not a checkpoint")
    with pytest.raises(PellucidError, match="not a readable checkpoint"):
        fit(TRAIN, VALID, CONFIG, SETTINGS, checkpoint=place, resume=True)


def numbers() -> SeriesProblem:
    """A task that neither of two short rounds learns."""
    task = get_numeric_task("mips/perfect_square_detector")
    data = task.dataset(0, size=300)
    parts = (data.take(range(200)), data.take(range(200, 250)), data.take(range(250, 300)))
    settings = {"rounds": 2, "group": 1, "hidden": 4, "chunk": 10}
    return SeriesProblem("squares", *parts, {}, Bias(), data.whole_outputs, settings)


def texts(**settings: object):
    """Words with labels that are noise."""
    rng = np.random.default_rng(3)

    def part(n: int) -> Dataset:
        rows = [tuple(rng.choice(["a", "b", "c", "d"], int(rng.integers(2, 9))).tolist()) for _ in range(n)]
        return Dataset.of(rows, [str(rng.choice(["x", "y"])) for _ in rows], kind="classification")

    given = {name: str(value) for name, value in settings.items()}
    return resolve_texts(TextSplits(Splits(part(80), part(40), part(10)), AS_WRITTEN), given, 0)


def outcome(fitted) -> tuple:
    """What must be equal, and the history."""
    if hasattr(fitted, "found"):
        return ([row.program for row in fitted.found], fitted.report["seed"]), fitted.history
    if hasattr(fitted.model, "params"):
        return {k: v.tolist() for k, v in fitted.model.params.items()}, {"seeds": {"0": fitted.result.history}}
    return {k: v.tolist() for k, v in fitted.model.weights.items()}, fitted.history


OTHERS = {
    "numbers": (fit_discrete, numbers, {"seed": 0, "seeds": 2, "steps": 40}, (4, 14)),
    "texts": (fit_text_programs, lambda: texts(k=4, hidden=4, group=1), {"seed": 0, "seeds": 2, "steps": 60}, (3, 6)),
    "standard": (fit_standard, lambda: texts(hidden=8, heads=1, layers=1), {"seed": 0, "steps": 150}, (5,)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_others_go_on_too(name, tmp_path):
    function, make, options, calls = OTHERS[name]
    first: list[str] = []
    whole, history = outcome(function(make(), options, lambda *row: first.append(row[2])))
    for number in calls:
        place = tmp_path / str(number)
        with pytest.raises(KilledError):
            function(make(), options, killed_after(number), place)
        told: list[str] = []
        again, columns = outcome(function(make(), options, lambda *row, told=told: told.append(row[2]), place, True))
        assert again == whole
        assert columns["seeds"].keys() == history["seeds"].keys()
        for seed, rows in history["seeds"].items():
            assert rows.keys() == columns["seeds"][seed].keys()
            for name, column in rows.items():
                np.testing.assert_allclose(columns["seeds"][seed][name], column, atol=1e-5)
        assert first[1].startswith("step ")
        assert first[1] not in told
